"""Closing brackets and quotes that stand right of the cursor already.

An editor closes what is opened, so the rest of the line often is `)` or `");`. A suggestion that
closes the same itself either ends with it, and loses it, or goes on behind it, and then takes the
rest of the line's place.
"""

import re
from dataclasses import dataclass, field

from qwen_lsp.features.tidying.place import Place
from qwen_lsp.text import Span

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_QUOTES = frozenset("\"'`")
# Behind these the end of a statement may stand.
_IS_WHOLE = re.compile(r"[\w)\]}\"'`][ \t]*\Z")


@dataclass
class Nesting:
    """What is open behind a text, as the signs that would close it, innermost last.

    `outer` of them were open before; `closed` are the offsets at which the last text that was read
    closed one of those, or something unknown. Quotes end with their line, since an apostrophe is no
    quote.
    """

    waiting: list[str] = field(default_factory=list[str])
    outer: int = 0
    closed: list[int] = field(default_factory=list[int])

    def read(self, text: str) -> "Nesting":
        """Go on over `text`; returns itself."""
        self.closed = []
        index = 0
        while index < len(text):
            letter = text[index]
            quote = self.waiting[-1] if self.waiting and self.waiting[-1] in _QUOTES else ""
            closes = False
            if quote:
                index += letter == "\\"
                if letter == "\n" and quote != "`":
                    self.waiting.pop()
                    self.outer = min(self.outer, len(self.waiting))
                closes = letter == quote
            elif letter in _QUOTES:
                self.waiting.append(letter)
            elif letter in _OPENING:
                self.waiting.append(_OPENING[letter])
            else:
                closes = letter in _CLOSING
            if closes:
                if len(self.waiting) <= self.outer:
                    self.closed.append(index)
                    self.outer = max(0, self.outer - 1)
                if self.waiting:
                    self.waiting.pop()
            index += 1
        return self

    def begin(self) -> "Nesting":
        """Take what is open now for what was open before; returns itself."""
        self.outer = len(self.waiting)
        return self


def unmatched_closing(text: str) -> int | None:
    """Return where `text` closes a bracket that it did not open; quoted brackets do not count."""
    return next(iter(Nesting().read(text).closed), None)


def drop_doubled_brackets(text: str, place: Place) -> str:
    """Return `text` without closing signs at its end that the rest of the line has."""
    doubled = _doubled(text, place)
    after = place.after.strip()
    if doubled is not None and replaces_rest(text, place):
        ends_statement = after[-1] in ";," and "\n" not in text and _IS_WHOLE.search(text)
        return text.rstrip() + after[-1] if ends_statement else text
    text = without_doubled(text, place)
    return text if not after or not place.has_only_closers else _on_one_line(text)


def without_doubled(text: str, place: Place) -> str:
    """Return `text` up to what the rest of the line closes."""
    return text[: _doubled(text, place)]


def _on_one_line(text: str) -> str:
    """Return `text` up to the first line end at which all is closed that it has opened."""
    nesting = Nesting()
    length = 0
    for line in text.splitlines(keepends=True):
        length += len(line)
        if not nesting.read(line).waiting:
            return text[:length].rstrip("\r\n")
    return text


def replaces_rest(text: str, place: Place) -> bool:
    """Say whether `text` closes all that the rest of the line closes, and goes on behind it."""
    doubled = _doubled(text, place)
    if doubled is None:
        return False
    after = _compact(place.after)
    own = _compact(text[doubled:])
    is_below = text[0] in "\r\n" or (own[:1] == "}" and "\n" in text[:doubled])
    if after.startswith(own) and not is_below:
        return False
    closers = [letter for letter in after if letter in _CLOSING | _QUOTES]
    mine = [text[index] for index in _closed(text, place) if index >= doubled]
    return mine[: len(closers)] == closers


def replaced_span(text: str, place: Place) -> Span:
    """Return what a suggestion replaces: nothing, or the rest of the line."""
    length = len(place.after) if text and replaces_rest(text, place) else 0
    return Span(place.offset, place.offset + length)


def _closed(text: str, place: Place) -> list[int]:
    return Nesting().read(place.before).begin().read(text).closed


def _doubled(text: str, place: Place) -> int | None:
    """Return where `text` begins to close what the rest of the line closes."""
    if not place.after.strip() or not place.has_only_closers:
        first = place.after.lstrip()[:1]
        return unmatched_closing(text) if first and first in _CLOSING else None
    count = sum(letter in _CLOSING | _QUOTES for letter in place.after)
    if not count:
        return None
    nesting = Nesting().read(place.before).begin()
    # What the lines above have opened is closed by the rest of the line last.
    spare = max(0, len(nesting.waiting) - count)
    closed = nesting.read(text).closed
    return closed[spare] if len(closed) > spare else None


def _compact(text: str) -> str:
    return "".join(text.split())
