"""The building process: `python -m qwen_lsp.index.process FOLDER [--exclude PATTERN ...]`.

It works at the lowest priority, writes one JSON object a line on stdout (`done` and `total` files;
at the end also `files`), and ends when its stdin closes, which is how it learns that its server is
gone. One process at a time builds a folder; a second one waits, and then finds nothing to do.
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
# both threads of the model wait for the one that shares its core. So a long build rests most of the
# time; a small workspace is done before that.
_FILES_BEFORE_RESTS = 256
_REST_SHARE = 4.0


def main(arguments: list[str] | None = None) -> int:
    """Build the index of a folder; returns 1 with one line on stderr where it cannot be written."""
    parser = argparse.ArgumentParser(prog="qwen-lsp-index")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--exclude", action="append", default=[], help="a pattern as in .gitignore")
    options = parser.parse_args(arguments)
    _give_way()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    path = database_path(options.folder)
    try:
        with FileLock(path.with_suffix(".lock")):
            _, files = build(options.folder, options.exclude, _Reporter())
    except (sqlite3.Error, OSError) as error:
        sys.stderr.write(f"The index of symbols cannot be written: {error}\n")
        return 1
    _say({"files": files})
    return 0


class _Reporter:
    """Says how far the build is, at most a few times a second, and rests in a long one."""

    def __init__(self) -> None:
        self._next = 0.0
        self._rested = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if _FILES_BEFORE_RESTS < done < total:
            time.sleep((now - self._rested) * _REST_SHARE)
        self._rested = time.monotonic()
        if now >= self._next or done == total:
            self._next = now + _REPORT_SECONDS
            _say({"done": done, "total": total})


def _say(words: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _end_with_stdin() -> None:
    """End at once when stdin closes; SQLite takes back the batch under way."""
    with contextlib.suppress(OSError, ValueError):
        while sys.stdin.readline():
            pass
    os._exit(0)


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
