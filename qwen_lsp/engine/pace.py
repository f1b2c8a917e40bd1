"""From the measured speed to how the engine works, so that it fits a small laptop and a big GPU."""

import os
from dataclasses import dataclass
from typing import Literal

import psutil

from qwen_lsp.engine.requests import Speed

Drafts = Literal["auto", "on", "off"]

# The longest that a more urgent request should wait for a model call under way.
_CALL_SECONDS = 0.65
_CHUNKS = (16, 32, 64, 128)
# A draft that is right throughout must save this much, since many are wrong.
_WORTHWHILE = 1.3
# On a hybrid model the right part of a wrong draft is read twice.
_WORTHWHILE_READ_TWICE = 2.0

_FEWEST_CONTEXT_TOKENS, _MOST_CONTEXT_TOKENS = 192, 4096
_CONTEXT_STEP_TOKENS = 64
# What of the deadline is for reading at a new place: other programs run as well.
_READING_SHARE = 0.6
# A suggestion worth showing has so many tokens.
_SUGGESTION_TOKENS = 16


@dataclass(frozen=True)
class Pace:
    """How much of a prompt one model call reads, and whether tokens are guessed ahead."""

    chunk_tokens: int = 64
    drafts: bool = False


def pace_of(speed: Speed, drafts: Drafts, *, can_roll_back: bool) -> Pace:
    """Return the pace for a speed; `drafts` other than "auto" is the user's own choice."""
    fitting = [chunk for chunk in _CHUNKS if chunk <= speed.prompt_speed * _CALL_SECONDS]
    return Pace(
        chunk_tokens=max(fitting, default=_CHUNKS[0]),
        drafts=draft_gain(speed) >= (_WORTHWHILE if can_roll_back else _WORTHWHILE_READ_TWICE)
        if drafts == "auto"
        else drafts == "on",
    )


def draft_gain(speed: Speed) -> float:
    """Return how many times faster tokens come if a draft is right throughout."""
    return speed.verify_tokens * speed.token_ms / max(speed.verify_ms, 0.001)


def fitting_context_tokens(speed: Speed | None, deadline_ms: int) -> int:
    """Return how many tokens of context can be read at a new place before the deadline.

    Written tokens have to fit in as well. Without a speed the answer is a careful one.
    """
    if speed is None:
        return 2 * _FEWEST_CONTEXT_TOKENS
    seconds = (deadline_ms - _SUGGESTION_TOKENS * speed.token_ms) / 1000 * _READING_SHARE
    tokens = int(max(0.0, seconds) * speed.prompt_speed)
    tokens -= tokens % _CONTEXT_STEP_TOKENS
    return max(_FEWEST_CONTEXT_TOKENS, min(_MOST_CONTEXT_TOKENS, tokens))


def default_threads() -> int:
    """Return the threads for the model: the physical cores, less one where there are many.

    Hyper-threads add nothing to matrix products, and the editor wants a core for itself.
    """
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return cores if cores <= 4 else cores - 1
