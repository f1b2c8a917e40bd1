"""Drop what stands right of the cursor or below it already."""

from qwen_lsp.features.tidying.place import Place


def drop_doubled_suffix(text: str, place: Place) -> str:
    """Return `text` without an end that repeats the text behind the cursor."""
    after = place.after.strip()
    if after:
        return _without_overlap(text.rstrip(), after)
    lines = text.split("\n")
    while lines and place.next_line and _last_line(lines, place) == place.next_line:
        lines.pop()
    return "\n".join(lines)


def _last_line(lines: list[str], place: Place) -> str:
    return (lines[-1] if len(lines) > 1 else place.before + lines[0]).rstrip()


def _without_overlap(text: str, after: str) -> str:
    """Drop the longest end of `text` that `after` begins with: all of it, or closing signs."""
    if after[0] in ")]}":
        # The brackets that `text` has left are its own; only the end of the statement is doubled.
        return text.removesuffix(";") if ";" in after else text
    if after[0] == ">" and text.count("<") >= text.count(">"):
        return text
    for length in range(min(len(text), len(after)), 0, -1):
        end = after[:length]
        has_words = any(letter.isalnum() or letter == "_" for letter in end)
        if text.endswith(end) and (length == len(after) or not has_words):
            return text[:-length]
    return text
