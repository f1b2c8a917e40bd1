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
from qwen_lsp.text import Document, TextEdit, apply_edits

_log = logging.getLogger(__name__)
_EXPLICIT_START_MS = 60_000


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
            suggestion = await suggest(session, selected, start, explicit=explicit)
            where, prefix = chosen.range, chosen.text
        else:
            offset = to_offset(document, params.position, encoding)
            suggestion = await suggest(session, document, offset, explicit=explicit)
            where, prefix = params.position, ""
        if suggestion is None:
            return types.InlineCompletionList(items=[])
        text = prefix + suggestion.text
        if isinstance(where, types.Position):
            where = to_range(document, suggestion.span, encoding)
        item = types.InlineCompletionItem(insert_text=text, filter_text=text, range=where)
        return types.InlineCompletionList(items=[item])


async def suggest(
    session: Session, document: Document, offset: int, *, explicit: bool
) -> Suggestion | None:
    """Return the suggestion at `offset`; a failure is one line in the log and no suggestion."""
    if session.paused or is_too_large(document):
        return None
    session.project.recent.note_visit(document, offset, time.monotonic())
    deadline_ms = session.settings.inline_completion.deadline_ms
    model = await session.model_soon(_EXPLICIT_START_MS if explicit else deadline_ms)
    if model is None:
        return None
    try:
        return await complete(
            document, offset, model, session.settings, session.project, explicit=explicit
        )
    except (EngineError, TemplateFileError) as error:
        _log.warning("no suggestion: %s", error)
        return None


def _with_selection(document: Document, edit: TextEdit) -> Document:
    return replace(document, text=apply_edits(document.text, [edit]))
