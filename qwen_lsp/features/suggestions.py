"""Suggestions that were made and may be asked for again.

While the user types what was suggested, the rest is here without a model call; after backspace or
undo the same place gets the same answer.
"""

from collections import OrderedDict
from dataclasses import dataclass

from qwen_lsp.text import Document, Span

_MOST_REMEMBERED = 64
_NEAR = 2000

_Key = tuple[str, int, str]


@dataclass(frozen=True)
class Suggestion:
    """Ghost text: `text` is inserted in place of `span`, which is empty or ends the line."""

    text: str
    span: Span


@dataclass(frozen=True)
class _Answer:
    """What was suggested at `offset`, behind the text `near`."""

    offset: int
    near: str
    text: str


class Suggestions:
    """The last suggestions of all documents; the least recently used leaves first.

    Of each document only what stands near the cursor is kept, and how long the rest is.
    """

    def __init__(self) -> None:
        self._by_place: OrderedDict[_Key, list[_Answer]] = OrderedDict()

    def remember(self, document: Document, offset: int, text: str) -> None:
        """Keep what was suggested at `offset`; an empty text is an answer too."""
        key = _key(document, offset)
        answers = self._by_place.setdefault(key, [])
        self._by_place.move_to_end(key)
        near = document.text[max(0, offset - _NEAR) : offset]
        answers[:] = [
            answer for answer in answers if (answer.offset, answer.near) != (offset, near)
        ]
        answers[:] = [*answers[1 - _MOST_REMEMBERED :], _Answer(offset, near, text)]
        while len(self._by_place) > _MOST_REMEMBERED:
            self._by_place.popitem(last=False)

    def find(self, document: Document, offset: int) -> str | None:
        """Return what is left of a suggestion that the user is typing, None where there is none."""
        key = _key(document, offset)
        if key not in self._by_place:
            return None
        self._by_place.move_to_end(key)
        for answer in reversed(self._by_place[key]):
            start = answer.offset - len(answer.near)
            if document.text[start : answer.offset] != answer.near or answer.offset > offset:
                continue
            typed = document.text[answer.offset : offset]
            is_rest = answer.text.startswith(typed) and len(typed) < len(answer.text)
            if is_rest or not typed:
                return answer.text[len(typed) :]
        return None

    def forget(self, uri: str) -> None:
        """Drop the suggestions of a document that was closed."""
        for key in [key for key in self._by_place if key[0] == uri]:
            del self._by_place[key]


def _key(document: Document, offset: int) -> _Key:
    """Return the document and what stands behind `offset`."""
    behind = document.text[offset : offset + _NEAR]
    return document.uri, len(document.text) - offset, behind
