"""The part of a long file that the syntax around a place depends on.

Parsing five thousand lines takes 50 ms, several times a keystroke. But what stands around a cursor
follows from the statement at the top level that holds it. Where one begins is guessed from its
line. A guess that goes wrong, in a string of many lines say, shows in its neighbours, which then
have syntax errors; then the next ones are looked at.
"""

import re
from functools import lru_cache
from itertools import islice

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.syntax import parse
from qwen_lsp.text import Span

# A shorter text is parsed as it is; in code points.
LONG_TEXT = 20_000
# A statement may begin at such a line: it has no indentation, and goes on with nothing above it.
_BEGINNING = {
    "indent": re.compile(r"^(?!(?:elif|else|except|finally)\b)[A-Za-z_@]", re.MULTILINE),
    "braces": re.compile(r"(?<=\n\n)(?=[^\s})\]])|(?<=\n\r\n)(?=[^\s})\]])", re.MULTILINE),
    "end": re.compile(r"(?<=\n\n)(?=[^\s})\]])|(?<=\n\r\n)(?=[^\s})\]])", re.MULTILINE),
}
_NEIGHBOURS = 2
_MOST_NEIGHBOURS = 8
_STEP = 4000


def region_at(language: Language, text: str, offset: int) -> Span | None:
    """Return the statements around `offset`; None where all of the text is to be read."""
    if len(text) < LONG_TEXT:
        return None
    # The neighbours show whether the statements were told apart in the right places.
    start = _sound_start(language, text, offset)
    end = _sound_end(language, text, offset)
    return None if start is None or end is None else Span(start, end)


def head(text: str, end: int) -> str:
    """Return the beginning of a text, where its imports stand, at most up to `end`."""
    if len(text) < LONG_TEXT:
        return text
    line_end = text.rfind("\n", 0, min(end, LONG_TEXT // 2))
    return text[: line_end + 1]


def _sound_start(language: Language, text: str, offset: int) -> int | None:
    """Return where the nearest sound neighbours before `offset` begin, None if none are."""
    starts = _beginnings_before(language, text, offset)
    if len(starts) <= _NEIGHBOURS:
        return 0
    runs = list(zip(starts, starts[_NEIGHBOURS:], strict=False))
    return next((one for one, end in reversed(runs) if _is_sound(language, text[one:end])), None)


def _sound_end(language: Language, text: str, offset: int) -> int | None:
    """Return where the nearest sound neighbours behind `offset` end, None if none are."""
    pattern = _BEGINNING[language.block_style]
    found = (match.start() for match in pattern.finditer(text, offset + 1))
    ends = list(islice(found, _MOST_NEIGHBOURS + 1))
    if len(ends) <= _NEIGHBOURS:
        return len(text)
    runs = zip(ends, ends[_NEIGHBOURS:], strict=False)
    return next((end for one, end in runs if _is_sound(language, text[one:end])), None)


def _beginnings_before(language: Language, text: str, offset: int) -> list[int]:
    """Return where the statement at `offset` begins, and some before it, in their order."""
    pattern = _BEGINNING[language.block_style]
    reach = _STEP
    while True:
        places = [
            match.start() for match in pattern.finditer(text, max(0, offset - reach), offset + 1)
        ]
        if len(places) > _NEIGHBOURS or reach > len(text):
            return places[-1 - _MOST_NEIGHBOURS :]
        reach *= 2


@lru_cache(maxsize=32)
def _is_sound(language: Language, text: str) -> bool:
    return not parse(language, text).has_errors
