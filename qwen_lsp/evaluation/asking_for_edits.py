"""Edits asked for by a measurement: by an action of the product, or by the plain model.

The plain model is told the same and gives the whole file, which is taken as it is.
"""

import copy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from qwen_lsp.engine.requests import (
    Chat,
    Engine,
    GenerateRequest,
    Generation,
    Message,
    ModelFacts,
    Priority,
)
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.edit_cases import EditCase
from qwen_lsp.evaluation.variants import Variant
from qwen_lsp.features.actions import RefusalError, find_site, resolve
from qwen_lsp.text import Span, apply_edits

_MOST_TOKENS = 1024
_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Edited:
    """The file after the edit, as it was where the edit was refused with a `reason`."""

    text: str
    reason: str
    ms: float
    generations: tuple[Generation, ...]


class _ListeningEngine:
    """An engine that keeps what it generated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.generations: list[Generation] = []

    @property
    def facts(self) -> ModelFacts | None:
        """Return what the engine found in the weights."""
        return self._engine.facts

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the generation; see `requests.Engine`."""
        generation = await self._engine.generate(request, enough=enough, on_text=on_text)
        self.generations.append(generation)
        return generation


async def ask_action(asker: Asker, variant: Variant, case: EditCase, action: str) -> Edited:
    """Return what an action makes of the case's function; raises EngineError."""
    engine = _ListeningEngine(asker.model.engine)
    model = copy.copy(asker.model)
    model.engine = engine
    model.templates = variant.templates(asker.prompts_folder, asker.pinned)
    function = case.function()
    if function is None:
        return Edited(case.before, "the case is not about one function", 0.0, ())
    place = function.definition_span.start
    site = find_site(case.document, Span(place, place), instruction=case.request)
    began = time.monotonic()
    text, reason = case.before, ""
    try:
        if site is not None:
            rewrite = await resolve(site, action, model)
            text = apply_edits(case.before, rewrite.edits)
    except RefusalError as error:
        reason = str(error)
    ms = (time.monotonic() - began) * 1000
    return Edited(text, reason, ms, tuple(engine.generations))


async def ask_plainly(asker: Asker, case: EditCase) -> Edited:
    """Return the file as the plain model writes it in a chat; raises EngineError."""
    told = f"{case.request}\n\nThis is {case.file_name}:\n\n```python\n{case.before}```\n\n"
    told += "Reply with the whole new file in one code block."
    request = GenerateRequest(
        Chat((Message("user", told),)),
        max_tokens=_MOST_TOKENS,
        priority=Priority.ACTION,
        sampling=asker.model.chat_sampling,
    )
    began = time.monotonic()
    generation = await asker.model.engine.generate(request)
    ms = (time.monotonic() - began) * 1000
    return Edited(fenced(generation.text), "", ms, (generation,))


def fenced(reply: str) -> str:
    """Return the first code block of a reply, all of it where there is none."""
    found = _FENCE.search(reply)
    return found[1] if found else reply
