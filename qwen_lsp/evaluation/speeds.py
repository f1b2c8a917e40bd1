"""How fast the model reads and writes: alone, several requests at once, with and without drafts."""

import asyncio
import time
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
    drafted_tokens: int
    accepted_tokens: int
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
    prompt = Infill("", "", "numbers = [1, 2,")
    request = GenerateRequest(prompt, _WRITTEN_TOKENS, Priority.ACTION, speculate=False)
    return median([_writing_speed(await engine.generate(request)) for _ in range(2)])


async def throughput(engine: Engine) -> dict[str, float]:
    """Return tokens a second of 1, 2, 4 and 8 requests at once, all of them together."""
    return {str(count): await _together(engine, count) for count in _TOGETHER}


async def speculation(engine: Engine) -> Speculation:
    """Return what drafts bring in a rewrite; raises EngineError."""
    request = GenerateRequest(
        Chat((Message("user", f"Repeat this function with type hints:\n\n{_REWRITTEN}"),)),
        _REWRITTEN_TOKENS,
        Priority.ACTION,
    )
    plain, drafted = replace(request, speculate=False), replace(request, speculate=True)
    # In turns, so that what else the machine does meets both.
    pairs = [(await engine.generate(plain), await engine.generate(drafted)) for _ in range(2)]
    slow = median(_writing_speed(pair[0]) for pair in pairs)
    fast = median(_writing_speed(pair[1]) for pair in pairs)
    return Speculation(
        plain_speed=slow,
        drafted_speed=fast,
        speed_up=fast / slow if slow else 0.0,
        drafted_tokens=sum(pair[1].drafted_tokens for pair in pairs),
        accepted_tokens=sum(pair[1].accepted_tokens for pair in pairs),
        same_text=len({each.text for pair in pairs for each in pair}) == 1,
    )


async def _together(engine: Engine, count: int) -> float:
    # Short prompts, each another, so that next to nothing is read and nothing shared.
    requests = [
        GenerateRequest(
            Infill("", "", f"row_{count}_{number} = [{number}, {number + 1},"),
            _TOKENS_TOGETHER,
            Priority.ACTION,
            speculate=False,
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
