"""A backend whose replies the test gives, one `Step` a piece; tokens are words."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    Infill,
    ModelFacts,
    PromptTooLongError,
)

FACTS = ModelFacts("scripted", "none", 0, 100, can_infill=True, can_roll_back=True)

Piece = str | threading.Event | Exception
"""What one model call does: writes text, waits until the test sets the event, or fails."""


def words(request: GenerateRequest) -> str:
    """Return the text by which the script knows a request: the prefix, or the last message."""
    prompt = request.prompt
    return prompt.prefix if isinstance(prompt, Infill) else prompt.messages[-1].text


@dataclass
class ScriptedWork:
    """A request that was begun."""

    name: str
    size: int
    pieces: Iterator[tuple[int, Piece]]
    length: int


@dataclass
class ScriptedBackend:
    """Answers each prompt with the pieces that `replies` has for it, one a model call.

    `load_result` is what loading brings; where `loading` is given, loading waits for it. `calls`
    records the prompts that every model call served in their order, `together` how many each call
    served, and `closed` the prompts whose requests were ended, which a job must do however it ends.
    `interrupted` counts how often a call under way was asked to end early.
    """

    replies: dict[str, list[Piece]] = field(default_factory=dict)
    load_result: ModelFacts | EngineError = FACTS
    loading: threading.Event | None = None
    most_together: int = 1
    calls: list[str] = field(default_factory=list)
    together: list[int] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    interrupted: int = 0
    is_closed: bool = False

    def load(self, on_progress: Callable[[float], None]) -> ModelFacts:
        """Report half of the way, and then what the test wants."""
        on_progress(0.5)
        if self.loading is not None:
            assert self.loading.wait(10)
        if isinstance(self.load_result, EngineError):
            raise self.load_result
        return self.load_result

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def begin(self, request: GenerateRequest) -> ScriptedWork:
        """Begin the reply to a prompt."""
        name = words(request)
        size = self.count_tokens(_text(request))
        if size + request.max_tokens > FACTS.context_tokens:
            raise PromptTooLongError(f"The prompt has {size} words.")
        pieces = self.replies[name]
        return ScriptedWork(name, size, enumerate(pieces, 1), len(pieces))

    def advance(self, works: Sequence[ScriptedWork]) -> list[Step | EngineError]:
        """Give each of the requests its next piece."""
        self.together.append(len(works))
        return [self._next(work) for work in works]

    def _next(self, work: ScriptedWork) -> Step | EngineError:
        number, piece = next(work.pieces)
        self.calls.append(work.name)
        if isinstance(piece, EngineError):
            return piece
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, threading.Event):
            assert piece.wait(10)
        text = piece if isinstance(piece, str) else ""
        ended = "end" if number == work.length else None
        return Step(text, work.size, work.size - 1, number, ended=ended)

    def end(self, work: ScriptedWork) -> None:
        """Note that a request is over."""
        self.closed.append(work.name)

    def interrupt(self) -> None:
        """Note that a call under way should end early."""
        self.interrupted += 1

    def figures(self) -> dict[str, Any]:
        """Return nothing special."""
        return {"checkpoints": 0}

    def close(self) -> None:
        """Note that the model was freed."""
        self.is_closed = True


def _text(request: GenerateRequest) -> str:
    prompt = request.prompt
    if isinstance(prompt, Chat):
        return " ".join(message.text for message in prompt.messages)
    return f"{prompt.prefix} {prompt.suffix} {prompt.middle}"
