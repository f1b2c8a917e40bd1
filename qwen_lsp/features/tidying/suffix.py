"""Drop what stands right of the cursor already."""

from qwen_lsp.features.tidying.place import Place


def drop_doubled_suffix(text: str, place: Place) -> str:
    """Return `text` without an end that repeats the text right of the cursor."""
    after = place.after.rstrip()
    first, line_end, rest = _split(text)
    if after.strip():
        stripped = after.strip()
        if first.rstrip().endswith(stripped):
            first = first.rstrip()[: -len(stripped)]
        else:
            first = _without_overlap(first, stripped)
    elif not first.strip() and not rest.strip():
        return ""
    lines = (first + line_end + rest).split("\n")
    while len(lines) > 1 and place.next_line and lines[-1].rstrip() == place.next_line:
        lines.pop()
    return "\n".join(lines)


def _without_overlap(first: str, after: str) -> str:
    """Drop the longest end of `first` that `after` begins with, of closing brackets and quotes."""
    for length in range(min(len(first), len(after)), 0, -1):
        end = after[:length]
        if first.endswith(end) and not any(letter.isalnum() or letter == "_" for letter in end):
            return first[:-length]
    return first


def _split(text: str) -> tuple[str, str, str]:
    first, line_end, rest = text.partition("\n")
    return first, line_end, rest
