"""How long one waits for an engine that is at something else: after a cancel, during a review."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.evaluation.speeds import MeasuredEngine
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import Asked, first_token_ms, recorded
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review import functions_to_review, review_function
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Document

_CANCELS = 5
_READ_CODE_POINTS = 3000
_WRITTEN_TOKENS = 256
_WORK_SECONDS = 0.25
_IDLE_SECONDS = 60.0
_POLL_SECONDS = 0.001
# A key every 100 ms or so, and one request every two keys.
_PAUSE_SECONDS = (0.05, 0.25)
_REVIEW_HEAD_START_SECONDS = 0.5
_SEED = 20


@dataclass(frozen=True)
class CancelFigures:
    """Milliseconds from the cancel until the engine has nothing left to do."""

    reading_ms: Spread
    writing_ms: Spread


@dataclass(frozen=True)
class ReviewFigures:
    """Typing while a review runs: milliseconds from a request's arrival to its first token.

    `quiet_ms` is the same of the same requests directly before, without a review.
    `review_requests` tells how many requests of the review were answered meanwhile, so that nobody
    is served by starving it.
    """

    first_token_ms: Spread
    quiet_ms: Spread
    review_requests: int


async def cancel_to_idle(engine: MeasuredEngine, code: str) -> CancelFigures:
    """Cancel requests that read and requests that write; raises EngineError.

    `code` is read in pieces that the engine must not know yet. Whether the engine is idle is
    asked every millisecond, so a figure is one or two milliseconds too high.
    """
    reading: list[float] = []
    writing: list[float] = []
    for number in range(_CANCELS):
        start = number * (len(code) - _READ_CODE_POINTS) // _CANCELS
        prompt = Infill(code[start : start + _READ_CODE_POINTS], f"# {number}\n")
        reading += await _cancel(
            engine, GenerateRequest(prompt, 1, Priority.ACTION), when_writing=False
        )
        prompt = Infill("", "", f"numbers_{number} = [{number}, 2,")
        writing += await _cancel(
            engine, GenerateRequest(prompt, _WRITTEN_TOKENS, Priority.ACTION), when_writing=True
        )
    return CancelFigures(Spread.of(reading), Spread.of(writing))


async def type_during_review(
    model: LocalModel, engine: MeasuredEngine, document: Document, asked: Sequence[Asked]
) -> ReviewFigures:
    """Ask again what was `asked`, while the functions of `document` are reviewed over and over.

    Of each suggestion only the first token is awaited. Raises EngineError.
    """
    quiet = await _first_tokens(engine, asked)
    reviewer, recorder = recorded(model)
    reviewer.finds_bugs = True  # so that there is something to do
    review = asyncio.ensure_future(_review(reviewer, document))
    try:
        await asyncio.sleep(_REVIEW_HEAD_START_SECONDS)
        reviewed = await _first_tokens(engine, asked)
    finally:
        review.cancel()
        # Its own error says why there was no review; a cancel is how it should end.
        with contextlib.suppress(asyncio.CancelledError):
            await review
    return ReviewFigures(reviewed, quiet, len(recorder.generations))


async def _first_tokens(engine: MeasuredEngine, asked: Sequence[Asked]) -> Spread:
    """Return how long the first tokens took, in milliseconds, at the pace of somebody who types."""
    chance = random.Random(_SEED)  # noqa: S311 - pauses, not secrets
    times: list[float] = []
    for each in asked:
        await asyncio.sleep(chance.uniform(*_PAUSE_SECONDS))
        first = replace(each.request, max_tokens=1, deadline_ms=None)
        times.append(first_token_ms(await engine.generate(first)))
    return Spread.of(times)


async def _review(model: LocalModel, document: Document) -> None:
    targets = functions_to_review(document)
    while True:
        for target in targets:
            await review_function(target, model, ReviewSettings())
            await asyncio.sleep(0)


async def _cancel(
    engine: MeasuredEngine, request: GenerateRequest, *, when_writing: bool
) -> list[float]:
    """Return the milliseconds from the cancel to the idle engine; none where it was too late."""
    began_writing = asyncio.Event()
    work = asyncio.ensure_future(
        engine.generate(request, on_text=lambda _text: began_writing.set())
    )
    if when_writing:
        wait = asyncio.ensure_future(began_writing.wait())
        await asyncio.wait((work, wait), return_when=asyncio.FIRST_COMPLETED)
        wait.cancel()
    await asyncio.wait((work,), timeout=_WORK_SECONDS)
    began = time.monotonic()
    if not work.cancel():
        await work
        return []
    with contextlib.suppress(asyncio.CancelledError):
        await work
    while await _is_busy(engine):
        if time.monotonic() - began > _IDLE_SECONDS:
            raise EngineError(f"The engine was still at work {_IDLE_SECONDS:.0f} s after a cancel.")
        await asyncio.sleep(_POLL_SECONDS)
    return [(time.monotonic() - began) * 1000]


async def _is_busy(engine: MeasuredEngine) -> bool:
    status = await engine.status()
    return bool(status.get("waiting", 0) or status.get("running", 0))
