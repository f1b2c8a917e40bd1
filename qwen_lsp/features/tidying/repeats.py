"""Stop where the model begins to repeat itself or the lines above the cursor."""

from qwen_lsp.features.tidying.place import Place

_LEAST_REPEATED_LENGTH = 8
_LINES_ABOVE = 3


def drop_repeats(text: str, place: Place) -> str:
    """Return `text` up to a line that stood three times, empty where it echoes the lines above."""
    lines = text.split("\n")
    whole = [(place.before + lines[0]).strip(), *(line.strip() for line in lines[1:])]
    if _is_echo(whole, place):
        return ""
    seen: dict[str, int] = {}
    for index, line in enumerate(whole):
        if len(line) < _LEAST_REPEATED_LENGTH:
            continue
        seen[line] = seen.get(line, 0) + 1
        if seen[line] == 3:
            return "\n".join(lines[:index])
    return text


def _is_echo(whole: list[str], place: Place) -> bool:
    """Say whether the suggestion begins with the last one, two or three lines above the cursor."""
    lines = place.document.lines
    above = [lines.text(line).strip() for line in range(max(0, place.line - 9), place.line)]
    above = [line for line in above if line][-_LINES_ABOVE:]
    return any(
        whole[:count] == above[-count:] and len("".join(whole[:count])) >= _LEAST_REPEATED_LENGTH
        for count in range(1, len(above) + 1)
    )
