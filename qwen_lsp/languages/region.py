"""The part of a long file that the syntax around a place depends on.

Parsing five thousand lines takes 50 ms, several times a keystroke. But what stands around a cursor
follows from the statement at the top level that holds it. Where one begins is guessed from its
line. A guess that goes wrong, in a string of many lines say, shows in its neighbours, which then
have syntax errors.
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
_STEP = 4000


def region_at(language: Language, text: str, offset: int) -> Span | None:
    """Return the statements around `offset`; None where all of the text is to be read."""
    if len(text) < LONG_TEXT:
        return None
    starts = _beginnings_before(language, text, offset)
    ends = _beginnings_after(language, text, offset)
    if not starts or not ends:
        return None
    # The neighbours show whether the statements were told apart in the right places.
    for neighbour in (text[starts[0] : starts[-1]], text[ends[0] : ends[-1]]):
        if not _is_sound(language, neighbour):
            return None
    return Span(starts[0], ends[-1])


def head(text: str, end: int) -> str:
    """Return the beginning of a text, where its imports stand, at most up to `end`."""
    if len(text) < LONG_TEXT:
        return text
    line_end = text.rfind("\n", 0, min(end, LONG_TEXT // 2))
    return text[: line_end + 1]


def _beginnings_before(language: Language, text: str, offset: int) -> list[int]:
    """Return where the statement at `offset` begins, and some before it, in their order."""
    pattern = _BEGINNING[language.block_style]
    reach = _STEP
    while True:
        places = [
            match.start() for match in pattern.finditer(text, max(0, offset - reach), offset + 1)
        ]
        if len(places) > _NEIGHBOURS or reach > len(text):
            return places[-1 - _NEIGHBOURS :]
        reach *= 2


def _beginnings_after(language: Language, text: str, offset: int) -> list[int]:
    """Return where the statements behind the one at `offset` begin, or the text ends."""
    pattern = _BEGINNING[language.block_style]
    found = (match.start() for match in pattern.finditer(text, offset + 1))
    places = list(islice(found, _NEIGHBOURS + 1))
    return places if len(places) > _NEIGHBOURS else [*places, len(text)]


@lru_cache(maxsize=8)
def _is_sound(language: Language, text: str) -> bool:
    return not parse(language, text).has_errors
