"""The database of a workspace folder: SQLite, in the cache folder, one file a folder.

Anything wrong with it costs the index and nothing else: a reader then finds nothing, and the next
build makes it anew. Paths are relative to the folder, with forward slashes.
"""

import hashlib
import json
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any, Self

from qwen_lsp.folders import cache_folder
from qwen_lsp.languages.declarations import Declarations, Import, Symbol

_log = logging.getLogger(__name__)

# Raised whenever the tables or what `declarations()` finds changes.
_VERSION = 1
_READER_WAIT_SECONDS = 0.05  # the reader is the server's event loop
_WRITER_WAIT_SECONDS = 10.0
_MOST_NAMED = 50

_TABLES = """
CREATE TABLE files(
    id INTEGER PRIMARY KEY, path TEXT UNIQUE NOT NULL, backwards TEXT NOT NULL,
    mtime_ns INTEGER NOT NULL, size INTEGER NOT NULL);
CREATE INDEX files_backwards ON files(backwards);
CREATE TABLE symbols(
    file INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, scope TEXT NOT NULL,
    kind TEXT NOT NULL, signature TEXT NOT NULL, line INTEGER NOT NULL, doc TEXT NOT NULL,
    type TEXT NOT NULL, bases TEXT NOT NULL, PRIMARY KEY(file, number)) WITHOUT ROWID;
CREATE INDEX symbols_name ON symbols(name);
CREATE TABLE imports(
    file INTEGER NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, module TEXT NOT NULL,
    member TEXT NOT NULL, PRIMARY KEY(file, number)) WITHOUT ROWID;
"""
_SYMBOL = "s.name, s.scope, s.kind, s.signature, s.line, s.doc, s.type, s.bases"


def database_path(folder: Path) -> Path:
    """Return where the database of a workspace folder lies."""
    tag = hashlib.sha256(str(folder.resolve()).encode(errors="surrogatepass")).hexdigest()
    return cache_folder() / "index" / f"{tag[:24]}.sqlite"


def remove_database(folder: Path) -> None:
    """Remove the database of a workspace folder, if there is one."""
    path = database_path(folder)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)


