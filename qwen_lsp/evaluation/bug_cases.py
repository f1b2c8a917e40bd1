"""Review cases: a file with a bug, the same file without it, and the lines of the bug.

Read from JSON lines with the fields `task_id`, `language`, `filename`, `buggy`, `fixed` and
`accept_lines`, the lines of the buggy file, from 1, that a finding may point at: those that the fix
changes, and where it only adds some, the lines around that place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows
from qwen_lsp.languages import language_for_id
from qwen_lsp.text import Document, Span


@dataclass(frozen=True)
class BugCase:
    """One bug. `lines` count from 1; `kind` says where it comes from, for the figures."""

    name: str
    group: str
    kind: str
    task: str
    buggy: Document
    fixed: Document
    lines: frozenset[int]

    def is_at(self, span: Span) -> bool:
        """Say whether a finding on the buggy file holds a line of the bug."""
        first, last = (self.buggy.lines.line_of(offset) + 1 for offset in (span.start, span.end))
        return any(first <= line <= last for line in self.lines)


def read_bugs(paths: Sequence[Path]) -> list[list[BugCase]]:
    """Return the cases of each file; raises BadDataError."""
    files = [[_case(row, path.stem) for row in read_rows(path)] for path in paths]
    for path, cases in zip(paths, files, strict=True):
        if not cases:
            raise BadDataError(f"There is no case in {path}.")
    return files


def _case(row: Row, group: str) -> BugCase:
    name, language = row.text("task_id"), row.text("language")
    if language_for_id(language) is None:
        raise row.error(f"its language {language} is not known")
    path = PurePath(row.text("filename", "file")).name
    buggy, fixed = (
        Document(f"file:///{path}", path, language, 1, row.text(field))
        for field in ("buggy", "fixed")
    )
    return BugCase(
        name,
        group,
        row.text("source", ""),
        row.text("group", "") or name,
        buggy,
        fixed,
        frozenset(_lines(row)),
    )


def _lines(row: Row) -> list[int]:
    given: Any = row.fields.get("accept_lines")
    lines: list[Any] = given if isinstance(given, list) else [None]  # pyright: ignore[reportUnknownVariableType]
    if not all(type(line) is int for line in lines):
        raise row.error("its accept_lines is no list of whole numbers")
    return lines
