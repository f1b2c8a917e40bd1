"""Waiting: a cancelled engine is asked until it is idle; typing goes on during a review."""

import asyncio
from itertools import count

import pytest

from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.evaluation import waiting
from qwen_lsp.evaluation.trace import Asked
from qwen_lsp.evaluation.waiting import cancel_to_idle, type_during_review
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.text import Document
from tests.harness.measured import COST, MeasuredEngine

CODE = "def first(items):\n    chosen = items[0]\n    return chosen\n" * 100
TYPED = GenerateRequest(Infill("a", "b"), 96, Priority.TYPING, deadline_ms=4000)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_WORK_SECONDS", 0.01)
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", (0.0, 0.001))
    monkeypatch.setattr(waiting, "_REVIEW_HEAD_START_SECONDS", 0.001)


async def test_a_cancel_is_over_when_nothing_is_under_way() -> None:
    asked = count()

    class Slow(MeasuredEngine):
        """It is busy for three questions after each cancel."""

        async def status(self) -> dict[str, int]:
            return {"waiting": 0, "running": next(asked) % 4 != 3}

    async def work(_request: GenerateRequest) -> None:
        await asyncio.sleep(60)

    engine = Slow(before_answer=work)
    figures = await cancel_to_idle(engine, CODE)
    assert (figures.reading_ms.count, figures.writing_ms.count) == (5, 5)
    assert next(asked) == 5 * 4 * 2


async def test_what_was_done_before_the_cancel_does_not_count() -> None:
    figures = await cancel_to_idle(MeasuredEngine(), CODE)
    assert (figures.reading_ms.count, figures.writing_ms.count) == (0, 0)


async def test_an_engine_that_never_gets_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_IDLE_SECONDS", 0.02)

    async def work(_request: GenerateRequest) -> None:
        await asyncio.sleep(60)

    engine = MeasuredEngine(before_answer=work)
    engine.said["running"] = 1
    with pytest.raises(EngineError, match="still at work"):
        await cancel_to_idle(engine, CODE)


async def test_typing_asks_for_one_token_while_a_review_runs() -> None:
    engine = MeasuredEngine()
    document = Document("", "a.py", "python", 0, CODE)
    asked = [Asked(0, 50.0, TYPED, COST) for _ in range(20)]
    figures = await type_during_review(LocalModel(engine, Templates()), engine, document, asked)
    typed = [request for request in engine.requests if request.priority is Priority.TYPING]
    assert {(request.max_tokens, request.deadline_ms) for request in typed} == {(1, None)}
    assert (figures.first_token_ms.count, figures.first_token_ms.p50) == (20, 10.0)
    assert (figures.quiet_ms.count, figures.quiet_ms.p50) == (20, 10.0)
    assert len(typed) == 40
    reviewed = [request for request in engine.requests if request.priority is Priority.REVIEW]
    # One may be under way when the typing ends.
    assert 0 < len(reviewed) - 1 <= figures.review_requests <= len(reviewed)


async def test_a_review_that_fails_is_told() -> None:
    async def fail(request: GenerateRequest) -> None:
        if request.priority is Priority.REVIEW:
            raise EngineError("No review today.")

    engine = MeasuredEngine(before_answer=fail)
    document = Document("", "a.py", "python", 0, CODE)
    with pytest.raises(EngineError, match="No review today"):
        await type_during_review(LocalModel(engine, Templates()), engine, document, [])
