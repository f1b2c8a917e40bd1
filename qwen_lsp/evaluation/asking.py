"""Ghost text asked for by a measurement: the product's own code, without haste.

The requests are explicit ones and have no deadline, so that a slow machine is slow and not wrong;
an order other than the product's is laid out anew on the way to the engine.
"""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qwen_lsp.engine.requests import (
    Chat,
    Engine,
    GenerateRequest,
    Generation,
    Infill,
    ModelFacts,
)
from qwen_lsp.evaluation.layouts import Layout
from qwen_lsp.evaluation.trace import Recorder, first_token_ms, recorded
from qwen_lsp.evaluation.variants import Variant
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document


@dataclass(frozen=True)
class Asked:
    """What was suggested: `completion`, empty for nothing, and the whole text with it.

    `ms` passed until it was there; `request` and `generation` are of the model's last call, None
    where it was not asked.
    """

    completion: str
    program: str
    ms: float
    request: GenerateRequest | None = None
    generation: Generation | None = None

    @property
    def cost(self) -> Generation:
        """Return what the model did; nothing where it was not asked."""
        return self.generation or Generation("", "end")

    @property
    def first_token_ms(self) -> float:
        """Return the milliseconds until the first token."""
        return first_token_ms(self.cost)


class PatientEngine:
    """An engine that forgets deadlines, keeps its last call, and lays out prompts in `layout`."""

    def __init__(
        self, engine: Engine, document: Document, offset: int, layout: Layout | None
    ) -> None:
        self._engine = engine
        self._document = document
        self._offset = offset
        self._layout = layout
        self.request: GenerateRequest | None = None
        self.generation: Generation | None = None

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
        request = replace(request, deadline_ms=None)
        if self._layout is not None and isinstance(request.prompt, Infill):
            request = self._laid_out(request, request.prompt, self._layout)
        self.request = request
        self.generation = await self._engine.generate(request, enough=enough, on_text=on_text)
        return self.generation

    def _laid_out(
        self, request: GenerateRequest, infill: Infill, layout: Layout
    ) -> GenerateRequest:
        language = language_for_id(self._document.language_id)
        assert language is not None  # noqa: S101 - ghost text was asked for in it
        tree = parse(language, self._document.text)
        whole = replace(infill, middle=infill.middle + request.begun)
        prompt = layout.lay_out(self._document, tree, self._offset, whole)
        if layout.heals and isinstance(prompt, Infill):
            return replace(request, prompt=_without_end(prompt, request.begun))
        return replace(request, prompt=prompt, begun="")


def _without_end(prompt: Infill | Chat, word: str) -> Infill | Chat:
    assert isinstance(prompt, Infill)  # noqa: S101 - only they are healed
    if prompt.middle:
        return replace(prompt, middle=prompt.middle.removesuffix(word))
    return replace(prompt, prefix=prompt.prefix.removesuffix(word))


@dataclass(frozen=True)
class Asker:
    """Asks one model in several ways. `prompts_folder` has a user's own templates."""

    model: LocalModel
    settings: Settings
    prompts_folder: Path | None = None

    @property
    def pinned(self) -> Mapping[str, int]:
        """Return the versions of prompts that the settings pin."""
        return self.settings.prompts.pin

    def recorded(self, variant: Variant) -> tuple[LocalModel, Recorder]:
        """Return the model with the prompts of `variant`, and what notes what its engine does."""
        model, recorder = recorded(self.model)
        model.templates = variant.templates(self.prompts_folder, self.pinned)
        return model, recorder

    async def ask(
        self, variant: Variant, document: Document, offset: int, project: Project | None = None
    ) -> Asked:
        """Return what is suggested at `offset`, in code points; raises EngineError.

        Without a project, as in a window where nothing was done before.
        """
        engine = PatientEngine(self.model.engine, document, offset, variant.layout)
        model = copy.copy(self.model)
        model.engine = engine
        model.templates = variant.templates(self.prompts_folder, self.pinned)
        settings = variant.settings(self.settings)
        inline = replace(settings.inline_completion, alternatives=1)
        settings = replace(settings, inline_completion=inline)
        began = time.monotonic()
        found = await complete(
            document, offset, model, settings, project or Project(), explicit=True
        )
        ms = (time.monotonic() - began) * 1000
        text = document.text
        if not found:
            return Asked("", text, ms, engine.request, engine.generation)
        suggestion = found[0]
        span = suggestion.span
        program = text[: span.start] + suggestion.text + text[span.end :]
        return Asked(suggestion.text, program, ms, engine.request, engine.generation)
