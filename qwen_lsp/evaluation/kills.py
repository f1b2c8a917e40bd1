"""What people get who ask an engine that is killed at random moments of the typing trace.

The moments are drawn from a fixed seed and fall into starting, loading, reading and writing. A
kill is SIGKILL, on Windows TerminateProcess: the process has no time to tidy up. At the end all
engines of the user are stopped, as `qwen-lsp engine stop` does it, to see what they leave behind.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle

import psutil

from qwen_lsp.engine.address import is_running
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.messages import LoadFailed, Loading, Ready
from qwen_lsp.engine.requests import EngineError
from qwen_lsp.evaluation.speeds import MeasuredEngine
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import Trace
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.folders import engine_folder
from qwen_lsp.settings import Settings

# A start takes 1 to 2 s and the first suggestion after it some more. Every other life is counted
# from the loaded model on, so that slow machines are met while they read and write, too.
_LIFE_SECONDS = (0.1, 8.0)
_ANSWER_SECONDS = 120.0
_POLL_SECONDS = 0.01
_PAUSE_AFTER_ERROR_SECONDS = 0.1
_SEED = 20
_ENGINE_MODULE = "qwen_lsp.engine.process"


@dataclass(frozen=True)
class KillFigures:
    """What came of killing the engine `kills` times. Times are milliseconds.

    Each of the `requests` was answered by a suggestion, an empty one or an error, but for the
    `unanswered`. `reload_ms` is from a kill to the next loaded model, where another kill did not
    come first; it holds the time until somebody asked. `longest_beyond_reload_ms` is the longest
    wait of a request without the time in which no model was loaded. `orphans` are engine processes
    that lived at the end beside the current one; locks and files are what `engine stop` left.
    """

    kills: int
    requests: int
    suggestions: int
    empty: int
    errors: int
    unanswered: int
    error_texts: tuple[str, ...]
    reload_ms: Spread
    longest_answer_ms: float
    longest_beyond_reload_ms: float
    orphans: int
    left_locks: int
    left_files: tuple[str, ...]


class Outages:
    """When no model was loaded: from a kill to the next `Ready`.

    `note_state` is what the client tells its states to.
    """

    def __init__(self) -> None:
        self._past: list[tuple[float, float]] = []
        self._began: float | None = None
        self._kills = 0
        self.reloads_ms: list[float] = []

    @property
    def is_over(self) -> bool:
        """Say whether a model is loaded."""
        return self._began is None

    @property
    def seconds(self) -> float:
        """Return for how long no model has been loaded."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    def note_kill(self) -> None:
        """Note that the engine was killed now."""
        self._kills += 1
        if self._began is None:
            self._began = time.monotonic()

    def note_state(self, state: Loading | Ready | LoadFailed) -> None:
        """Note that the engine said how it is."""
        if not isinstance(state, Ready) or self._began is None:
            return
        now = time.monotonic()
        self._past.append((self._began, now))
        if self._kills == 1:
            self.reloads_ms.append((now - self._began) * 1000)
        self._began, self._kills = None, 0

    def within(self, began: float, ended: float) -> float:
        """Return for how many seconds between two times no model was loaded."""
        open_one = [] if self._began is None else [(self._began, ended)]
        return sum(
            max(0.0, min(ended, end) - max(began, start)) for start, end in (*self._past, *open_one)
        )


@dataclass(frozen=True)
class _Answer:
    """What one request got, and when. `kind` is a name of a count in `KillFigures`."""

    began: float
    ended: float
    kind: str
    error: str = ""


async def kill_while_typing(
    trace: Trace,
    model: LocalModel,
    engine: MeasuredEngine,
    settings: Settings,
    *,
    outages: Outages,
    kills: int,
    kill: Callable[[], bool] | None = None,
) -> KillFigures:
    """Type the trace over and over until the engine was killed `kills` times; raises EngineError.

    The client must tell `outages` its states, and must not pause after crashes as it does for
    users. `kill` ends the engine and says whether there was one to end.
    """
    others = {process.pid for process in _engine_processes()}
    await engine.start()
    await engine.restart()  # so that the engine is a process of ours
    await engine.start()
    killer = asyncio.ensure_future(_kill(kills, outages, kill or kill_engines))
    answers: list[_Answer] = []
    try:
        for stop in cycle(trace.stops):
            if killer.done() and (outages.is_over or outages.seconds > _ANSWER_SECONDS):
                break
            answers.append(await _ask(trace, stop, model, settings))
            if answers[-1].error:
                await asyncio.sleep(_PAUSE_AFTER_ERROR_SECONDS)
        await killer
    finally:
        killer.cancel()
    status = await engine.status()
    orphans = _orphans(int(status["pid"]), others)
    await stop_engines()
    return _figures(kills, answers, outages, orphans)


def kill_engines() -> bool:
    """Kill the engine processes that this process started; say whether there were any."""
    found = list(_engine_processes())
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return bool(found)


async def _kill(kills: int, outages: Outages, kill: Callable[[], bool]) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - moments, not secrets
    for number in range(kills):
        while number % 2 and not outages.is_over:  # noqa: ASYNC110 - see below
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(chance.uniform(*_LIFE_SECONDS))
        while not kill():  # noqa: ASYNC110 - no event tells of a new process
            await asyncio.sleep(_POLL_SECONDS)
        outages.note_kill()


async def _ask(trace: Trace, stop: int, model: LocalModel, settings: Settings) -> _Answer:
    began = time.monotonic()
    document, offset = trace.document(stop), trace.offset(stop)
    try:
        found = await asyncio.wait_for(
            complete(document, offset, model, settings, Project()), _ANSWER_SECONDS
        )
    except TimeoutError:
        return _Answer(began, time.monotonic(), "unanswered", "No answer came.")
    except EngineError as error:
        return _Answer(began, time.monotonic(), "errors", str(error))
    return _Answer(began, time.monotonic(), "suggestions" if found else "empty")


def _engine_processes() -> Iterator[psutil.Process]:
    """Yield the living engine processes below this one."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            is_dead = process.status() == psutil.STATUS_ZOMBIE
            if not is_dead and _ENGINE_MODULE in process.cmdline():
                yield process


def _orphans(current: int, others: set[int]) -> int:
    """Return how many engine processes there are beside the current one and `others` from before.

    A Python of a virtual environment is two processes on Windows, parent and child.
    """
    known = {current, *others}
    with suppress(psutil.Error):
        known |= {parent.pid for parent in psutil.Process(current).parents()}
    return sum(process.pid not in known for process in _engine_processes())


def _figures(kills: int, answers: Sequence[_Answer], outages: Outages, orphans: int) -> KillFigures:
    counts = Counter(answer.kind for answer in answers)
    folder = engine_folder()
    left = [path for kind in ("*.sock", "*.json", "*.new") for path in folder.glob(kind)]
    return KillFigures(
        kills=kills,
        requests=len(answers),
        suggestions=counts["suggestions"],
        empty=counts["empty"],
        errors=counts["errors"],
        unanswered=counts["unanswered"],
        error_texts=tuple(sorted({answer.error for answer in answers if answer.error})),
        reload_ms=Spread.of(outages.reloads_ms),
        longest_answer_ms=max(answer.ended - answer.began for answer in answers) * 1000,
        longest_beyond_reload_ms=1000
        * max(
            answer.ended - answer.began - outages.within(answer.began, answer.ended)
            for answer in answers
        ),
        orphans=orphans,
        left_locks=sum(is_running(path.stem) for path in folder.glob("*.lock")),
        left_files=tuple(sorted(path.name for path in left)),
    )
