"""Drop what stands right of the cursor or below it already."""

from qwen_lsp.features.tidying.place import Place, is_next_line


def drop_doubled_suffix(text: str, place: Place) -> str:
    """Return `text` without an end that repeats the text behind the cursor."""
    after = place.after.strip()
    if after:
        if _ends_like(text, place.after):
            text = text[: len(text.rstrip()) - len(after)]
        elif place.has_only_closers:
            text = _without_overlap(text.rstrip(), after)
        else:
            text = _without_overlap(text, after)
        if _ends_like(place.before + text, place.after):
            return ""  # together with what is typed already
        whole = place.before + text + place.after
        return "" if is_next_line(whole, place) and place.has_only_closers else text
    lines = text.split("\n")
    while lines and is_next_line(_last_line(lines, place), place):
        lines.pop()
    return "\n".join(lines)


def _ends_like(text: str, after: str) -> bool:
    """Say whether all of the line's rest, some words of it at least, ends `text` again."""
    rest = after.strip()
    return text.rstrip().endswith(rest) and any(map(str.isalnum, rest))


def _last_line(lines: list[str], place: Place) -> str:
    return (lines[-1] if len(lines) > 1 else place.before + lines[0]).rstrip()


def _without_overlap(text: str, after: str) -> str:
    """Drop the longest end of `text` that `after` begins with: all of it, or closing signs."""
    if after[0] == "}":
        return text
    if after[0] in ")]":
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
