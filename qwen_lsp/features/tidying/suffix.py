"""Drop what stands right of the cursor, or below it, already."""

from qwen_lsp.features.tidying.brackets import unclosed_brackets
from qwen_lsp.features.tidying.place import Place

_LEAST_WORDS = 3


def drop_doubled_suffix(text: str, place: Place) -> str:
    """Return `text` without an end that repeats the text right of the cursor or the next line."""
    first, line_end, rest = text.partition("\n")
    after = place.after.strip()
    if after:
        first = _without_overlap(first.rstrip(), after)
    elif _is_next_line(place.before + first, place):
        return ""
    lines = (first + line_end + rest).split("\n")
    while len(lines) > 1 and place.next_line and lines[-1].rstrip() == place.next_line:
        lines.pop()
    return "\n".join(lines)


def _is_next_line(line: str, place: Place) -> bool:
    is_whole = not place.before.strip() and len(line.strip()) >= _LEAST_WORDS
    return is_whole and line.strip() == place.next_line.strip()


def _without_overlap(first: str, after: str) -> str:
    """Drop the longest end of `first` that `after` begins with.

    Part of `after` counts only where it has no words. A bracket that closes one in `first` stays.
    """
    for length in range(min(len(first), len(after)), 0, -1):
        end, head = after[:length], first[:-length]
        if not first.endswith(end) or unclosed_brackets(head) > unclosed_brackets(first):
            continue
        if end == after or not any(letter.isalnum() or letter == "_" for letter in end):
            return head
    return first
