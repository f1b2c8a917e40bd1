"""A whole run: many lives of a server one after the other, and what came of them."""

import asyncio
import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from unittest import mock

from qwen_lsp.engine.control import stop_engines
from qwen_lsp.evaluation.fuzz.connection import DeadServerError, HangError
from qwen_lsp.evaluation.fuzz.session import Place, Session, WrongAnswerError
from qwen_lsp.evaluation.fuzz.storms import (
    before_initialize,
    storm_of_edits,
    storm_of_messages,
)
from qwen_lsp.evaluation.fuzz.texts import ENCODINGS
from qwen_lsp.evaluation.random_model import write_random_model

# So many messages or edits are one life of a server.
_A_LIFE = 1000
# What the logs say of mistakes of ours (see `failures.log_failure`), and of an engine's end.
_FAILED = re.compile(r" failed with \w+ at$|^Traceback")
_ENGINE_ENDED = "The engine ended while it "


@dataclass(frozen=True)
class FuzzFigures:
    """What came of a run. `problems` says each once, with how often it came."""

    seed: int
    lives: int
    messages: int
    requests: int
    answers: int
    edits: int
    changes: int
    crashes: int
    hangs: int
    not_answered_once: int
    different_texts: int
    wrong_answers: int
    internal_errors: int
    engine_ends: int
    longest_answer_s: float
    longest_method: str
    seconds: float
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Say whether nothing went wrong."""
        return not self.problems

    def as_text(self) -> str:
        """Return the figures for people."""
        sent = f"{self.messages:,} messages, {self.edits:,} edits ({self.changes:,} changes)"
        times = f"{self.lives} lives of a server, seed {self.seed}, {self.seconds:.0f} s"
        answered = f"{self.requests:,} requests, {self.answers:,} answers"
        ends = f"crashes {self.crashes}, hangs {self.hangs}, ends of the engine {self.engine_ends}"
        once = f"requests without exactly one answer {self.not_answered_once}"
        wrong = f"wrong answers {self.wrong_answers}, internal errors {self.internal_errors}"
        lines = [
            f"{sent}, {times}",
            f"{answered}, the longest took {self.longest_answer_s:.1f} s ({self.longest_method})",
            f"{ends}, {once}, different texts {self.different_texts}",
            wrong,
            *self.problems,
        ]
        return "\n".join(lines) + "\n"


def fuzz(messages: int, edits: int, seed: int, seconds: float = 60.0) -> FuzzFigures:
    """Send so many messages and edits, and return what came of them; raises GgufMissingError.

    What takes longer than `seconds` counts as a hang.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ql-fuzz-") as name:
        folder = Path(name).resolve()
        (folder / "workspace").mkdir()
        model = folder / "tiny.gguf"
        write_random_model(model, "tiny")
        place = Place(random.Random(seed), folder, model, seconds)  # noqa: S311 - no secrets
        run = _Run(place)
        with mock.patch.dict(os.environ, {"QWEN_LSP_HOME": str(folder / "home")}):
            asyncio.run(run.all(messages, edits))
        return run.figures(seed, time.monotonic() - began)


class _Run:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._lives = 0
        self._problems: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()

    async def all(self, messages: int, edits: int) -> None:
        try:
            for start in range(0, edits, _A_LIFE):
                await self._live(storm_of_edits, min(edits - start, _A_LIFE))
            for start in range(0, messages, _A_LIFE):
                await self._live(storm_of_messages, min(messages - start, _A_LIFE))
        finally:
            await stop_engines()

    async def _live(self, storm: Callable[[Session, int], Awaitable[None]], count: int) -> None:
        session = Session(self._place)
        try:
            await session.start()
            before_initialize(session)
            await session.initialize(ENCODINGS[self._lives % len(ENCODINGS)])
            await storm(session, count)
            await session.check_normal_requests()
            await session.end()
        except DeadServerError as error:
            self._note("crashes", f"crash: {error}")
        except HangError as error:
            self._note("hangs", f"hang: {error}")
        except WrongAnswerError as error:
            self._note("wrong_answers", f"wrong answer: {error}")
        finally:
            self._lives += 1
            await session.kill()

    def _note(self, kind: str, problem: str) -> None:
        self._kinds[kind] += 1
        self._problems[problem[:500]] += 1

    def figures(self, seed: int, seconds: float) -> FuzzFigures:
        place, books = self._place, self._place.books
        log = place.log.read_text("utf-8", "replace").splitlines()
        log += place.engine_log.read_text("utf-8", "replace").splitlines()
        for text in books.surplus:
            self._note("surplus", f"an answer that nobody waits for: {text}")
        for text in place.differences:
            self._note("differences", f"different texts: {text}")
        for text in books.internal_errors:
            self._note("internal", f"internal error: {text}")
        for number, line in enumerate(log):
            if _FAILED.search(line):
                self._note("failed", f"log: {_place_of_failure(log[number:])}")
            if _ENGINE_ENDED in line:
                self._note("engine_ends", line)
        return FuzzFigures(
            seed=seed,
            lives=self._lives,
            messages=books.messages,
            requests=books.requests,
            answers=books.answers,
            edits=place.edits,
            changes=place.changes,
            crashes=self._kinds["crashes"],
            hangs=self._kinds["hangs"],
            not_answered_once=books.requests - books.answers + len(books.surplus),
            different_texts=len(place.differences),
            wrong_answers=self._kinds["wrong_answers"],
            internal_errors=len(books.internal_errors),
            engine_ends=self._kinds["engine_ends"],
            longest_answer_s=round(books.longest_answer[0], 2),
            longest_method=books.longest_answer[1],
            seconds=round(seconds, 1),
            problems=tuple(
                f"{count} x {problem}" for problem, count in self._problems.most_common()
            ),
        )


def _place_of_failure(log: Sequence[str]) -> str:
    """Return what failed and where, from the lines of its traceback."""
    traceback = takewhile(lambda line: line.startswith("  ") or not line, log[1:])
    places = [line.strip() for line in traceback if line.startswith("  File ")]
    return " ".join([log[0], *places[-3:]])
