"""Bringing a folder's index up to date: all of it, or one file."""

from collections.abc import Callable, Iterable
from pathlib import Path

from qwen_lsp.index.database import Writer
from qwen_lsp.index.files import SourceFile, SourceFiles
from qwen_lsp.languages import language_for_path, parse
from qwen_lsp.languages.declarations import Declarations

# A batch holds the database for writing, and one saved file may wait for it.
_BATCH = 32


def build(
    folder: Path,
    exclude: Iterable[str] = (),
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[int, int]:
    """Read what has changed since the last time and drop what is gone.

    `report` is called with the files done and the files to do. Returns how many files were read
    and how many there are. Raises sqlite3.Error and OSError.
    """
    sources = SourceFiles(folder, exclude)
    with Writer(folder) as writer:
        known = writer.known()
        found = list(sources.walk())
        changed = [
            source for source in found if known.get(source.path) != (source.mtime_ns, source.size)
        ]
        gone = sorted(known.keys() - {source.path for source in found})
        report(0, len(changed))
        done = 0
        for start in range(0, len(changed), _BATCH):
            batch = changed[start : start + _BATCH]
            # Files are read before the batch begins, so that nobody waits for a parser.
            read = [(source, _read(sources.folder, source)) for source in batch]
            writer.begin()
            for source, declarations in read:
                writer.put(source.path, source.mtime_ns, source.size, declarations)
            writer.commit()
            done += len(batch)
            report(done, len(changed))
        writer.begin()
        for path in gone:
            writer.remove(path)
        writer.commit()
    return len(changed), len(found)


def update_file(folder: Path, path: str, exclude: Iterable[str] = ()) -> None:
    """Read one file again, by its relative path; one that is gone or ignored is dropped.

    Raises sqlite3.Error and OSError.
    """
    sources = SourceFiles(folder, exclude)
    source = sources.find(path)
    if source is None:
        remove_file(folder, path)
        return
    declarations = _read(sources.folder, source)
    with Writer(folder) as writer:
        writer.begin()
        writer.put(source.path, source.mtime_ns, source.size, declarations)
        writer.commit()


def remove_file(folder: Path, path: str) -> None:
    """Drop one file by its relative path; raises sqlite3.Error and OSError."""
    with Writer(folder) as writer:
        writer.begin()
        writer.remove(path)
        writer.commit()


def _read(folder: Path, source: SourceFile) -> Declarations:
    language = language_for_path(source.path)
    try:
        text = (folder / source.path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if language is None or "\0" in text:  # a binary file with a misleading name
        return Declarations((), ())
    return parse(language, text).declarations()
