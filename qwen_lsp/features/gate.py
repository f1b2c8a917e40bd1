"""Whether this is a place and a moment to suggest something."""

import re

from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.context.secrets import stands_at_secret
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.settings import InlineCompletionSettings
from qwen_lsp.text import Document

# Right of the cursor, these may stand: what editors close by themselves, and ends of statements.
_CLOSING = frozenset(")]}>\"'`;,: \t")
_WORD = re.compile(r"\w")
# A longer line is data or was made by a program; looking at it after each key would take seconds.
_LONGEST_LINE = 20_000


def is_switched_off(document: Document, settings: InlineCompletionSettings) -> bool:
    """Say whether the user wants no suggestions here, which needs no look at the text."""
    chosen = settings.languages
    return not settings.enabled or bool(chosen and document.language_id not in chosen)


def reason_to_stay_silent(
    document: Document,
    tree: SyntaxTree | None,
    offset: int,
    settings: InlineCompletionSettings,
    *,
    explicit: bool,
) -> str | None:
    """Return why nothing should be suggested at `offset`, None where the model should be asked.

    An explicit request is refused only where a suggestion cannot be right.
    """
    if is_switched_off(document, settings):
        return "inline completion is switched off, at least for this language"
    if tree is None:
        return "the language is not supported"
    line = document.lines.line_of(offset)
    before = document.text[document.lines.start(line) : offset]
    after = document.text[offset : document.lines.end(line)]
    never = _reason_of_secrecy(document, offset) or _reason_of_line(before, after)
    if explicit or never is not None:
        return never
    if before and after.strip() and not _CLOSING.issuperset(after):
        return "code stands right of the cursor"
    if not document.text.strip():
        return "the file is empty"
    if before.strip() and tree.in_comment(offset):
        return "the cursor is in a comment"
    if before.strip() and tree.in_string(offset) and not _is_documentation(tree, offset):
        return "the cursor is in a string"
    return None


def _reason_of_secrecy(document: Document, offset: int) -> str | None:
    if is_kept_from_model(document):
        return "the file is kept from the model"
    if stands_at_secret(document, offset):
        return "a key or token stands at the cursor"
    return None


def _reason_of_line(before: str, after: str) -> str | None:
    if len(before) + len(after) > _LONGEST_LINE:
        return "the line is too long"
    if _WORD.match(after) and _WORD.match(before[-1:]):
        return "the cursor is inside a word"
    return None


def _is_documentation(tree: SyntaxTree, offset: int) -> bool:
    function = tree.function_at(offset)
    span = function.docstring_span if function else None
    return span is not None and span.touches(offset)
