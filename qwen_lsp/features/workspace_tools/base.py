"""The shape of a tool, and how one is run: beside everything else, and ended with its request."""

import asyncio
import contextlib
import os
import re
import sys
import tomllib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import psutil

_NUMBER_OF_LINE = re.compile(r"\bline \d+")


class ToolFailedError(Exception):
    """A tool did not do what it should. The text is for the log."""


@dataclass(frozen=True)
class Finding:
    """What a tool has against a text. `line` counts from 0, `code` is the tool's own."""

    line: int
    code: str
    message: str

    @property
    def message_without_lines(self) -> str:
        """Return the message without the numbers of lines, which an edit may move."""
        return _NUMBER_OF_LINE.sub("line", self.message)


@dataclass(frozen=True)
class Source:
    """A text that stands, or could stand, at `path` in the workspace `folder`."""

    path: Path
    folder: Path
    text: str


@dataclass(frozen=True)
class Command:
    """How a tool is started. `environment` is the workspace's virtual environment, if any."""

    program: Path
    environment: Path | None


@dataclass(frozen=True)
class Tool:
    """A checker of one language. `programs` are the names that it may be installed under.

    A workspace is set up for it by one of `files`, or by one of `tables` in its pyproject.toml.
    `runs_code` says whether the tool runs code that the workspace's own files name, such as
    plugins: then it is no tool for a workspace that is not trusted. `findings` raises
    ToolFailedError and OSError.
    """

    name: str
    languages: tuple[str, ...]
    files: tuple[str, ...]
    tables: tuple[str, ...]
    runs_code: bool
    findings: Callable[[Command, Source], Awaitable[list[Finding]]]


def tables_of(project: Path) -> set[str]:
    """Return the names of the tools that have a table in a pyproject.toml."""
    try:
        tools: Any = tomllib.loads(project.read_text(encoding="utf-8")).get("tool")
    except (OSError, ValueError):
        return set()
    return set(cast("dict[str, Any]", tools)) if isinstance(tools, dict) else set()


def path_outside(folder: Path) -> str:
    """Return the user's PATH without what lies in the workspace `folder`.

    PATH may have an activated environment of the workspace, or a relative folder.
    """
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(place for place in places if place and not lies_in(Path(place), folder))


def lies_in(path: Path, folder: Path) -> bool:
    """Say whether a path lies in the workspace `folder`; a relative path may lie anywhere."""
    # A link in the workspace may lead out of it, and one outside into it.
    places = ((path, folder), (path.resolve(), folder.resolve()))
    return not path.is_absolute() or any(one.is_relative_to(other) for one, other in places)


async def run(
    words: Sequence[str | Path], source: Source, given: str = "", folder: Path | None = None
) -> str:
    """Run a program at the lowest priority and return what it prints.

    It works in `folder`, usually the workspace's, and reads `given`, UTF-8. It and all that it has
    started is ended where the caller is cancelled. Raises OSError where it cannot be started, and
    ToolFailedError where its exit code is neither 0 nor 1, which stands for findings.
    """
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder or source.folder,
        env=_environment(source.folder),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
    )
    try:
        _give_way(process)
        printed, _ = await process.communicate(given.encode("utf-8", "replace"))
    finally:
        if process.returncode is None:
            _end(process)
            await process.wait()
    if process.returncode not in (0, 1):
        raise ToolFailedError(f"it ended with {process.returncode}")
    return printed.decode("utf-8", "replace")


def _environment(folder: Path) -> dict[str, str]:
    # A tool that is a Python program must not find our own packages.
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {
        "PATH": path_outside(folder),
        "NoDefaultCurrentDirectoryInExePath": "1",  # or Windows runs what lies in the workspace
        "PYTHONIOENCODING": "utf-8",
        "NO_COLOR": "1",
    }


def _give_way(process: Process) -> None:
    with contextlib.suppress(OSError, psutil.Error):
        lowest = psutil.IDLE_PRIORITY_CLASS if sys.platform == "win32" else 19
        psutil.Process(process.pid).nice(lowest)


def _end(process: Process) -> None:
    """End a program and what it has started."""
    with contextlib.suppress(psutil.Error):
        whole = psutil.Process(process.pid)
        for each in [*whole.children(recursive=True), whole]:
            with contextlib.suppress(psutil.Error):
                each.kill()
