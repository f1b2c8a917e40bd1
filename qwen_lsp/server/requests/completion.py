"""textDocument/completion: the same suggestion, for clients that have no ghost text."""

from lsprotocol import types

from qwen_lsp.server.convert import to_offset, to_range
from qwen_lsp.server.plain_text import fenced
from qwen_lsp.server.requests.inline_completion import suggest
from qwen_lsp.server.session import Session

_LONGEST_LABEL = 60


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions())
    async def _(params: types.CompletionParams) -> types.CompletionList:
        document = server.documents.get(params.text_document.uri)
        # Each keystroke is asked anew: a suggestion fits one place only.
        empty = types.CompletionList(is_incomplete=True, items=[])
        if document is None:
            return empty
        offset = to_offset(document, params.position, server.documents.encoding)
        # Other sources of the editor's menu may wait for this answer.
        start_ms = session.settings.inline_completion.deadline_ms
        found = await suggest(session, document, offset, explicit=False, start_ms=start_ms)
        if not found:
            return empty
        suggestion = found[0]
        first, *rest = suggestion.text.strip().splitlines()
        label = first[:_LONGEST_LABEL] + (" …" if rest or len(first) > _LONGEST_LABEL else "")
        place = to_range(document, suggestion.span, server.documents.encoding)
        item = types.CompletionItem(
            label=label,
            kind=types.CompletionItemKind.Text,
            detail="qwen-lsp",
            documentation=types.MarkupContent(
                types.MarkupKind.Markdown,
                fenced(suggestion.text, document.language_id),
            ),
            sort_text="0",
            filter_text=suggestion.text,
            insert_text_format=types.InsertTextFormat.PlainText,
            insert_text_mode=types.InsertTextMode.AsIs,
            text_edit=types.TextEdit(range=place, new_text=suggestion.text),
        )
        return types.CompletionList(is_incomplete=True, items=[item])
