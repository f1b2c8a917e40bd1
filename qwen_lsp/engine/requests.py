"""What one asks of an engine, and what comes back. Plain data, the same on both sides."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol


class Priority(IntEnum):
    """Who goes first. Each priority has a sequence of its own in the model's context."""

    TYPING = 0
    ACTION = 1
    REVIEW = 2


@dataclass(frozen=True)
class Infill:
    """Fill the hole between `prefix` + `middle` and `suffix`.

    `middle` is the text directly before the cursor. It stands behind the infill token, as the
    beginning of what the model writes, so that typing only appends to the prompt (the anchored
    form; docs/architecture.md says why).
    """

    prefix: str
    suffix: str
    middle: str = ""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True)
class Chat:
    """Answer `messages`; the reply continues `reply_start`, which is not part of the result."""

    messages: tuple[Message, ...]
    reply_start: str = ""


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. A temperature of 0 takes the likeliest token."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    presence_penalty: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class GenerateRequest:
    """One piece of work.

    `stops` end the text and are not part of it. `reply_schema` is a JSON schema that the reply is
    held to by a grammar. `deadline_ms` counts from the arrival in the engine; at the deadline what
    has been written so far is the result. A newer request with the same `supersedes` key and
    priority takes the place of an older one.
    """

    prompt: Infill | Chat
    max_tokens: int
    priority: Priority
    stops: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    reply_schema: dict[str, Any] | None = None
    deadline_ms: int | None = None
    supersedes: str = ""


Finish = Literal["end", "stop", "length", "deadline", "cancelled", "superseded", "enough"]


@dataclass(frozen=True)
class Generation:
    """What the model wrote, and what it cost.

    `finish` says why it ended: the model ended it, a stop text, the token limit, the deadline, a
    cancel, a newer request, or the caller who had `enough`. `reused_tokens` of the
    `prompt_tokens` were not read again. Times are milliseconds since the request arrived.
    """

    text: str
    finish: Finish
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True)
class ModelFacts:
    """What the engine found in the weights that it loaded."""

    name: str
    architecture: str
    parameters: int
    context_tokens: int
    can_infill: bool
    can_roll_back: bool


class EngineError(Exception):
    """The engine could not do it. The text is one sentence for the user."""


class EngineUnavailableError(EngineError):
    """There is no model or no engine process to ask."""


class PromptTooLongError(EngineError):
    """The prompt and the reply do not fit into the context."""


class Engine(Protocol):
    """What features ask. The real one is `client.EngineClient`."""

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the generation; raises EngineError.

        Both callbacks get the whole text so far; `enough` ends the generation early by returning
        True. Cancelling the awaiting task cancels the work within one model call.
        """
        ...
