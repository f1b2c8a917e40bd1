"""How fast the model reads and writes: alone, several requests at once, with and without drafts."""

import asyncio
import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from qwen_lsp.engine.messages import Ready
from qwen_lsp.engine.requests import (
    Chat,
    Engine,
    GenerateRequest,
    Generation,
    Infill,
    Message,
    Priority,
)
from qwen_lsp.evaluation.spread import median

_READ_CODE_POINTS = 1800
_WRITTEN_TOKENS = 64
_TOGETHER = (1, 2, 4, 8)
_TOKENS_TOGETHER = 32
_REWRITTEN_TOKENS = 160
_REWRITTEN = '''\
def merge_ranges(ranges, gap):
    """Join the ranges that touch or lie at most `gap` apart."""
    merged = []
    for start, end in sorted(ranges):
        if merged and start - merged[-1][1] <= gap:
            last_start, last_end = merged[-1]
            merged[-1] = (last_start, max(last_end, end))
        else:
            merged.append((start, end))
    return merged
'''


class MeasuredEngine(Engine, Protocol):
    """What is measured. The real one is `EngineClient`."""

    async def start(self) -> Ready:
        """Wait until the model is loaded; raises EngineError."""
        ...

    async def restart(self) -> None:
        """End the engine process."""
        ...

    async def status(self) -> dict[str, Any]:
        """Return what the engine says of itself."""
        ...


@dataclass(frozen=True)
class Speculation:
    """A function rewritten with and without drafts. Speeds are tokens a second.

    `speed_up` is drafted over plain, and `same_text` says whether drafts changed nothing else.
    """

    plain_speed: float
    drafted_speed: float
    speed_up: float
    drafted_tokens: int | None
    accepted_tokens: int | None
    same_text: bool


async def reading_speed(engine: Engine, code: str) -> float:
    """Return tokens of a prompt read a second, from about 500 tokens that are new to the engine.

    The median of two; `code` must be twice as long. Raises EngineError.
    """
    speeds: list[float] = []
    for start in (0, _READ_CODE_POINTS):
        prompt = Infill(code[start : start + _READ_CODE_POINTS], "")
        read = await engine.generate(GenerateRequest(prompt, 1, Priority.ACTION))
        fresh = read.prompt_tokens - read.reused_tokens
        speeds.append(fresh / max(read.first_token_ms, 1) * 1000)
    return median(speeds)


async def writing_speed(engine: Engine) -> float:
    """Return tokens written a second behind a short prompt, without drafts; the median of two."""
    request = _without_drafts(
        GenerateRequest(Infill("", "", "numbers = [1, 2,"), _WRITTEN_TOKENS, Priority.ACTION)
    )
    return median([_writing_speed(await engine.generate(request)) for _ in range(2)])


async def throughput(engine: Engine) -> dict[str, float]:
    """Return tokens a second of 1, 2, 4 and 8 requests at once, all of them together."""
    return {str(count): await _together(engine, count) for count in _TOGETHER}


async def speculation(engine: MeasuredEngine) -> Speculation | None:
    """Return what drafts bring in a rewrite; None for an engine that cannot do without them."""
    request = GenerateRequest(
        Chat((Message("user", f"Repeat this function with type hints:\n\n{_REWRITTEN}"),)),
        _REWRITTEN_TOKENS,
        Priority.ACTION,
    )
    plain, drafted = _drafting(request, False), _drafting(request, True)
    if plain is None or drafted is None:
        return None
    before = await engine.status()
    # In turns, so that what else the machine does meets both.
    pairs = [(await engine.generate(plain), await engine.generate(drafted)) for _ in range(2)]
    after = await engine.status()
    slow = median(_writing_speed(pair[0]) for pair in pairs)
    fast = median(_writing_speed(pair[1]) for pair in pairs)
    return Speculation(
        plain_speed=slow,
        drafted_speed=fast,
        speed_up=fast / slow if slow else 0.0,
        drafted_tokens=_difference(before, after, "drafted_tokens"),
        accepted_tokens=_difference(before, after, "accepted_tokens"),
        same_text=len({each.text for pair in pairs for each in pair}) == 1,
    )


async def _together(engine: Engine, count: int) -> float:
    # Short prompts, each another, so that next to nothing is read and nothing shared.
    requests = [
        _without_drafts(
            GenerateRequest(
                Infill("", "", f"row_{count}_{number} = [{number}, {number + 1},"),
                _TOKENS_TOGETHER,
                Priority.ACTION,
            )
        )
        for number in range(count)
    ]
    began = time.monotonic()
    written = await asyncio.gather(*map(engine.generate, requests))
    seconds = time.monotonic() - began
    return sum(each.generated_tokens for each in written) / max(seconds, 1e-6)


def _writing_speed(generation: Generation) -> float:
    """Return tokens a second from the first token to the last."""
    ms = generation.total_ms - generation.first_token_ms
    return (generation.generated_tokens - 1) / max(ms, 1) * 1000


def _without_drafts(request: GenerateRequest) -> GenerateRequest:
    return _drafting(request, False) or request


def _drafting(request: GenerateRequest, wanted: bool) -> GenerateRequest | None:
    """Return the request with drafts or without; None where the engine leaves no choice."""
    if "speculate" not in {entry.name for entry in dataclasses.fields(request)}:
        return None
    changes: dict[str, Any] = {"speculate": wanted}
    return replace(request, **changes)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> int | None:
    return after[name] - before[name] if name in before and name in after else None
