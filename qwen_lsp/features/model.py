"""Asking the model in the words of a template."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qwen_lsp.engine.pace import fitting_context_tokens
from qwen_lsp.engine.requests import (
    Engine,
    EngineUnavailableError,
    GenerateRequest,
    Generation,
    Infill,
    ModelFacts,
    Priority,
    Sampling,
)
from qwen_lsp.prompting.render import Prompt, render
from qwen_lsp.prompting.templates import Templates

_log = logging.getLogger(__name__)

_CAREFUL_CONTEXT_TOKENS = 4096
_TEMPLATE_TOKENS = 256
_LEAST_PROMPT_TOKENS = 128
_VARIED_TEMPERATURES = 0.8, 0.2  # of no variation, and more for each
_VARIED_MIN_P = 0.05


@dataclass(frozen=True)
class Reply:
    """What the model wrote, and to which prompt."""

    text: str
    prompt: Prompt
    generation: Generation

    @property
    def lines(self) -> str:
        """Return the text with a line feed for each line end, as edits are made of."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n")


class LocalModel:
    """An engine with its templates, and what the model's card says of the model.

    `explains` says whether the model's explanations of bugs can be shown to people, `finds_bugs`
    whether it is asked for bugs where there is no other evidence, and `outlines` whether outlines
    of other files help it.
    """

    def __init__(
        self,
        engine: Engine,
        templates: Templates,
        infill_sampling: Sampling | None = None,
        chat_sampling: Sampling | None = None,
        stops: tuple[str, ...] = (),
        *,
        explains: bool = True,
        outlines: bool = True,
    ) -> None:
        self.engine = engine
        self.templates = templates
        self._infill_sampling = infill_sampling or Sampling()
        self._chat_sampling = chat_sampling or Sampling()
        self._stops = stops
        self.explains = explains
        self.finds_bugs = True
        self.name = ""  # for people
        self._outlines = outlines
        self.last_prompt: Prompt | None = None
        # Whoever wants to know what each answer cost.
        self.on_answer: Callable[[Generation, Priority], None] | None = None

    @property
    def chat_sampling(self) -> Sampling:
        """Return how the next token of a conversation is chosen."""
        return self._chat_sampling

    @property
    def can_infill(self) -> bool:
        """Say whether the model was trained to fill holes; taken as true before it is loaded."""
        return self.engine.facts is None or self.engine.facts.can_infill

    @property
    def completion_template(self) -> str:
        """Return the id of the wording of ghost text, in the form the model was trained for."""
        return "complete" if self.can_infill else "complete/chat"

    @property
    def wants_outlines(self) -> bool:
        """Say whether outlines of other files go into the prompt of ghost text."""
        template = self.templates.current(self.completion_template)
        return self._outlines and template.shows_other_files

    def fitting_context_tokens(self, deadline_ms: int) -> int:
        """Return how many tokens of context this machine can read before the deadline."""
        facts = self.engine.facts
        return fitting_context_tokens(facts.speed if facts else None, deadline_ms)

    def most_prompt_tokens(self, reply_tokens: int) -> int:
        """Return how long a prompt may be, so that it and the reply fit into the engine's context.

        What a template adds to the code is allowed for.
        """
        facts = self.engine.facts
        whole = facts.context_tokens if facts else _CAREFUL_CONTEXT_TOKENS
        return max(_LEAST_PROMPT_TOKENS, whole - reply_tokens - _TEMPLATE_TOKENS)

    async def ask(
        self,
        template_id: str,
        variables: dict[str, Any],
        priority: Priority,
        *,
        max_tokens: int | None = None,
        stops: tuple[str, ...] = (),
        schema: dict[str, Any] | None = None,
        grammar: str = "",
        scored: bool = False,
        deadline_ms: int | None = None,
        supersedes: str = "",
        marks: tuple[int, ...] = (),
        begun: str = "",
        first_words: Mapping[str, float] | None = None,
        variation: int = 0,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Reply:
        """Return the reply; raises EngineError and TemplateFileError.

        What is given here is added to what the template says (stops) or limits it (max_tokens);
        `marks` are those of an Infill, `grammar`, `scored`, `begun` and `first_words` are those of
        the request. With a `variation` other than 0 the reply is drawn by chance, another one for
        each number. `enough` and `on_text` are those of the engine.
        """
        template = self.templates.current(template_id)
        prompt = render(template, variables)
        if priority != Priority.AHEAD:
            self.last_prompt = prompt
        content = prompt.content
        is_infill = isinstance(content, Infill)
        sampling = self._infill_sampling if is_infill else self._chat_sampling
        request = GenerateRequest(
            replace(content, marks=marks) if is_infill else content,
            max_tokens=template.max_tokens
            if max_tokens is None
            else min(max_tokens, template.max_tokens),
            priority=priority,
            stops=(*template.stops, *stops, *self._stops),
            sampling=_varied(sampling, variation) if variation else sampling,
            reply_schema=schema,
            reply_grammar=grammar,
            scored=scored,
            deadline_ms=deadline_ms,
            supersedes=supersedes,
            begun=begun,
            first_words=first_words or {},
        )
        generation = await self.engine.generate(request, enough=enough, on_text=on_text)
        _log.info(
            "%s %s: %s, %d prompt tokens (%d reused), %d written, first after %.0f ms, all %.0f ms",
            template.name,
            template.hash,
            generation.finish,
            generation.prompt_tokens,
            generation.reused_tokens,
            generation.generated_tokens,
            generation.first_token_ms,
            generation.total_ms,
        )
        if self.on_answer is not None:
            self.on_answer(generation, priority)
        return Reply(generation.text, prompt, generation)


class _NoEngine:
    facts: ModelFacts | None = None

    async def generate(self, request: GenerateRequest, **callbacks: object) -> Generation:
        del request, callbacks
        raise EngineUnavailableError("No model is running.")


def no_model() -> LocalModel:
    """Return what stands in place of a model for work that asks none."""
    return LocalModel(_NoEngine(), Templates())


def _varied(sampling: Sampling, variation: int) -> Sampling:
    """Return a sampling that takes other tokens too, but none that are out of the question.

    The higher the number, the more readily: what was drawn before may have been the same text.
    """
    first, more = _VARIED_TEMPERATURES
    return replace(
        sampling,
        temperature=max(sampling.temperature, first + variation * more),
        min_p=max(sampling.min_p, _VARIED_MIN_P),
        seed=variation,
    )
