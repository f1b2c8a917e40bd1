"""didSave: with `review.onSave`, the functions that changed since the last save are reviewed."""

import logging

from lsprotocol import types

from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.review import functions_to_review
from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.requests.review import review_targets
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document

_log = logging.getLogger(__name__)


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server
    saved: dict[str, set[str]] = {}

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _(params: types.DidSaveTextDocumentParams) -> None:
        session.indexing.file_changed(params.text_document.uri)
        if params.text_document.uri.endswith("/.gitignore"):
            session.use_rules()
        document = server.documents.get(params.text_document.uri)
        if not session.settings.review.on_save or session.paused:
            return
        if document is None or is_too_large(document):
            return
        targets = functions_to_review(document)
        codes = {_code(target) for target in targets}
        known = saved.get(document.uri)
        saved[document.uri] = codes
        # The first save shows what there is; without that a whole old file would be reviewed.
        changed = [target for target in targets if known is not None and _code(target) not in known]
        if changed:
            session.in_background(_review(session, document, changed))


async def _review(session: Session, document: Document, targets: list[Target]) -> None:
    try:
        await review_targets(session, document, targets)
    except RequestFailedError as error:
        _log.warning("the review on save ended: %s", error)


def _code(target: Target) -> str:
    return target.document.slice(target.function.definition_span)
