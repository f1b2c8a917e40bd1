"""The speed of a model on this machine: what is measured, and in which order.

The figures come from `speeds`, `trace`, `waiting` and `peer`, each in a file of its own;
`bench_tables` puts them into words. The order matters: the engine is started anew, so that nothing
is remembered, and the peer types the trace in turns with the model here, so that what else the
machine does meets both.
"""

import asyncio
import dataclasses
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from qwen_lsp.evaluation.kills import KillFigures
from qwen_lsp.evaluation.peer import Peer, PeerFigures, PeerTyping
from qwen_lsp.evaluation.speeds import (
    MeasuredEngine,
    Speculation,
    reading_speed,
    speculation,
    throughput,
    writing_speed,
)
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import Asked, Trace, longest_stall, type_along, typing_trace
from qwen_lsp.evaluation.waiting import (
    CancelFigures,
    ReviewFigures,
    cancel_to_idle,
    type_during_review,
)
from qwen_lsp.features.model import LocalModel
from qwen_lsp.settings import Settings


@dataclass(frozen=True)
class TypingFigures:
    """What the trace cost. Times are milliseconds.

    `cold_ms` and `cold_tokens` are of the first request, which comes to a place that the engine
    does not know; the rest is of the requests after it. `tokens_per_key` are the tokens read for
    all of them over the keys that were typed meanwhile, and `late` is how many suggestions were cut
    off by the deadline of the settings. `loop_stall_ms` is how long the event loop
    of the asking process stood still at most.
    """

    keys: int
    cold_ms: float
    cold_tokens: int
    requests: int
    prompt_tokens: Spread
    tokens_read: Spread
    tokens_per_key: float
    tokens_written: Spread
    first_token_ms: Spread
    suggestion_ms: Spread
    late: int
    loop_stall_ms: float


@dataclass(frozen=True)
class EngineFigures:
    """What the engine says of itself when all is measured; None where it does not say it.

    Speeds are tokens a second, measured once for a machine and kept; `restore_ms` is the median of
    going back to a checkpoint. The tokens are those of all requests.
    """

    memory_bytes: int
    checkpoints: int | None
    checkpoint_bytes: int | None
    restore_ms: float | None
    prompt_speed: float | None
    generation_speed: float | None
    drafted_tokens: int | None
    accepted_tokens: int | None


@dataclass(frozen=True)
class Bench:
    """What was measured. Times are milliseconds, speeds tokens a second.

    `context_tokens` is how much of the file a prompt holds at most, which `is_fitted` to the speed
    that the engine knows of, or set by the user. `throughput` has the speed of 1, 2, 4 and 8
    requests at once, all of them together.
    """

    model: str
    threads: int
    machine: str
    others: str
    context_tokens: int
    is_fitted: bool
    load_ms: float
    prompt_speed: float
    generation_speed: float
    typing: TypingFigures
    cancel: CancelFigures
    review: ReviewFigures
    speculation: Speculation
    throughput: dict[str, float]
    engine: EngineFigures
    asking_bytes: int
    took_seconds: float
    peer: PeerFigures | None = None
    kills: KillFigures | None = None

    def data(self) -> dict[str, Any]:
        """Return the figures as plain data."""
        return asdict(self)


async def measure(
    model: LocalModel,
    engine: MeasuredEngine,
    settings: Settings,
    peer: Peer | None,
    on_step: Callable[[str], None],
) -> Bench:
    """Return the figures of one model. `on_step` is told what is measured next.

    The engine is started anew. Raises EngineError, and PeerError before anything is measured where
    the peer does not answer.
    """
    began = time.monotonic()
    beside = PeerTyping(peer, await peer.model()) if peer else None
    trace = typing_trace()
    on_step("loading the model")
    await engine.start()
    await engine.restart()
    busy_before = others()
    ready = await engine.start()
    on_step("reading and writing")
    prompt_speed = await reading_speed(engine, trace.code)
    generation_speed = await writing_speed(engine)
    on_step(f"typing {trace.keys} keys" + (f", here and at {peer.url}" if peer else ""))
    asked, stall_ms = await _type(trace, model, settings, beside)
    on_step("cancelling")
    cancel = await cancel_to_idle(engine, trace.code)
    on_step("typing during a review")
    document = trace.document(len(trace.typed))
    review = await type_during_review(model, engine, document, asked[1:])
    on_step("rewriting with drafts and without")
    drafts = await speculation(engine)
    on_step("several requests at once")
    together = await throughput(engine)
    status = await engine.status()
    set_tokens = settings.context.max_tokens
    return Bench(
        model=status["model"],
        threads=status["threads"],
        machine=f"{psutil.cpu_count(logical=False)} cores, "
        f"{psutil.virtual_memory().total / 1e9:.0f} GB",
        others=busy_before,
        context_tokens=set_tokens
        or model.fitting_context_tokens(settings.inline_completion.deadline_ms),
        is_fitted=not set_tokens,
        load_ms=ready.load_ms,
        prompt_speed=prompt_speed,
        generation_speed=generation_speed,
        typing=_typing_figures(trace, asked, stall_ms),
        cancel=cancel,
        review=review,
        speculation=drafts,
        throughput=together,
        engine=_engine_figures(status),
        asking_bytes=psutil.Process().memory_info().rss,
        took_seconds=time.monotonic() - began,
        peer=beside.figures() if beside else None,
    )


async def _type(
    trace: Trace, model: LocalModel, settings: Settings, beside: PeerTyping | None
) -> tuple[list[Asked], float]:
    """Return what was asked, and how long the event loop stood still at most."""
    watch = asyncio.ensure_future(longest_stall())
    await asyncio.sleep(0)  # a task that never began could not return what it saw
    try:
        asked = await type_along(trace, model, settings, beside.ask if beside else None)
    finally:
        watch.cancel()
    return asked, await watch


def _typing_figures(trace: Trace, asked: Sequence[Asked], stall_ms: float) -> TypingFigures:
    cold, warm = asked[0], asked[1:]
    return TypingFigures(
        keys=trace.keys,
        cold_ms=cold.ms,
        cold_tokens=cold.tokens_read,
        requests=len(warm),
        prompt_tokens=Spread.of(each.generation.prompt_tokens for each in warm),
        tokens_read=Spread.of(each.tokens_read for each in warm),
        tokens_per_key=sum(each.tokens_read for each in warm) / trace.keys,
        tokens_written=Spread.of(each.generation.generated_tokens for each in warm),
        first_token_ms=Spread.of(each.first_token_ms for each in warm),
        suggestion_ms=Spread.of(each.ms for each in warm),
        late=sum(each.generation.finish == "deadline" for each in warm),
        loop_stall_ms=stall_ms,
    )


def _engine_figures(status: dict[str, Any]) -> EngineFigures:
    """Return the figures that the status has under the same names."""
    names = [entry.name for entry in dataclasses.fields(EngineFigures)]
    known: dict[str, Any] = {name: status.get(name) for name in names}
    return EngineFigures(**known)


def others() -> str:
    """Return what else the machine is doing. Takes half a second."""
    psutil.cpu_percent(None)
    time.sleep(0.5)
    busy = psutil.cpu_percent(None)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{busy:.0f} % of the CPU busy{load}"
