"""The building process: `python -m qwen_lsp.index.process FOLDER [--exclude PATTERN ...]`.

It works at the lowest priority, writes one JSON object a line on stdout (`done` and `total` files;
at the end also `files`), and ends when its stdin closes, which is how it learns that its server is
gone. A line on stdin says that somebody types: then it rests most of the time for a while. One
process at a time builds a folder; a second one waits, and then finds nothing to do.
"""

import argparse
import contextlib
import json
import os
import sqlite3
import sys
import threading
import time
from pathlib import Path

import psutil
from filelock import FileLock

from qwen_lsp.index.build import build
from qwen_lsp.index.database import database_path

_REPORT_SECONDS = 0.2
# Even at the lowest priority a build beside the model made suggestions half as slow again, because
# all threads of the model wait for the one that shares its core. So a build rests most of the time
# while somebody types, and works through in the pauses.
_TYPING_SECONDS = 2.0
_REST_SHARE = 7.0


def main(arguments: list[str] | None = None) -> int:
    """Build the index of a folder; returns 1 with one line on stderr where it cannot be written."""
    parser = argparse.ArgumentParser(prog="qwen-lsp-index")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--exclude", action="append", default=[], help="a pattern as in .gitignore")
    options = parser.parse_args(arguments)
    _give_way()
    typing = _Typing()
    threading.Thread(target=typing.follow_stdin, daemon=True).start()
    path = database_path(options.folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            _, files = build(options.folder, options.exclude, _Reporter(typing))
    except (sqlite3.Error, OSError) as error:
        sys.stderr.write(f"The index of symbols cannot be written: {error}\n")
        return 1
    _say({"files": files})
    return 0


class _Typing:
    """Whether somebody types, as the server tells it."""

    def __init__(self) -> None:
        self._last = -_TYPING_SECONDS

    @property
    def is_now(self) -> bool:
        """Say whether somebody typed just now."""
        return time.monotonic() - self._last < _TYPING_SECONDS

    def follow_stdin(self) -> None:
        """Note each line; end at once when stdin closes, and SQLite takes back what is half done.

        It is read without a buffer: Python's own would be locked here when the process ends.
        """
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                self._last = time.monotonic()
        os._exit(0)


class _Reporter:
    """Says how far the build is, at most a few times a second, and rests while somebody types."""

    def __init__(self, typing: _Typing) -> None:
        self._typing = typing
        self._next = 0.0
        self._rested = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and self._typing.is_now:
            time.sleep((now - self._rested) * _REST_SHARE)
        self._rested = time.monotonic()
        if now >= self._next or done == total:
            self._next = now + _REPORT_SECONDS
            _say({"done": done, "total": total})


def _say(words: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _give_way() -> None:
    """Take the lowest priority that the platform has.

    Linux shares the processor out between sessions first (autogroups, sched(7)), and `nice` counts
    only within one: so this is a session of its own, with the lowest weight.
    """
    with contextlib.suppress(OSError, psutil.Error):
        if sys.platform == "win32":
            psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)
            return
        os.nice(19)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setsid()
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text("19", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
