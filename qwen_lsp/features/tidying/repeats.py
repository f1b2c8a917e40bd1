"""Stop where the model begins to repeat itself or the lines above the cursor."""

from qwen_lsp.features.tidying.place import Place

_LEAST_REPEATED_LENGTH = 8
_LINES_ABOVE = 6
_LONGEST_PERIOD_LINES = 4


def drop_repeats(text: str, place: Place) -> str:
    """Return `text` without a line that echoes the one above, and with a loop only once.

    A loop is a run of up to four lines that stands three times, the lines above the cursor
    included. Equal lines apart from each other are no loop: `return False` may end many branches.
    """
    lines = text.split("\n")
    above = _lines_above(place)
    written = [place.before + lines[0], *lines[1:]]
    if above and above[-1] == written[0].strip() and len(above[-1]) >= _LEAST_REPEATED_LENGTH:
        return ""
    stripped = [*above, *(line.strip() for line in written)]
    for start in range(len(stripped)):
        for period in range(1, _LONGEST_PERIOD_LINES + 1):
            end = start + 3 * period
            if end > len(above) and _is_loop(stripped[start:end], period):
                return "\n".join(lines[: max(0, start + period - len(above))])
    return text


def _lines_above(place: Place) -> list[str]:
    lines = place.document.lines
    first = max(0, place.line - _LINES_ABOVE)
    return [lines.text(line).strip() for line in range(first, place.line)]


def _is_loop(lines: list[str], period: int) -> bool:
    is_long = any(len(line) >= _LEAST_REPEATED_LENGTH for line in lines)
    return is_long and len(lines) == 3 * period and lines[:period] * 3 == lines
