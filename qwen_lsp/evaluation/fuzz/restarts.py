"""Quick restarts of the server: `python -m qwen_lsp.evaluation.fuzz.restarts --count 200`.

Each server is started, initialized and asked for ghost text, and ended at once in one of four
ways; every third has a request under way then. They share one engine. What each leaves is looked
for: processes, files in the home and the temporary folder, and what the engine holds.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import psutil

from qwen_lsp.engine.control import ask_status, stop_engines
from qwen_lsp.evaluation.fuzz.connection import REAL_SERVER, DeadServerError, HangError
from qwen_lsp.evaluation.fuzz.session import Place, Session, WrongAnswerError
from qwen_lsp.evaluation.gguf_package import GgufMissingError
from qwen_lsp.evaluation.random_model import write_random_model

_TEXT = "def total(prices):\n    \n"
_SETTLE_SECONDS = 20.0
# Until the line over which the engine was asked is closed on its side, too.
_HANG_UP_SECONDS = 0.5


@dataclass(frozen=True)
class RestartFigures:
    """What came of `count` servers. `refusals` are the sentences of those that could not answer.

    What the engine holds is told after the first servers, when all is warm, and after the last.
    """

    count: int
    refusals: tuple[str, ...]
    engines_started: int
    left_processes: int
    left_files: tuple[str, ...]
    descriptors: tuple[int, int]
    threads: tuple[int, int]
    memory_mib: tuple[float, float]
    seconds: float
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Say whether every server answered and nothing was left."""
        one_engine = self.engines_started == 1
        nothing_left = not self.left_processes and not self.left_files
        pairs = (self.descriptors, self.threads)
        no_more = all(last <= first for first, last in pairs)
        return not self.problems and one_engine and nothing_left and no_more

    def as_text(self) -> str:
        """Return the figures for people."""
        left = f"processes left {self.left_processes}, files left {len(self.left_files)}"
        descriptors = f"{self.descriptors[0]} -> {self.descriptors[1]} descriptors"
        threads = f"{self.threads[0]} -> {self.threads[1]} threads"
        memory = f"{self.memory_mib[0]:.1f} -> {self.memory_mib[1]:.1f} MiB"
        answered = self.count - len(self.refusals)
        lines = [
            f"{self.count} servers, {answered} answered, {self.seconds:.0f} s",
            f"engines started {self.engines_started}, {left}",
            f"the engine: {descriptors}, {threads}, {memory}",
            *self.left_files,
            *self.refusals,
            *self.problems,
        ]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Held:
    """What the engine holds."""

    pid: int
    descriptors: int
    threads: int
    memory_mib: float


def restart_servers(count: int, seed: int, seconds: float = 60.0) -> RestartFigures:
    """Start and end so many servers; raises GgufMissingError."""
    with tempfile.TemporaryDirectory(prefix="ql-restarts-") as name:
        folder = Path(name).resolve()
        (folder / "workspace").mkdir()
        (folder / "temporary").mkdir()
        model = folder / "tiny.gguf"
        write_random_model(model, "tiny")
        place = Place(random.Random(seed), folder, model, seconds)  # noqa: S311 - no secrets
        moved = {"QWEN_LSP_HOME": str(folder / "home"), "TMPDIR": str(folder / "temporary")}
        with mock.patch.dict(os.environ, moved):
            return asyncio.run(_run(place, count))


async def _run(place: Place, count: int) -> RestartFigures:
    began = time.monotonic()
    refusals, problems = list[str](), list[str]()
    engines: set[int] = set()
    held: list[_Held] = []
    files: list[set[str]] = []
    warm = min(count // 2, 10)
    try:
        for number in range(1, count + 1):
            session = Session(place)
            try:
                refusals += await _live(session, is_busy=number % 3 == 0)
            except (DeadServerError, HangError, WrongAnswerError) as error:
                problems.append(f"server {number}: {type(error).__name__}: {error}")
            finally:
                await session.kill()
            if number in (warm, count):
                held.append(await _settled_engine())
                files.append(_files(place.folder))
                engines.add(held[-1].pid)
            engines.update(status["pid"] for status in await ask_status())
        left = await _left_processes(os.environ["QWEN_LSP_HOME"], held[-1].pid)
    finally:
        await stop_engines()
    first, last = held
    return RestartFigures(
        count=count,
        refusals=tuple(refusals),
        engines_started=len(engines),
        left_processes=left,
        left_files=tuple(sorted(files[1] - files[0])),
        descriptors=(first.descriptors, last.descriptors),
        threads=(first.threads, last.threads),
        memory_mib=(first.memory_mib, last.memory_mib),
        seconds=round(time.monotonic() - began, 1),
        problems=tuple(problems),
    )


async def _live(session: Session, *, is_busy: bool) -> list[str]:
    """Return the sentence of a server that could not answer; raises where none came."""
    await session.start(REAL_SERVER)
    await session.initialize("utf-16")
    document = session.open(_TEXT, "python")
    params = {
        "textDocument": {"uri": document.uri},
        "position": {"line": 1, "character": 4},
        "context": {"triggerKind": 1},
    }
    answer = await session.request("textDocument/inlineCompletion", params)
    if is_busy:
        session.connection.send_request("textDocument/inlineCompletion", params)
    await session.end()
    return [answer["error"]["message"]] if "error" in answer else []


async def _settled_engine() -> _Held:
    """Return what the engine holds when it has noticed that all have gone; raises HangError."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    # The one that asks is a client itself.
    while [status["clients"] for status in await ask_status()] != [1]:
        if time.monotonic() > deadline:
            raise HangError("the engine keeps clients that have gone, or there is more than one")
        await asyncio.sleep(0.1)
    (status,) = await ask_status()
    await asyncio.sleep(_HANG_UP_SECONDS)
    process = psutil.Process(status["pid"])
    memory_mib = round(process.memory_info().rss / 2**20, 1)
    return _Held(process.pid, process.num_fds(), process.num_threads(), memory_mib)


async def _left_processes(home: str, engine: int) -> int:
    """Return how many processes with this home live beside the engine, when they had time to end.

    Those of a server that was killed are nobody's children any more.
    """
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (  # noqa: ASYNC110 - no event tells of another's end
        left := _processes_of(home) - {engine}
    ) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return len(left)


def _processes_of(home: str) -> set[int]:
    found: set[int] = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("QWEN_LSP_HOME") == home:
                found.add(process.pid)
    return found


def _files(folder: Path) -> set[str]:
    """Return the files in the home and the temporary folder, but for logs and the index.

    It is one database, which only a later server may have had the time to build.
    """
    return {
        path.relative_to(folder).as_posix()
        for kind in ("home", "temporary")
        for path in (folder / kind).rglob("*")
        if path.suffix != ".log" and "index" not in path.parts
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of a run; return 0 where all is well, else 1."""
    parser = argparse.ArgumentParser(prog="python -m qwen_lsp.evaluation.fuzz.restarts")
    parser.add_argument("--count", type=int, default=20, help="of servers (usual: 20)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (usual: 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        figures = restart_servers(options.count, options.seed)
    except GgufMissingError as error:
        parser.exit(1, f"{error}\n")
    sys.stdout.write(json.dumps(asdict(figures)) + "\n" if options.json else figures.as_text())
    return 0 if figures.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
