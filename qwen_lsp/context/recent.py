"""What was just edited or looked at, over all open documents, as short pieces for a prompt.

A region is remembered for each place where something was changed or asked. Regions near each other
become one. While somebody types in one place the other regions stay as they are and in their order,
so that the head of a prompt stays the same: the place where one is does not come into its own list,
and comes in, as the newest, only when one has left it. Times are given by the caller, in seconds.
"""

from dataclasses import dataclass, replace

from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.context.secrets import redacted
from qwen_lsp.text import Document, smallest_edit

_MOST_REGIONS = 8
# So many lines above and below what was changed belong to a region, and regions so near are one.
_LINES_AROUND = 5
_MOST_LINES = 24
# A visit shorter than this is only passing by.
_LEAST_VISIT_S = 2.0
# Code points on either side of the work at the cursor that the prompt shows anyway.
_NEAR = 2000
DEFAULT_CODE_POINTS = 900


@dataclass(frozen=True)
class Snippet:
    """Whole lines of a document.

    `first_line` is 0-based; `age` is in seconds from the last work there to the last anywhere.
    """

    path: str
    first_line: int
    text: str
    age: float


@dataclass(frozen=True)
class _Region:
    """Lines from `first` to `last`, both included, of the document `uri`."""

    uri: str
    first: int
    last: int
    since: float
    until: float
    edited: bool

    @property
    def is_passing(self) -> bool:
        """Say whether somebody was only passing by."""
        return not self.edited and self.until - self.since < _LEAST_VISIT_S

    def touches(self, uri: str, line: int) -> bool:
        """Say whether a line of a document is in this region or near it."""
        return self.uri == uri and self.first - _LINES_AROUND <= line <= self.last + _LINES_AROUND


class RecentWork:
    """The places that were changed or visited last, the newest last, and the texts around them."""

    def __init__(self) -> None:
        self._regions: list[_Region] = []
        self._documents: dict[str, Document] = {}
        self._latest = 0.0

    def note_edit(self, before: Document, after: Document, now: float) -> None:
        """Take in that `before` became `after`; a text of another file is another document."""
        edit = smallest_edit(before.text, after.text)
        self._documents[after.uri] = after
        if edit is None:
            return
        first = before.lines.line_of(edit.span.start)
        old_last = before.lines.line_of(edit.span.end)
        new_last = after.lines.line_of(edit.span.start + len(edit.new_text))
        moved = (self._after_edit(one, after, first, old_last, new_last) for one in self._regions)
        self._regions = [region for region in moved if region is not None]
        if new_last - first <= _MOST_LINES:
            self._note(_Region(after.uri, first, new_last, now, now, edited=True))

    def note_visit(self, document: Document, offset: int, now: float) -> None:
        """Take in that somebody is at `offset`: asked for something there."""
        self._documents[document.uri] = document
        line = document.lines.line_of(offset)
        self._note(_Region(document.uri, line, line, now, now, edited=False))

    def forget(self, uri: str) -> None:
        """Drop what is kept of a document that was closed."""
        self._regions = [region for region in self._regions if region.uri != uri]
        self._documents.pop(uri, None)

    def snippets(
        self, document: Document, offset: int, max_code_points: int = DEFAULT_CODE_POINTS
    ) -> list[Snippet]:
        """Return pieces of what was worked on elsewhere, the newest last, secrets hidden.

        Elsewhere is: not near `offset` in `document`, where the prompt shows the text anyway. All
        together they have `max_code_points`; the newest have the room first.
        """
        line = document.lines.line_of(offset)
        here = [region for region in self._regions if region.touches(document.uri, line)]
        # What is near is measured from where the work here began: it stays while one types.
        place = (
            document.lines.start(min(here[-1].first, document.lines.count - 1)) if here else offset
        )
        near_first = document.lines.line_of(max(0, place - _NEAR))
        near_last = document.lines.line_of(min(len(document.text), place + _NEAR))
        found: list[Snippet] = []
        shown: set[tuple[str, int]] = set()
        for region in reversed(self._regions):
            owner = self._documents.get(region.uri)
            is_here = region.uri == document.uri and (
                region.touches(document.uri, line)
                or (near_first <= region.last and region.first <= near_last)
            )
            if owner is None or is_here or region.is_passing or is_kept_from_model(owner):
                continue
            first, last = _around(owner, region)
            lines = [at for at in range(first, last + 1) if (region.uri, at) not in shown]
            text = _text(owner, lines)
            if not text.strip() or len(text) > max_code_points:
                continue
            shown.update((region.uri, at) for at in lines)
            max_code_points -= len(text)
            found.append(Snippet(owner.path, lines[0], text, self._latest - region.until))
        return found[::-1]

    def edited_lines(self, uri: str) -> list[tuple[int, int]]:
        """Return the first and last lines of the places edited in a document, the latest first."""
        edited = [one for one in self._regions if one.uri == uri and one.edited]
        return [(one.first, one.last) for one in reversed(edited)]

    def _note(self, new: _Region) -> None:
        """Take a region in, or join it to those it is near; the one being worked in stands last."""
        self._latest = new.until
        near = [
            region
            for region in self._regions
            if (region.touches(new.uri, new.first) or region.touches(new.uri, new.last))
            and max(region.last, new.last) - min(region.first, new.first) < _MOST_LINES
        ]
        for region in near:
            new = replace(
                new,
                first=min(region.first, new.first),
                last=max(region.last, new.last),
                since=min(region.since, new.since),
                edited=region.edited or new.edited,
            )
            self._regions.remove(region)
        # What was left before it could be called a visit makes no room for itself.
        kept = [
            one for one in self._regions if one.edited or one.until - one.since >= _LEAST_VISIT_S
        ]
        self._regions = [*kept[1 - _MOST_REGIONS :], new]

    def _after_edit(
        self, region: _Region, after: Document, first: int, old_last: int, new_last: int
    ) -> _Region | None:
        """Return where a region stands after an edit, None where its text was taken away."""
        if region.uri != after.uri or region.last < first:
            return region
        shift = new_last - old_last
        if region.first > old_last:
            return replace(region, first=region.first + shift, last=region.last + shift)
        is_inside = first <= region.first and region.last <= old_last
        if is_inside and (shift < 0 or old_last - first > _MOST_LINES):
            return None
        start = min(region.first, first)
        return replace(region, first=start, last=max(start, region.last + shift))


def _around(document: Document, region: _Region) -> tuple[int, int]:
    """Return the first and last line to show: up to blank lines, or some lines on either side."""
    first, last = region.first, min(region.last, document.lines.count - 1)
    for _ in range(_LINES_AROUND):
        if first > 0 and document.lines.text(first - 1).strip():
            first -= 1
        if last + 1 < document.lines.count and document.lines.text(last + 1).strip():
            last += 1
    return first, last


def _text(document: Document, lines: list[int]) -> str:
    """Return whole lines, as they stand in a document, with its secrets hidden.

    A secret of several lines is found in the whole document.
    """
    if not lines:
        return ""
    start, end = document.lines.start(lines[0]), document.lines.end(lines[-1])
    hidden = redacted(document.text) if "PRIVATE KEY" in document.text else document.text
    shown = redacted(hidden[start:end])
    return "\n".join(line.rstrip() for line in shown.splitlines())
