"""Cross-file cases: a name that is wanted at the cursor and defined in another file of the project.

JSON lines of two kinds. A row with `content` is a file of a repository (`repo`, `path`); one with
`identifier` is a case: the file `path` of `repo`, the cursor at `line` (from 1) and `character`
(from 0, in code points), which is `prefix_chars` code points into the file, `line_rest` the text
from there to the end of its line, which is taken out, `target` the expression that is wanted,
`identifier` its first name, and `via` how the name is reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows
from qwen_lsp.text import Document

FILES_SUFFIX = "_files"


@dataclass(frozen=True)
class CrossFileCase:
    """One cursor. `text` is its whole file as it was, `offset` the cursor in code points."""

    name: str
    repo: str
    path: str
    language_id: str
    text: str
    offset: int
    line_rest: str
    target: str
    identifier: str
    via: str

    @property
    def open_text(self) -> str:
        """Return the file without the rest of the cursor's line."""
        return self.text[: self.offset] + self.text[self.offset + len(self.line_rest) :]

    def document(self, folder: Path) -> Document:
        """Return the file as an editor has it open; `folder` is that of the repository."""
        uri = (folder / self.path).as_uri()
        return Document(uri, self.path, self.language_id, 1, self.open_text)


@dataclass(frozen=True)
class Repositories:
    """The files of each repository, by their paths, and the cases about them."""

    files: dict[str, dict[str, str]]
    cases: list[CrossFileCase]


def read_repositories(paths: Sequence[Path]) -> Repositories:
    """Return everything that stands in the files; raises BadDataError.

    Where no row has a repository's file, they are read from `<stem>_files.jsonl` beside the first.
    """
    rows = [row for path in paths for row in read_rows(path)]
    files = [row for row in rows if "content" in row.fields]
    if not files:
        beside = paths[0].with_name(f"{paths[0].stem}{FILES_SUFFIX}{paths[0].suffix}")
        files = [row for row in read_rows(beside) if "content" in row.fields]
    found: dict[str, dict[str, str]] = {}
    for row in files:
        found.setdefault(_inner(row, "repo"), {})[_inner(row, "path")] = row.text("content")
    cases = [_case(row, found) for row in rows if "content" not in row.fields]
    if not cases:
        raise BadDataError(f"There is no case in {', '.join(map(str, paths))}.")
    return Repositories(found, cases)


def _inner(row: Row, name: str) -> str:
    """Return a path that stays inside of the folder it is put in."""
    text = row.text(name)
    path = PurePosixPath(text)
    if path.is_absolute() or not path.parts or ".." in path.parts or set(text) & set("\\:\0"):
        raise row.error(f"its {name} is no path inside of a folder")
    return text


def _case(row: Row, files: dict[str, dict[str, str]]) -> CrossFileCase:
    repo, path = _inner(row, "repo"), _inner(row, "path")
    text = files.get(repo, {}).get(path)
    if text is None:
        raise row.error(f"there is no file {path} of {repo} in the data")
    offset, rest = row.whole_number("prefix_chars"), row.text("line_rest")
    before = text[:offset]
    place = (before.count("\n") + 1, len(before) - before.rfind("\n") - 1)
    if place != (row.whole_number("line"), row.whole_number("character")):
        raise row.error(f"its prefix_chars lead to line {place[0]}, character {place[1]}")
    if text[offset:].partition("\n")[0].rstrip("\r") != rest:
        raise row.error("its line_rest is not what the file has there")
    return CrossFileCase(
        row.text("task_id"),
        repo,
        path,
        row.text("language"),
        text,
        offset,
        rest,
        row.text("target"),
        row.text("identifier"),
        row.text("via", ""),
    )
