"""An engine whose answers the test gives, when the test wants it to."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Generation, ModelFacts, Priority
from qwen_lsp.features.launch import Weights
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings


class GivenEngine:
    """Answers with `replies` in turn; waits for `gate` before each where one is set.

    Requests that only read are kept in `ahead`.
    """

    def __init__(self, *replies: str | EngineError) -> None:
        self.replies = list(replies)
        self.requests: list[GenerateRequest] = []
        self.asked = asyncio.Event()
        self.cancelled = 0
        self.gate: asyncio.Event | None = None
        self.facts: ModelFacts | None = None
        self.ahead: list[GenerateRequest] = []

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        if request.priority == Priority.AHEAD and not request.max_tokens:
            self.ahead.append(request)
            return Generation("", "length")
        self.requests.append(request)
        self.asked.set()
        try:
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        reply = self.replies.pop(0)
        if isinstance(reply, EngineError):
            raise reply
        for end in range(1, len(reply) + 1):
            if on_text is not None:
                on_text(reply[:end])
            if enough is not None and enough(reply[:end]):
                return Generation(reply[:end], "enough")
        return Generation(reply, "end")


def session_options(engine: GivenEngine) -> dict[str, Any]:
    """Return what makes `create_server` use the engine instead of a process with a model."""

    def connect(
        _weights: Weights, _settings: Settings, templates: Templates, _on_state: Any
    ) -> tuple[LocalModel, EngineClient | None]:
        return LocalModel(engine, templates, explains=False), None

    return {"connect": connect, "find_weights": lambda _settings: weights_here()}


def weights_here() -> Weights:
    return Weights(None, Path("model.gguf"), "The test says so.")
