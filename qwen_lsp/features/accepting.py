"""Seeing from the text alone that a suggestion was accepted, whole or its first lines."""

from dataclasses import dataclass, replace

from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.text import Document


@dataclass(frozen=True)
class Served:
    """The suggestions that the editor was given last for a document, which it was given for."""

    document: Document
    suggestions: tuple[Suggestion, ...]


def place_behind(served: Served, before: Document, after: Document) -> tuple[Document, int] | None:
    """Return the text with all of an accepted suggestion in it, and the offset behind it.

    `before` and `after` are the text around the change in which it may have been accepted. Editors
    also accept a line; then the rest is still to come in `after`, but not in the text that is
    returned. Returns None where neither was accepted. A single typed character that ends a line is
    no acceptance, nor is a word: the rest will be asked for, and it is known.
    """
    is_one_key = len(after.text) - len(before.text) == 1
    for suggestion in served.suggestions:
        span, text, old = suggestion.span, suggestion.text, served.document.text
        length = _inserted(served.document, suggestion, after)
        if length == len(text) or (length and not is_one_key and _ends_line(text, length)):
            whole = old[: span.start] + text + old[span.end :]
            return replace(after, text=whole), span.start + len(text)
    return None


def _ends_line(text: str, length: int) -> bool:
    return text[length - 1] == "\n" or text[length] in "\r\n"


def _inserted(document: Document, suggestion: Suggestion, after: Document) -> int | None:
    """Return how many characters of the suggestion were inserted, None where that was not all.

    An editor that inserts a part leaves what the span covers (VS Code) or replaces it (Neovim).
    """
    span = suggestion.span
    grown = len(after.text) - len(document.text)
    for end in (span.end, span.start):
        length = grown + end - span.start
        if not 0 < length <= len(suggestion.text):
            continue
        inserted = suggestion.text[:length]
        if (
            after.text.startswith(inserted, span.start)
            and after.text[: span.start] == document.text[: span.start]
            and after.text[span.start + length :] == document.text[end:]
        ):
            return length
    return None
