"""Suggestions that were made and may be asked for again.

While the user types what was suggested, the rest is here without a model call; after backspace or
undo the same place gets the same answer. Editors close brackets and quotes by themselves while one
types: such closers right of the cursor are seen as part of the suggestion that is being typed.
"""

import re
from collections import OrderedDict
from dataclasses import dataclass, replace

from qwen_lsp.text import Document, Span

_MOST_REMEMBERED = 64
_NEAR = 2000
# What editors put right of the cursor: closers, or after Enter a line with nothing but closers.
_CLOSERS = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r)[ \t]*)?[)\]}>\"'`]{1,16}")
_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True)
class Suggestion:
    """Ghost text: `text` is inserted in place of `span`.

    The span begins at the cursor and stays on its line. It is empty, or covers what stands right
    of the cursor and is in `text` again.
    """

    text: str
    span: Span


@dataclass(frozen=True)
class Known:
    """What is left of an answer.

    `suggestions` are in order, the best first; there are none where nothing should be said.
    `asked_for` is how many the model was asked for, and `is_cut` says that its time was up before
    it had written all.
    """

    suggestions: tuple[Suggestion, ...]
    asked_for: int = 1
    is_cut: bool = False


@dataclass(frozen=True)
class _Answer:
    """What was suggested between the texts `near` and `behind`.

    `offset` is how much stands before it and `behind_length` how much behind, of which the texts
    are the nearest parts.
    """

    offset: int
    near: str
    behind_length: int
    behind: str
    known: Known

    def stands_at(self, other: "_Answer") -> bool:
        """Say whether both are for the same place."""
        mine = (self.offset, self.near, self.behind_length, self.behind)
        return mine == (other.offset, other.near, other.behind_length, other.behind)

    def left_at(self, document: Document, offset: int) -> Known | None:
        """Return what is left when a part has been typed, None where something else was."""
        closers_length = len(document.text) - offset - self.behind_length
        if offset < self.offset or closers_length < 0:
            return None
        closers = document.text[offset : offset + closers_length]
        typed = document.text[self.offset : offset]
        if closers and (not typed or not _CLOSERS.fullmatch(closers)):
            return None
        if not (
            document.text.startswith(self.near, self.offset - len(self.near))
            and document.text.startswith(self.behind, offset + closers_length)
        ):
            return None
        if not typed:
            return self.known
        return self._rests(typed, closers, offset)

    def _rests(self, typed: str, closers: str, offset: int) -> Known | None:
        """Return the rests of those suggestions that begin with what was typed."""
        matching = [
            suggestion
            for suggestion in self.known.suggestions
            if len(typed) < len(suggestion.text) and suggestion.text.startswith(typed)
        ]
        rests = [_rest(suggestion, len(typed), closers, offset) for suggestion in matching]
        found = [rest for rest in rests if rest is not None]
        if not found:
            return None
        return replace(self.known, suggestions=tuple(rest for rest in found if rest.text))


class Suggestions:
    """The last suggestions of all documents; the least recently used leaves first.

    Of each document only what stands near the cursor is kept, and how long the rest is.
    """

    def __init__(self) -> None:
        self._by_document: OrderedDict[str, list[_Answer]] = OrderedDict()

    def remember(self, document: Document, offset: int, known: Known) -> None:
        """Keep what was suggested at `offset`; that nothing should be said is an answer too."""
        new = _Answer(
            offset,
            document.text[max(0, offset - _NEAR) : offset],
            len(document.text) - offset,
            document.text[offset : offset + _NEAR],
            known,
        )
        answers = self._by_document.setdefault(document.uri, [])
        self._by_document.move_to_end(document.uri)
        others = [answer for answer in answers if not answer.stands_at(new)]
        answers[:] = [*others[1 - _MOST_REMEMBERED :], new]
        while len(self._by_document) > _MOST_REMEMBERED:
            self._by_document.popitem(last=False)

    def find(self, document: Document, offset: int) -> Known | None:
        """Return what is left of an answer, None where there is none or all of it was typed."""
        answers = self._by_document.get(document.uri)
        if answers is None:
            return None
        self._by_document.move_to_end(document.uri)
        for answer in reversed(answers):
            known = answer.left_at(document, offset)
            if known is not None:
                return known
        return None

    def forget(self, uri: str) -> None:
        """Drop the suggestions of a document that was closed."""
        self._by_document.pop(uri, None)

    def clear(self) -> None:
        """Drop all suggestions, because others would be made now."""
        self._by_document.clear()


def _rest(suggestion: Suggestion, typed: int, closers: str, offset: int) -> Suggestion | None:
    """Return what is left behind `typed` characters; its text is empty where nothing is to insert.

    `closers` stand right of the cursor and did not when the suggestion was made. Returns None
    where they are no part of the rest.
    """
    text = suggestion.text[typed:]
    if _LINE_END.search(closers):
        # A range has to stay on its line, so the suggestion ends where the editor's line begins.
        text, found, _ = text.partition(closers)
        return Suggestion(text, Span(offset, offset)) if found else None
    if text == closers:
        return Suggestion("", Span(offset, offset))
    left = iter(text)
    if not all(closer in left for closer in closers):
        return None
    replaced = suggestion.span.end - suggestion.span.start
    return Suggestion(text, Span(offset, offset + len(closers) + replaced))
