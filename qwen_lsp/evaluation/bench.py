"""The speed of a model on this machine: loading, reading, writing, and a typing trace.

The trace types a function at the end of a real file, and asks for a suggestion after every few
keys, as an editor does; remembered suggestions are left out, so each one is the model's.
"""

import asyncio
import os
import statistics
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.requests import GenerateRequest, Generation, Infill, Priority
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.suggestions import Suggestions
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document

_TYPED = """

def cheapest(prices, limit):
    found = []
    for name, price in prices.items():
        if price <= limit:
            found.append(name)
    return sorted(found)
"""
_KEYS_PER_REQUEST = 3
_WRITTEN_TOKENS = 64


class _Recorder:
    """An engine that notes what each generation cost."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client
        self.facts = client.facts
        self.generations: list[Generation] = []

    async def generate(self, request: GenerateRequest, **callbacks: Any) -> Generation:
        generation = await self._client.generate(request, **callbacks)
        self.generations.append(generation)
        return generation


@dataclass(frozen=True)
class Bench:
    """What was measured. Times are milliseconds, speeds tokens a second."""

    model: str
    threads: int
    machine: str
    others: str
    load_ms: float
    prompt_speed: float
    generation_speed: float
    keystrokes: int
    tokens_read_per_request_p50: float
    tokens_read_per_request_p95: float
    first_token_ms_p50: float
    suggestion_ms_p50: float
    suggestion_ms_p95: float
    loop_stall_ms: float
    engine_bytes: int
    server_bytes: int

    def data(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self)


async def measure(model: LocalModel, client: EngineClient, code: str) -> Bench:
    """Return the figures of one model; `code` is a Python file that the trace types into.

    The engine is started anew. Raises EngineError.
    """
    await client.start()
    await client.restart()
    others = _others()
    ready = await client.start()
    reading = await client.generate(GenerateRequest(Infill(code[:2000], ""), 1, Priority.ACTION))
    writing = await client.generate(
        GenerateRequest(Infill("", "", "numbers = [1, 2,"), _WRITTEN_TOKENS, Priority.REVIEW)
    )
    recorder = _Recorder(client)
    typing_model = LocalModel(recorder, model.templates)
    watch = asyncio.ensure_future(_longest_stall())
    times = await _type(typing_model, code)
    watch.cancel()
    stall_ms = (await asyncio.gather(watch, return_exceptions=True))[0]
    status = await client.status()
    # The first request reads the file; the trace is what comes after it.
    typed = recorder.generations[1:]
    read = [float(each.prompt_tokens - each.reused_tokens) for each in typed]
    return Bench(
        model=status["model"],
        threads=status["threads"],
        machine=f"{psutil.cpu_count(logical=False)} cores, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        others=others,
        load_ms=ready.load_ms,
        prompt_speed=reading.prompt_tokens / max(reading.first_token_ms, 1) * 1000,
        generation_speed=(writing.generated_tokens - 1)
        / max(writing.total_ms - writing.first_token_ms, 1)
        * 1000,
        keystrokes=len(_TYPED),
        tokens_read_per_request_p50=statistics.median(read),
        tokens_read_per_request_p95=_p95(read),
        first_token_ms_p50=statistics.median(each.first_token_ms for each in typed),
        suggestion_ms_p50=statistics.median(times[1:]),
        suggestion_ms_p95=_p95(times[1:]),
        loop_stall_ms=stall_ms if isinstance(stall_ms, float) else 0.0,
        engine_bytes=status["memory_bytes"],
        server_bytes=psutil.Process().memory_info().rss,
    )


async def _type(model: LocalModel, code: str) -> list[float]:
    """Type the trace; return the milliseconds of each request that the model was asked for."""
    settings, times = Settings(), list[float]()
    for end in range(0, len(_TYPED) + 1, _KEYS_PER_REQUEST):
        text = code.rstrip() + _TYPED[:end]
        document = Document("file:///bench.py", "bench.py", "python", end, text)
        model.last_prompt = None
        began = time.monotonic()
        await complete(document, len(text), model, settings, Suggestions())
        if model.last_prompt is not None:
            times.append((time.monotonic() - began) * 1000)
    return times


async def _longest_stall(every_ms: float = 5.0) -> float:
    """Return, when cancelled, how much too late this event loop woke at most, in milliseconds."""
    longest_ms = 0.0
    try:
        while True:
            began = time.monotonic()
            await asyncio.sleep(every_ms / 1000)
            longest_ms = max(longest_ms, (time.monotonic() - began) * 1000 - every_ms)
    except asyncio.CancelledError:
        return longest_ms


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def _others() -> str:
    """Return what else the machine was doing before the measurement."""
    psutil.cpu_percent(None)
    time.sleep(0.5)
    busy = psutil.cpu_percent(None)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{busy:.0f} % of the CPU busy{load}"
