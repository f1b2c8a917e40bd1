"""A backend whose replies the test gives, one `Step` a piece; tokens are words."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

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
class ScriptedBackend:
    """Answers each prompt with the pieces that `replies` has for it.

    `load_result` is what loading brings; where `loading` is given, loading waits for it. `calls`
    records the prompt of every model call in their order, and `closed` the prompts whose
    generators were closed, which a job must do however it ends.
    """

    replies: dict[str, list[Piece]] = field(default_factory=dict)
    load_result: ModelFacts | EngineError = FACTS
    loading: threading.Event | None = None
    calls: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
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

    def generate(self, request: GenerateRequest) -> Iterator[Step]:
        """Yield a step for each piece of the reply."""
        name = words(request)
        size = self.count_tokens(_text(request))
        if size + request.max_tokens > FACTS.context_tokens:
            raise PromptTooLongError(f"The prompt has {size} words.")
        try:
            pieces = self.replies[name]
            for number, piece in enumerate(pieces, 1):
                self.calls.append(name)
                if isinstance(piece, Exception):
                    raise piece
                if isinstance(piece, threading.Event):
                    assert piece.wait(10)
                text = piece if isinstance(piece, str) else ""
                ended = "end" if number == len(pieces) else None
                yield Step(text, size, size - 1, number, ended)
        finally:
            self.closed.append(name)

    def close(self) -> None:
        """Note that the model was freed."""
        self.is_closed = True


def _text(request: GenerateRequest) -> str:
    prompt = request.prompt
    if isinstance(prompt, Chat):
        return " ".join(message.text for message in prompt.messages)
    return f"{prompt.prefix} {prompt.suffix} {prompt.middle}"
