"""Indentation as the file has it."""

import re

from qwen_lsp.features.tidying.place import Place

_MARGIN = re.compile(r"^[ \t]+", re.MULTILINE)
_TAB_COLUMNS = 4
_LEAST_MARGINS = 3
# So many code points before and behind the cursor are looked at.
_NEAR = 20_000


def fit_indentation(text: str, place: Place) -> str:
    """Return `text` with tabs or spaces at its line starts, as the lines around the cursor have.

    A file that mixes both is left alone, and so is one with too few indented lines to tell, unless
    its blocks are made of indentation. The first line is left alone too where it begins behind
    indentation.
    """
    middle = place.offset
    margins = _MARGIN.findall(place.document.text, max(0, middle - _NEAR), middle + _NEAR)
    tabs = sum("\t" in margin for margin in margins)
    spaces = len(margins) - tabs
    least = 1 if place.language.block_style == "indent" else _LEAST_MARGINS
    if bool(tabs) == bool(spaces) or len(margins) < least:
        return text
    unit = _smallest_step([len(margin) for margin in margins]) if spaces else _TAB_COLUMNS
    first, line_end, rest = text.partition("\n")
    if not place.before:
        first, rest, line_end = "", text, ""
    if tabs:
        width = _smallest_step([len(one) for one in _MARGIN.findall(rest) if "\t" not in one])
        return first + line_end + _MARGIN.sub(lambda match: _as_tabs(match[0], width), rest)
    return first + line_end + _MARGIN.sub(lambda match: _as_spaces(match[0], unit), rest)


def _as_tabs(margin: str, width: int) -> str:
    if " " not in margin:
        return margin
    columns = len(margin.replace("\t", " " * width))
    return "\t" * (columns // width) + " " * (columns % width)


def _as_spaces(margin: str, unit: int) -> str:
    return margin.replace("\t", " " * unit)


def _smallest_step(widths: list[int]) -> int:
    """Return the indentation of one level, in columns."""
    return min((width for width in widths if width > 1), default=_TAB_COLUMNS)
