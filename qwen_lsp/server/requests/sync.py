"""didOpen, didChange, didClose: findings follow the text, and the model reads ahead."""

import logging
import time

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.complete import read_ahead
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.power import has_spare_power
from qwen_lsp.features.review import moved_findings
from qwen_lsp.languages import language_for_id
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.convert import to_offset
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.findings import publish
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document

_log = logging.getLogger(__name__)


def register(session: Session) -> None:
    """Add the handlers."""
    server = session.server
    # The text that the findings stand in, by URI.
    before_change: dict[str, Document] = {}

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _(params: types.DidOpenTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is not None:
            before_change[document.uri] = document
            if language_for_id(document.language_id) is not None and not session.paused:
                session.warm_up()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is None:
            return
        before = before_change.get(document.uri)
        before_change[document.uri] = document
        if before is not None and not is_too_large(document):
            session.project.recent.note_edit(before, document, time.monotonic())
        _read_ahead(session, document, params)
        findings = session.findings.get(document.uri)
        if findings and before is not None:
            session.findings[document.uri] = moved_findings(findings, before, document)
            publish(session, document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        before_change.pop(uri, None)
        session.project.forget(uri)
        if session.findings.pop(uri, None):
            publish(session, uri)


def _read_ahead(
    session: Session, document: Document, params: types.DidChangeTextDocumentParams
) -> None:
    """Let the model read up to where the change ends, which is where the user goes on typing."""
    model = session.last_model
    change = params.content_changes[-1] if params.content_changes else None
    if (
        model is None
        or session.paused
        or not session.settings.inline_completion.read_ahead
        or not isinstance(change, types.TextDocumentContentChangePartial)
        or len(params.content_changes) > 1
        or is_too_large(document)
        or not has_spare_power()
    ):
        return
    start = to_offset(document, change.range.start, session.server.documents.encoding)
    offset = min(start + len(change.text), len(document.text))
    session.in_background(_quietly(session, document, offset, model))


async def _quietly(session: Session, document: Document, offset: int, model: LocalModel) -> None:
    try:
        await read_ahead(document, offset, model, session.settings, session.project)
    except (EngineError, TemplateFileError) as error:
        _log.info("nothing was read ahead: %s", error)
