"""Spans and edits, and the smallest edit between two texts. Offsets count code points."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

# A diff has a line for each LF, and for nothing else that `str.splitlines` or an editor splits at.
_DIFF_LINE = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, order=True)
class Span:
    """A half-open range of offsets."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a span that runs backwards."""
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a span cannot run from {self.start} to {self.end}")

    def contains(self, other: "Span") -> bool:
        """Say whether `other` lies inside this span (touching the ends counts)."""
        return self.start <= other.start and other.end <= self.end

    def touches(self, offset: int) -> bool:
        """Say whether `offset` lies in this span or at one of its ends."""
        return self.start <= offset <= self.end


@dataclass(frozen=True, order=True)
class TextEdit:
    """Replace `span` by `new_text`."""

    span: Span
    new_text: str


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """Return `text` with all edits applied at once; raises ValueError where two overlap."""
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        if edit.span.start < position or edit.span.end > len(text):
            raise ValueError(f"the edit at {edit.span} overlaps another or leaves the text")
        parts += [text[position : edit.span.start], edit.new_text]
        position = edit.span.end
    return "".join([*parts, text[position:]])


def smallest_edit(old: str, new: str, base: int = 0) -> TextEdit | None:
    """Return the one edit from `old` to `new` without their common ends, None if they are equal.

    `base` is the offset of `old` in its document. The edit never begins or ends inside a CRLF of
    `old`, where an editor has no position.
    """
    if old == new:
        return None
    head = _common_start(old, new)
    tail = _common_start(old[head:][::-1], new[head:][::-1])
    end = len(old) - tail
    head -= old[max(head - 1, 0) : head + 1] == "\r\n"
    tail -= old[max(end - 1, 0) : end + 1] == "\r\n"
    return TextEdit(Span(base + head, base + len(old) - tail), new[head : len(new) - tail])


def _common_start(one: str, other: str) -> int:
    """Return how many characters two texts that differ begin with in common."""
    length = 0
    for step in (4096, 1):  # slices are compared much faster than characters
        while one[length : length + step] == other[length : length + step]:
            length += step
    return length


def unified_diff(path: str, old: str, new: str) -> str:
    """Return a unified diff that `patch -p1` and `git apply` take, empty where nothing changed."""
    return _diff(f"a/{path}", f"b/{path}", old, new)


def new_file_diff(path: str, text: str) -> str:
    """Return a unified diff that makes a file, as `patch -p1` and `git apply` take it."""
    return _diff("/dev/null", f"b/{path}", "", text)


def _diff(old_name: str, new_name: str, old: str, new: str) -> str:
    before, after = (_DIFF_LINE.findall(text) for text in (old, new))
    lines = difflib.unified_diff(before, after, old_name, new_name)
    no_end = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + no_end for line in lines)
