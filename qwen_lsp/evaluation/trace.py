"""The typing trace: somebody types a function in the middle of a long file.

The file is two of this package's own modules joined, so that a client that shows the model 256
lines before the cursor and 64 after it finds them. The function is typed key by key, with a request
after every one to three keys; which, is drawn from a fixed seed. A line end is one key with the
indentation behind it, as an editor types that. Suggestions are neither accepted nor remembered:
each one is the model's.
"""

import asyncio
import copy
import random
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from qwen_lsp.engine.requests import Engine, GenerateRequest, Generation, ModelFacts
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document

_FILES = ("outline.py", "syntax.py")
_LINES_BEFORE = 260
_TYPED = """\
def names_of(functions: list[Function]) -> list[str]:
    names = []
    for function in functions:
        if not function.is_async:
            names.append(function.name)
    return sorted(names)
"""
_KEY = re.compile(r"\n *|.")
_MOST_KEYS_PER_REQUEST = 3
_SEED = 20


@dataclass(frozen=True)
class Trace:
    """What is typed where. `stops` are the lengths of `typed` after which one asks."""

    before: str
    typed: str
    after: str
    keys: int
    stops: tuple[int, ...]

    def document(self, stop: int) -> Document:
        """Return the file as it stands when `stop` code points have been typed."""
        text = self.before + self.typed[:stop] + self.after
        return Document("file:///bench.py", "bench.py", "python", stop, text)

    def offset(self, stop: int) -> int:
        """Return the place of the cursor, in code points."""
        return len(self.before) + stop

    @cached_property
    def code(self) -> str:
        """Return the file before anything is typed."""
        return self.before + self.after


@dataclass(frozen=True)
class Asked:
    """One request of the trace, and what came of it. `ms` passed until the suggestion was there."""

    stop: int
    ms: float
    request: GenerateRequest
    generation: Generation

    @property
    def tokens_read(self) -> int:
        """Return the tokens of the prompt that the model had to decode."""
        return self.generation.prompt_tokens - self.generation.reused_tokens

    @property
    def first_token_ms(self) -> float:
        """Return the milliseconds until the first token, or until the end where none came."""
        return first_token_ms(self.generation)


class Recorder:
    """An engine that notes what it was asked and what each generation cost."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.generations: list[tuple[GenerateRequest, Generation]] = []

    @property
    def facts(self) -> ModelFacts | None:
        """What the engine found in the weights."""
        return self._engine.facts

    async def generate(
        self, request: GenerateRequest, **callbacks: Callable[[str], Any] | None
    ) -> Generation:
        """Return the generation; raises EngineError. One that is cancelled is noted, too."""
        try:
            generation = await self._engine.generate(request, **callbacks)
        except asyncio.CancelledError:
            self.generations.append((request, Generation("", "cancelled")))
            raise
        self.generations.append((request, generation))
        return generation


def recorded(model: LocalModel) -> tuple[LocalModel, Recorder]:
    """Return the same model with an engine that notes what it does."""
    recorder = Recorder(model.engine)
    twin = copy.copy(model)
    twin.engine = recorder
    return twin, recorder


def first_token_ms(generation: Generation) -> float:
    """Return the milliseconds until the first token, or until the end where none came."""
    return generation.first_token_ms or generation.total_ms


def typing_trace() -> Trace:
    """Return the trace; it is the same on every machine."""
    folder = resources.files("qwen_lsp.languages")
    text = "\n\n".join((folder / name).read_text(encoding="utf-8") for name in _FILES)
    lines = text.splitlines(keepends=True)
    # Two blank lines and then code at the margin: a function more fits there.
    place = next(
        number
        for number in range(_LINES_BEFORE, len(lines))
        if not "".join(lines[number - 2 : number]).strip() and not lines[number][0].isspace()
    )
    before, after = "".join(lines[:place]), "\n\n\n" + "".join(lines[place:])
    keys = list(key_ends(_TYPED.rstrip("\n")))
    return Trace(before, _TYPED.rstrip("\n"), after, len(keys), tuple(_stops(keys)))


async def type_along(
    trace: Trace,
    model: LocalModel,
    settings: Settings,
    beside: Callable[[Document, int], Awaitable[None]] | None = None,
) -> list[Asked]:
    """Type the trace; return the requests for which the model was asked. Raises EngineError.

    `beside` is called at the same places, each time after the model has answered.
    """
    model, recorder = recorded(model)
    asked: list[Asked] = []
    for stop in trace.stops:
        recorder.generations.clear()
        document, offset = trace.document(stop), trace.offset(stop)
        began = time.monotonic()
        await complete(document, offset, model, settings, Project())
        ms = (time.monotonic() - began) * 1000
        asked += [Asked(stop, ms, *generation) for generation in recorder.generations]
        if beside is not None and recorder.generations:
            await beside(document, offset)
    return asked


async def longest_stall(every_ms: float = 5.0) -> float:
    """Return, when cancelled, how much too late this event loop woke at most, in milliseconds."""
    longest_ms = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(every_ms / 1000)
            longest_ms = max(longest_ms, (time.monotonic() - began) * 1000 - every_ms)
    except asyncio.CancelledError:
        return longest_ms


def key_ends(text: str) -> Iterator[int]:
    """Yield how many code points stand there after each key."""
    return (match.end() for match in _KEY.finditer(text))


def _stops(keys: list[int]) -> Iterator[int]:
    """Yield where one asks; first at the empty line, where nothing was typed yet."""
    chance = random.Random(_SEED)  # noqa: S311 - a trace, not a secret
    yield 0
    number = chance.randint(1, _MOST_KEYS_PER_REQUEST)
    while number <= len(keys):
        yield keys[number - 1]
        number += chance.randint(1, _MOST_KEYS_PER_REQUEST)
