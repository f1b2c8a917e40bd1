"""A team at one model: N editors that type at once, each with a connection of its own.

An editor types functions of one module of this package back into it, each editor another module,
80 to 250 ms from key to key, and thinks for 1 to 8 seconds behind some tokens. It asks after every
key. Every other editor cancels its older request then, as VS Code does; the others leave it to the
newer request to end the older one. What is drawn by chance comes from fixed seeds.
"""

import asyncio
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from itertools import cycle
from typing import Literal

from qwen_lsp.engine.requests import Finish
from qwen_lsp.evaluation.trace import key_ends, recorded
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document

End = Literal["answered", "late", "superseded", "shed", "known", "failed", "open"]
"""How a request ended: with what the model wrote, with what it had written at the deadline, by a
newer one, given up by the editor, without the model (what it said before, or no place to suggest
at), by an error, or not at all."""

_KEY_SECONDS = (0.08, 0.25)
_THINKING_SECONDS = (1.0, 8.0)
_START_SECONDS = (0.0, 4.0)
_THINKS_BEHIND_TOKEN = 0.12
# Longer than any deadline: what has not ended by then never will.
_PATIENCE_SECONDS = 60.0
_FUNCTION = re.compile(r"^(?:async )?def .+\n(?:(?:[ \t].*)?\n)+", re.MULTILINE)
_LEAST_FUNCTIONS = 3


@dataclass(frozen=True)
class Asked:
    """One request: how it ended, after how many milliseconds, and whether with a suggestion."""

    end: End
    ms: float = 0.0
    has_text: bool = False


@dataclass
class Editor:
    """Somebody who types. `typing_seconds` is the time between keys without the thinking."""

    number: int
    model: LocalModel
    settings: Settings
    project: Project = field(default_factory=Project)
    typing_seconds: float = 0.0

    async def type(self, keys: int) -> list[Asked]:
        """Type so many keys; return what came of the request after each."""
        chance = random.Random(self.number)  # noqa: S311 - a trace, not a secret
        cancels = self.number % 2 == 1
        asked: list[asyncio.Task[Asked]] = []
        await asyncio.sleep(chance.uniform(*_START_SECONDS))
        for (document, offset), _ in zip(keystrokes(self.number), range(keys), strict=False):
            pause = chance.uniform(*_KEY_SECONDS)
            self.typing_seconds += pause
            await asyncio.sleep(pause)
            if asked and cancels:
                asked[-1].cancel()
            asked.append(asyncio.create_task(self._ask(document, offset)))
            is_in_word = document.text[offset - 1].isalnum()
            if not is_in_word and chance.random() < _THINKS_BEHIND_TOKEN:
                await asyncio.sleep(chance.uniform(*_THINKING_SECONDS))
        await asyncio.wait(asked, timeout=_PATIENCE_SECONDS)
        return [_ended(task) for task in asked]

    async def _ask(self, document: Document, offset: int) -> Asked:
        model, recorder = recorded(self.model)
        began = time.monotonic()
        found = await complete(document, offset, model, self.settings, self.project)
        ms = (time.monotonic() - began) * 1000
        generations = recorder.generations
        end = _end_of(generations[-1][1].finish) if generations else "known"
        return Asked(end, ms, bool(found))


@dataclass(frozen=True)
class Session:
    """What the editors of one run asked, a list for each, and how many typed at the same time."""

    asked: tuple[list[Asked], ...]
    typing_at_once: float


async def type_together(models: Sequence[LocalModel], settings: Settings, keys: int) -> Session:
    """Let an editor type for each of the models, all at once."""
    editors = [Editor(number, model, settings) for number, model in enumerate(models)]
    began = time.monotonic()
    asked = await asyncio.gather(*(editor.type(keys) for editor in editors))
    seconds = time.monotonic() - began
    typing_seconds = sum(editor.typing_seconds for editor in editors)
    return Session(tuple(asked), max(1.0, typing_seconds / seconds))


def keystrokes(number: int) -> Iterator[tuple[Document, int]]:
    """Yield without end the file and the cursor, in code points, after each key of an editor."""
    modules = _modules()
    name, text = modules[number % len(modules)]
    for function in cycle(_FUNCTION.finditer(text)):
        before, typed, after = (
            text[: function.start()],
            function[0].rstrip(),
            text[function.end() :],
        )
        for end in key_ends(typed):
            code = f"{before}{typed[:end]}\n\n\n{after}"
            yield Document(f"file:///{number}/{name}", name, "python", end, code), len(before) + end


def _modules() -> list[tuple[str, str]]:
    """Return the names and texts of modules that have some functions, in a fixed order."""
    found: list[tuple[str, str]] = []
    for room in ("languages", "context", "features", "evaluation", "engine", "index", "models"):
        folder = resources.files(f"qwen_lsp.{room}")
        for entry in sorted(folder.iterdir(), key=lambda one: one.name):
            if entry.name.endswith(".py"):
                text = entry.read_text(encoding="utf-8")
                if len(_FUNCTION.findall(text)) >= _LEAST_FUNCTIONS:
                    found.append((entry.name, text))
    return found


def _end_of(finish: Finish) -> End:
    if finish == "deadline":
        return "late"
    return "superseded" if finish in ("superseded", "cancelled") else "answered"


def _ended(task: "asyncio.Task[Asked]") -> Asked:
    if not task.done():
        task.cancel()
        return Asked("open")
    if task.cancelled():
        return Asked("shed")
    return Asked("failed") if task.exception() else task.result()
