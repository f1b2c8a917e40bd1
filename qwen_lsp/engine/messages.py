"""The messages between a client and the engine process, as JSON.

`PROTOCOL` is raised with every change that an older peer would misread; a client that meets
another number starts an engine of its own (the number is part of the engine's key).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cattrs.preconf.json import make_converter
from cattrs.strategies import configure_tagged_union

from qwen_lsp.engine.requests import Chat, GenerateRequest, Generation, Infill, ModelFacts

PROTOCOL = 4


@dataclass(frozen=True)
class Generate:
    """Client: please do this; `id` is the client's own."""

    id: int
    request: GenerateRequest


@dataclass(frozen=True)
class Cancel:
    """Client: stop request `id`; its answer still comes, with what there is."""

    id: int
    had_enough: bool = False


@dataclass(frozen=True)
class AskStatus:
    """Client: tell me how you are."""

    id: int


@dataclass(frozen=True)
class Stop:
    """Client: end the process."""


@dataclass(frozen=True)
class Loading:
    """Engine: the weights are being read; `fraction` of them is done."""

    fraction: float


@dataclass(frozen=True)
class Ready:
    """Engine: the model can be asked."""

    facts: ModelFacts
    load_ms: float


@dataclass(frozen=True)
class LoadFailed:
    """Engine: there will be no model; the process ends."""

    reason: str


@dataclass(frozen=True)
class Text:
    """Engine: more text for request `id`."""

    id: int
    text: str


@dataclass(frozen=True)
class Done:
    """Engine: request `id` is finished."""

    id: int
    generation: Generation


@dataclass(frozen=True)
class Failed:
    """Engine: request `id` could not be done."""

    id: int
    reason: str
    too_long: bool = False


@dataclass(frozen=True)
class Status:
    """Engine: the answer to AskStatus."""

    id: int
    status: dict[str, Any]


EngineMessage = (
    Generate
    | Cancel
    | AskStatus
    | Stop
    | Loading
    | Ready
    | LoadFailed
    | Text
    | Done
    | Failed
    | Status
)

# Told of what becomes of the model.
OnState = Callable[[Loading | Ready | LoadFailed], None]

_converter = make_converter()
configure_tagged_union(Infill | Chat, _converter, tag_name="kind")
configure_tagged_union(EngineMessage, _converter, tag_name="message")


def encode(message: EngineMessage) -> bytes:
    """Return the JSON of a message, in ASCII: so lone surrogates in a text arrive as they are."""
    return _converter.dumps(message, unstructure_as=EngineMessage).encode("ascii")


def decode(data: bytes) -> EngineMessage:
    """Return the message in `data`; raises ValueError where it is none."""
    try:
        return _converter.loads(data.decode("utf-8"), EngineMessage)  # pyright: ignore[reportArgumentType, reportReturnType, reportUnknownVariableType]  # a union is a valid target for cattrs
    except Exception as error:
        raise ValueError(f"not a message of protocol {PROTOCOL}") from error
