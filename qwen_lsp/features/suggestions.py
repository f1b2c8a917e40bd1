"""Suggestions that were made and may be asked for again.

While the user types what was suggested, the rest is here without a model call; after backspace or
undo the same place gets the same answer.
"""

from collections import OrderedDict
from dataclasses import dataclass

from qwen_lsp.text import Document, Span

_MOST_REMEMBERED = 64


@dataclass(frozen=True)
class Suggestion:
    """Ghost text: `text` is inserted in place of `span`, which is empty or ends the line."""

    text: str
    span: Span


class Suggestions:
    """The last suggestions of all documents; the least recently used leaves first."""

    def __init__(self) -> None:
        self._by_place: OrderedDict[tuple[str, str], list[tuple[str, str]]] = OrderedDict()

    def remember(self, document: Document, offset: int, text: str) -> None:
        """Keep what was suggested at `offset`; an empty text is an answer too."""
        places = self._by_place.setdefault((document.uri, document.text[offset:]), [])
        self._by_place.move_to_end((document.uri, document.text[offset:]))
        before = document.text[:offset]
        places[:] = [place for place in places if place[0] != before][-_MOST_REMEMBERED:]
        places.append((before, text))
        while len(self._by_place) > _MOST_REMEMBERED:
            self._by_place.popitem(last=False)

    def find(self, document: Document, offset: int) -> str | None:
        """Return what is left of a suggestion that the user is typing, None where there is none."""
        before = document.text[:offset]
        for start, text in reversed(self._by_place.get((document.uri, document.text[offset:]), [])):
            if before.startswith(start):
                typed = before[len(start) :]
                if not typed:
                    return text
                if text.startswith(typed) and len(typed) < len(text):
                    return text[len(typed) :]
        return None

    def forget(self, uri: str) -> None:
        """Drop the suggestions of a document that was closed."""
        for key in [key for key in self._by_place if key[0] == uri]:
            del self._by_place[key]
