"""textDocument/inlineCompletion: ghost text."""

import logging
import time
from dataclasses import replace

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.complete import complete
from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.convert import to_offset, to_range, to_span
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document, Span, TextEdit, apply_edits

_log = logging.getLogger(__name__)
# How long a request waits for a model that is starting. The editor cancels it at the next key, and
# who has stopped typing before the model was there gets a suggestion all the same.
_START_MS = 60_000


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server

    @server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
    async def _(params: types.InlineCompletionParams) -> types.InlineCompletionList:
        document = server.documents.get(params.text_document.uri)
        if document is None:
            return types.InlineCompletionList(items=[])
        encoding = server.documents.encoding
        context = params.context
        explicit = context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
        chosen = context.selected_completion_info
        if chosen is not None:
            # The menu is open: what it has selected counts as typed already.
            span = to_span(document, chosen.range, encoding)
            selected = _with_selection(document, TextEdit(span, chosen.text))
            start = span.start + len(chosen.text)
            found = await suggest(session, selected, start, explicit=explicit, start_ms=_START_MS)
            prefix = chosen.text
        else:
            offset = to_offset(document, params.position, encoding)
            span, prefix = Span(offset, offset), ""
            found = await suggest(session, document, offset, explicit=explicit, start_ms=_START_MS)
        items: list[types.InlineCompletionItem] = []
        for suggestion in found:
            text = prefix + suggestion.text
            # What a suggestion replaces stands right of the cursor and is in its text again, so
            # that editors, which look for the replaced text in the filter text, show it.
            covered = suggestion.span.end - suggestion.span.start
            where = to_range(document, Span(span.start, span.end + covered), encoding)
            items.append(
                types.InlineCompletionItem(insert_text=text, filter_text=text, range=where)
            )
        return types.InlineCompletionList(items=items)


async def suggest(
    session: Session, document: Document, offset: int, *, explicit: bool, start_ms: int
) -> list[Suggestion]:
    """Return what to suggest at `offset`; a failure is one line in the log and no suggestion.

    A model that is starting is waited for at most `start_ms`, as long as the text stays the same.
    """
    if session.paused or is_too_large(document):
        return []
    session.project.recent.note_visit(document, offset, time.monotonic())
    shown = session.server.documents.get(document.uri)
    model = await session.model_soon(start_ms)
    if model is None or session.server.documents.get(document.uri) is not shown:
        return []
    try:
        return await complete(
            document, offset, model, session.settings, session.project, explicit=explicit
        )
    except (EngineError, TemplateFileError) as error:
        _log.warning("no suggestion: %s", error)
        return []


def _with_selection(document: Document, edit: TextEdit) -> Document:
    return replace(document, text=apply_edits(document.text, [edit]))
