"""Speeds are worked out from what the engine counted; drafts are compared where there are any."""

from dataclasses import replace

import pytest

from qwen_lsp.engine.requests import Chat, GenerateRequest, Infill
from qwen_lsp.evaluation.speeds import reading_speed, speculation, throughput, writing_speed
from tests.harness.measured import COST, MeasuredEngine

CODE = "".join(f"value_{number} = {number}\n" for number in range(400))


def infill(request: GenerateRequest) -> Infill:
    assert isinstance(request.prompt, Infill)
    return request.prompt


async def test_only_what_was_read_counts_as_read() -> None:
    engine = MeasuredEngine()
    assert await reading_speed(engine, CODE) == pytest.approx(2 / 0.010)
    first, second = map(infill, engine.requests)
    assert first.prefix
    assert second.prefix
    assert (first.prefix + second.prefix) in CODE


async def test_writing_is_timed_from_the_first_token_on() -> None:
    assert await writing_speed(MeasuredEngine()) == pytest.approx(4 / 0.040)


async def test_so_many_requests_are_under_way_at_once() -> None:
    engine = MeasuredEngine()
    speeds_together = await throughput(engine)
    assert list(speeds_together) == ["1", "2", "4", "8"]
    assert all(speed > 0 for speed in speeds_together.values())
    assert engine.most_running == 8
    assert len({infill(request).middle for request in engine.requests}) == 1 + 2 + 4 + 8


async def test_with_drafts_and_without_in_turns() -> None:
    engine = MeasuredEngine(cost=replace(COST, drafted_tokens=30, accepted_tokens=20))
    found = await speculation(engine)
    assert [request.speculate for request in engine.requests] == [False, True] * 2
    assert all(isinstance(request.prompt, Chat) for request in engine.requests)
    assert found.speed_up == pytest.approx(1.0)
    assert (found.drafted_tokens, found.accepted_tokens) == (60, 40)
    assert found.same_text


async def test_speeds_are_those_without_drafts() -> None:
    engine = MeasuredEngine()
    await writing_speed(engine)
    await throughput(engine)
    assert not any(request.speculate is not False for request in engine.requests)
