"""The contract of a backend: load, count tokens, generate step by step, close."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from qwen_lsp.engine.requests import GenerateRequest, ModelFacts


@dataclass(frozen=True)
class Step:
    """What one model call brought: perhaps some text, and how far the work is.

    `ended` is "end", "stop" or "length" in the last step and None before.
    """

    text: str = ""
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    ended: str | None = None


class Backend(Protocol):
    """Runs one model. All calls come from one thread."""

    def load(self, on_progress: Callable[[float], None]) -> ModelFacts:
        """Read the weights; raises EngineError with one sentence."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has."""
        ...

    def generate(self, request: GenerateRequest) -> Iterator[Step]:
        """Yield after every model call, so that the caller can pause or stop in between.

        Generators of different priorities may be stepped in turn. Closing one stops its work and
        keeps what it has read for the next request. Raises EngineError.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...
