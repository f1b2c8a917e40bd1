"""Files named on the command line, as documents. Bad input ends here, with one sentence."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from qwen_lsp.cli.output import UsageError
from qwen_lsp.context.hidden_files import is_hidden
from qwen_lsp.languages import LANGUAGES, language_for_path
from qwen_lsp.text import Document

_LARGEST_BYTES = 5_000_000
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<line>\d{1,18}))?(?::(?P<column>\d{1,18}))?$", re.DOTALL)
_LINE_AND_COLUMN = re.compile(r"(?P<line>\d{1,18})(?::(?P<column>\d{1,18}))?")
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "dist", "build", "target"})


@dataclass(frozen=True)
class Place:
    """FILE[:LINE[:COL]]; line and column are 1-based, and None where they were not given."""

    path: Path
    line: int | None
    column: int | None


def parse_place(text: str) -> Place:
    """Return the place that `text` names. A drive letter's colon is part of the path."""
    match = _PLACE.match(text)
    if match is None:
        raise UsageError("A file name is needed, as in FILE:LINE:COL.")
    line, column = match["line"], match["column"]
    return Place(Path(match["path"]), int(line) if line else None, int(column) if column else None)


def read_document(path: Path, exclude: Iterable[str] = ()) -> Document:
    """Return the file as a document; raises UsageError that says what is wrong with it.

    One that git's rules or the patterns in `exclude` leave out is hidden from the model.
    """
    language = language_for_path(path.name)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UsageError(f"{path} is a folder.")
        if not path.is_file():
            raise UsageError(f"{path} is no file with text.")
        if size > _LARGEST_BYTES:
            raise UsageError(f"{path} has {size / 1e6:.1f} MB; files over 5 MB are not read.")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"There is no file {path}.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if b"\0" in data:
        raise UsageError(f"{path} is a binary file.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.") from error
    if language is None:
        known = ", ".join(each.title for each in LANGUAGES)
        raise UsageError(f"The language of {path.name} is not supported; supported are {known}.")
    hidden = is_hidden(path, Path.cwd(), exclude)
    return Document(path.absolute().as_uri(), path_here(path), language.id, 0, text, hidden)


def path_here(path: Path) -> str:
    """Return a path for people, relative to the current folder where it lies below.

    A diff with such a name is one that `git apply` takes here.
    """
    full = path.absolute()
    return (full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else path).as_posix()


def offset_of(document: Document, place: Place) -> int:
    """Return the offset of a place; raises UsageError where the file has no such place."""
    lines = document.lines
    line = 1 if place.line is None else place.line
    if not 1 <= line <= lines.count:
        raise UsageError(f"{place.path} has lines 1 to {lines.count}; there is no line {line}.")
    text = lines.text(line - 1)
    if place.column is None:
        # On the first word of the line, where a definition begins.
        return lines.start(line - 1) + len(text) - len(text.lstrip())
    if not 1 <= place.column <= len(text) + 1:
        raise UsageError(
            f"Line {line} of {place.path} has columns 1 to {len(text) + 1}; "
            f"there is no column {place.column}."
        )
    return lines.start(line - 1) + place.column - 1


def end_offset(document: Document, start: Place, to: str) -> int:
    """Return the offset that `to` names, as LINE:COL or as LINE for the end of the line."""
    match = _LINE_AND_COLUMN.fullmatch(to)
    if match is None:
        raise UsageError(f"{to} is no end of a selection, as in LINE or LINE:COL.")
    line, column = match["line"], match["column"]
    end = Place(start.path, int(line), int(column) if column else None)
    offset = offset_of(document, end)
    return offset if column else document.lines.end(int(line) - 1)


def source_files(path: Path) -> Iterator[Path]:
    """Yield `path` itself, or the supported files below it, hidden and generated ones left out."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and name not in _SKIPPED_FOLDERS
        )
        for name in sorted(names):
            if language_for_path(name) is not None:
                yield Path(folder) / name


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, all of it or nothing; its permissions stay, and links to it too."""
    path = path.resolve()
    new: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".qwen-lsp-")
        new = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        new.chmod(path.stat().st_mode)
        new.replace(path)
    except OSError as error:
        if new is not None:
            new.unlink(missing_ok=True)
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


def write_new_file(path: Path, text: str) -> None:
    """Make a file, and the folders above it; a file that is there is never overwritten."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
