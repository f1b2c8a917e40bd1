"""Stop where the model begins to repeat itself or the lines above the cursor."""

import re
from itertools import pairwise

from qwen_lsp.features.tidying.place import Place

_LEAST_REPEATED_LENGTH = 8
_LINES_ABOVE = 6
_LONGEST_PERIOD_LINES = 4
_LEAST_ALIKE_LINES = 6
_MOST_DIFFERENT_SHARE = 0.1
# A line that ends with the same three or more signs six times over.
_STUTTER = re.compile(r"(\S.{1,38}?\S)\1{5,}[ \t]*$", re.MULTILINE)


def drop_repeats(text: str, place: Place) -> str:
    """Return `text` without a line that echoes the one above, and with a loop only once.

    A loop is a run of up to four lines that stands three times, the lines above the cursor
    included, or six lines that are nearly the same. Equal lines apart from each other are no loop:
    `return False` may end many branches. A line that stutters ends the text.
    """
    stutter = _STUTTER.search(text)
    if stutter is not None:
        text = text[: stutter.start()].rpartition("\n")[0]
    lines = text.split("\n")
    above = _lines_above(place)
    written = [place.before + lines[0], *lines[1:]]
    is_echo = above and above[-1] == written[0].strip() and len(above[-1]) >= _LEAST_REPEATED_LENGTH
    if is_echo and above[-2:-1] != above[-1:]:
        return ""
    stripped = [*above, *(line.strip() for line in written)]
    for start in range(len(stripped)):
        for period in range(1, _LONGEST_PERIOD_LINES + 1):
            end = start + 3 * period
            if end > len(above) and _is_loop(stripped[start:end], period):
                return "\n".join(lines[: max(1, start + period - len(above))])
    for start in range(len(written) - _LEAST_ALIKE_LINES + 1):
        if _are_alike([line.strip() for line in written[start : start + _LEAST_ALIKE_LINES]]):
            return "\n".join(lines[: start + 1])
    return text


def _lines_above(place: Place) -> list[str]:
    lines = place.document.lines
    first = max(0, place.line - _LINES_ABOVE)
    return [lines.text(line).strip() for line in range(first, place.line)]


def _is_loop(lines: list[str], period: int) -> bool:
    is_long = any(len(line) >= _LEAST_REPEATED_LENGTH for line in lines)
    return is_long and len(lines) == 3 * period and lines[:period] * 3 == lines


def _are_alike(lines: list[str]) -> bool:
    """Say whether each line differs from the one before in a few letters at most."""
    for first, second in pairwise(lines):
        if len(first) != len(second) or len(first) < _LEAST_REPEATED_LENGTH:
            return False
        different = sum(one != other for one, other in zip(first, second, strict=True))
        if different > len(first) * _MOST_DIFFERENT_SHARE:
            return False
    return True
