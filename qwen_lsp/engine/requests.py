"""What one asks of an engine, and what comes back. Plain data, the same on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol


class Priority(IntEnum):
    """Who goes first. AHEAD is what nobody asked for yet: reading a prompt that may come."""

    TYPING = 0
    ACTION = 1
    REVIEW = 2
    AHEAD = 3


@dataclass(frozen=True)
class Infill:
    """Fill the hole between `prefix` + `middle` and `suffix`.

    `middle` is the text directly before the cursor. It stands behind the infill token, as the
    beginning of what the model writes, so that typing only appends to the prompt (the anchored
    form; docs/architecture.md says why). `marks` are places in the text before the cursor that
    later prompts are likely to share, as code points back from its end (0 is none): hybrid models
    keep checkpoints there. The same index is the same kind of place in every prompt.

    `files` are parts of other files of the repository, each as its path, a line end and its text,
    and `here` is the head of the file at hand. They stand at the front of the prompt, in the
    model's own format for repositories, or as plain text where it has none.
    """

    prefix: str
    suffix: str
    middle: str = ""
    marks: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    repository: str = ""
    here: str = ""


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
    held to by a grammar, and `reply_grammar` one in llama.cpp's own form (GBNF, its first rule is
    `root`), which counts only without a schema. With `scored` the result says how likely each
    token was. `deadline_ms` counts from the arrival in the engine; at the deadline what
    has been written so far is the result. A newer request with the same `supersedes` key and
    priority takes the place of an older one, and of one that only reads ahead. With a `max_tokens`
    of 0 the prompt is only read. What the model writes begins with the text `begun`, which is not
    part of the result: a word that the user has typed half of. With `first_words`, the word that
    `begun` ends in, or that follows it directly, is one of these, and their values, all above 0,
    say how likely each is before the model is asked; the empty word stands for all others. Where
    `begun` fits none of them they do not count. `speculate` says whether to guess tokens ahead,
    which changes the speed and not the text; None lets the engine decide by what it measured.
    """

    prompt: Infill | Chat
    max_tokens: int
    priority: Priority
    stops: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    reply_schema: dict[str, Any] | None = None
    reply_grammar: str = ""
    scored: bool = False
    deadline_ms: int | None = None
    supersedes: str = ""
    begun: str = ""
    first_words: Mapping[str, float] = field(default_factory=dict[str, float])
    speculate: bool | None = None


Finish = Literal["end", "stop", "length", "deadline", "cancelled", "superseded", "enough"]


@dataclass(frozen=True)
class TokenScore:
    """A token that was written, and the natural logarithm of how likely the model found it.

    What a grammar forbids counts as well: a token that the model did not want and had to take has
    a low score.
    """

    text: str
    log_probability: float


@dataclass(frozen=True)
class Generation:
    """What the model wrote, and what it cost.

    `finish` says why it ended: the model ended it, a stop text, the token limit, the deadline, a
    cancel, a newer request, or the caller who had `enough`. `reused_tokens` of the
    `prompt_tokens` were not read again; `accepted_tokens` of the `drafted_tokens`, which were
    guessed, were right. Times are milliseconds since the request arrived. `scores` are those of the
    written tokens, of the one that ended the text as well, where the request asked for them.
    """

    text: str
    finish: Finish
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    first_token_ms: float = 0.0
    total_ms: float = 0.0
    scores: tuple[TokenScore, ...] = ()


@dataclass(frozen=True)
class Speed:
    """How fast a model is on this machine, alone.

    `prompt_speed` is tokens a second while a prompt is read, `token_ms` one token written, and
    `verify_ms` one call that checks `verify_tokens` tokens, such as a draft.
    """

    prompt_speed: float
    token_ms: float
    verify_ms: float
    verify_tokens: int


@dataclass(frozen=True)
class ModelFacts:
    """What the engine found in the weights that it loaded, and how fast they are here."""

    name: str
    architecture: str
    parameters: int
    context_tokens: int
    can_infill: bool
    can_roll_back: bool
    speed: Speed | None = None


class EngineError(Exception):
    """The engine could not do it. The text is one sentence for the user."""


class EngineUnavailableError(EngineError):
    """There is no model or no engine process to ask."""


class PromptTooLongError(EngineError):
    """The prompt and the reply do not fit into the context."""


class Engine(Protocol):
    """What features ask. The real ones are `client.EngineClient` and `endpoint`'s."""

    @property
    def facts(self) -> ModelFacts | None:
        """What was found in the weights; None before they are loaded."""
        ...

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


class EngineConnection(Engine, Protocol):
    """An engine that is somebody else's process, which one reaches and leaves."""

    async def start(self) -> object:
        """Reach it and wait until its model is loaded; raises EngineError."""
        ...

    async def restart(self) -> None:
        """Begin anew with the next request."""
        ...

    async def close(self) -> None:
        """Leave it."""
        ...
