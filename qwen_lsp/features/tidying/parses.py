"""The last word: a suggestion must not break code that was whole."""

from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.features.tidying.place import Place


def cut_until_it_parses(text: str, place: Place) -> str:
    """Return the longest run of whole lines of `text` that adds no syntax error; empty if none.

    A file with the cursor in the middle of a statement has errors of its own; they are counted
    before and after, and no more may come.
    """
    line_end = place.document.line_end
    lines = text.split(line_end)
    allowed = count_syntax_errors(place.tree)
    while lines:
        candidate = line_end.join(lines).rstrip("\r\n")
        if candidate.strip() and errors_with(place, candidate) <= allowed:
            return candidate
        lines.pop()
    return ""


def errors_with(place: Place, insertion: str) -> int:
    """Return how many syntax errors there are around the cursor with `insertion` at it."""
    return count_syntax_errors(place.tree_with(insertion))
