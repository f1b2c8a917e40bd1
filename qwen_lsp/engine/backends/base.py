"""The contract of a backend: load, begin requests, advance several by one model call, close."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from qwen_lsp.engine.requests import EngineError, GenerateRequest, ModelFacts, TokenScore


@dataclass(frozen=True)
class Step:
    """What one model call brought to a request: perhaps some text, and how far the work is.

    `ended` is "end", "stop" or "length" in the last step and None before. `scores` are those of
    all tokens written so far, where they were asked for.
    """

    text: str = ""
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    ended: str | None = None
    scores: tuple[TokenScore, ...] = ()


Work = TypeVar("Work")


class Backend(Protocol[Work]):
    """Runs one model. All calls but `interrupt` and `figures` come from one thread."""

    @property
    def most_together(self) -> int:
        """How many requests one model call can serve at most."""
        ...

    def load(self, on_progress: Callable[[float], None]) -> ModelFacts:
        """Read the weights; raises EngineError with one sentence."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has."""
        ...

    def begin(self, request: GenerateRequest) -> Work:
        """Take a request on, without a model call; raises EngineError."""
        ...

    def advance(self, works: Sequence[Work]) -> Sequence[Step | EngineError]:
        """Make one model call for all of `works` and return what it brought to each.

        What is left out is paused and goes on when it is given again.
        """
        ...

    def end(self, work: Work) -> None:
        """Stop a request, finished or not; what it has read is kept for the next one."""
        ...

    def interrupt(self) -> None:
        """Let a long model call under way end early, if it can; its steps then bring nothing."""
        ...

    def figures(self) -> dict[str, Any]:
        """Return what there is to say of the memory and the speed, for `engine status`."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