class Index:
    """Reading one folder's index. Each call is short, safe in any thread, and never raises.

    `name` is the folder's.
    """

    def __init__(self, path: Path, name: str = "") -> None:
        self.name = name
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._complained = False

    @classmethod
    def open(cls, folder: Path) -> "Index":
        """Return the index of a workspace folder; it may not be built yet, and is empty then."""
        return cls(database_path(folder), folder.name)

    def close(self) -> None:
        """Let go of the database; a later call opens it again."""
        with self._lock:
            self._drop()

    def symbols_of(self, path: str) -> list[Symbol]:
        """Return what a file declares, in its order."""
        query = f"SELECT {_SYMBOL} FROM files f JOIN symbols s ON s.file = f.id WHERE f.path = ?"  # noqa: S608 - no text of a user
        return [_symbol(row) for row in self._rows(query, path)]

    def imports_of(self, path: str) -> list[Import]:
        """Return what a file imports, in its order."""
        query = (
            "SELECT i.name, i.module, i.member FROM files f JOIN imports i ON i.file = f.id "
            "WHERE f.path = ?"
        )
        return [Import(*row) for row in self._rows(query, path)]

    def has_file(self, path: str) -> bool:
        """Say whether a file is in the index."""
        return bool(self._rows("SELECT 1 FROM files WHERE path = ?", path))

    def files_named(self, suffix: str, limit: int = 20) -> list[str]:
        """Return the paths that are `suffix` or end with `/` and it, shortest first.

        At most `limit` are looked at, so of a name that is everywhere not the shortest may come.
        """
        backwards = suffix[::-1]
        query = (
            "SELECT path FROM files WHERE backwards = ? OR (backwards > ? AND backwards < ?) "
            "LIMIT ?"
        )
        # "0" is the character after "/".
        rows = self._rows(query, backwards, f"{backwards}/", f"{backwards}0", limit)
        return sorted((row[0] for row in rows), key=lambda path: (path.count("/"), path))

    def paths(self) -> list[str]:
        """Return the paths of all files, sorted. It takes milliseconds in a large workspace."""
        return [row[0] for row in self._rows("SELECT path FROM files ORDER BY path")]

    def named(self, name: str, limit: int = _MOST_NAMED) -> list[tuple[str, Symbol]]:
        """Return the paths and symbols with a bare name, `limit` at most."""
        query = (
            f"SELECT f.path, {_SYMBOL} FROM symbols s JOIN files f ON f.id = s.file "  # noqa: S608 - no text of a user
            "WHERE s.name = ? LIMIT ?"
        )
        return [(row[0], _symbol(row[1:])) for row in self._rows(query, name, limit)]

    def _rows(self, query: str, *values: str | int) -> list[Any]:
        with self._lock:
            try:
                if self._connection is None:
                    if not self._path.is_file():
                        return []
                    self._connection = _connect(self._path, _READER_WAIT_SECONDS)
                return self._connection.execute(query, values).fetchall()
            except (sqlite3.Error, OSError) as error:
                # Built at this moment, locked, or damaged: the next call opens it afresh.
                self._drop()
                if not self._complained:
                    self._complained = True
                    _log.info("the index of symbols cannot be read now: %s", error)
                return []

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Writer:
    """Writing one folder's index, in one thread, as a context; raises sqlite3.Error and OSError."""

    def __init__(self, folder: Path) -> None:
        path = database_path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = _connect(path, _WRITER_WAIT_SECONDS)
            self._prepare()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # locked or unwritable, but not damaged
            self._connection.close()
            remove_database(folder)
            self._connection = _connect(path, _WRITER_WAIT_SECONDS)
            self._prepare()

    def __enter__(self) -> Self:
        """Return the writer, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database; a batch that was not committed is taken back."""
        self._connection.close()

    def known(self) -> dict[str, tuple[int, int]]:
        """Return the time of change in ns and the size in bytes of each file, by path."""
        rows = self._connection.execute("SELECT path, mtime_ns, size FROM files")
        return {path: (mtime_ns, size) for path, mtime_ns, size in rows}

    def begin(self) -> None:
        """Begin a batch; others cannot write until `commit`."""
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """Make a batch visible."""
        self._connection.execute("COMMIT")

    def put(self, path: str, mtime_ns: int, size: int, found: Declarations) -> None:
        """Put a file in place of what was known of it."""
        run = self._connection
        self.remove(path)
        row = (path, path[::-1], mtime_ns, size)
        number = run.execute(
            "INSERT INTO files(path, backwards, mtime_ns, size) VALUES(?, ?, ?, ?)", row
        ).lastrowid
        run.executemany(
            "INSERT INTO symbols VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    *(number, at, s.name, s.scope, s.kind, s.signature, s.line, s.doc, s.type),
                    json.dumps(s.bases) if s.bases else "",
                )
                for at, s in enumerate(found.symbols)
            ),
        )
        run.executemany(
            "INSERT INTO imports VALUES(?, ?, ?, ?, ?)",
            ((number, at, i.name, i.module, i.member) for at, i in enumerate(found.imports)),
        )

    def remove(self, path: str) -> None:
        """Forget a file."""
        row = self._connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        if row is not None:
            for query in (
                "DELETE FROM symbols WHERE file = ?",
                "DELETE FROM imports WHERE file = ?",
                "DELETE FROM files WHERE id = ?",
            ):
                self._connection.execute(query, row)

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = OFF")  # it can be made again
        if run("PRAGMA user_version").fetchone()[0] == _VERSION:
            run("SELECT 1 FROM files LIMIT 1")
            return
        run("BEGIN IMMEDIATE")
        if run("PRAGMA user_version").fetchone()[0] != _VERSION:
            for table in ("files", "symbols", "imports"):
                run(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES.split(";"):
                run(statement)
            run(f"PRAGMA user_version = {_VERSION}")
        run("COMMIT")


def _connect(path: Path, wait_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=wait_seconds, isolation_level=None, check_same_thread=False
    )


def _symbol(row: tuple[Any, ...]) -> Symbol:
    name, scope, kind, signature, line, doc, given, bases = row
    of = tuple(json.loads(bases)) if bases else ()
    return Symbol(name, scope, kind, signature, line, doc, given, of)
