"""From a measured speed to how the engine works: bounds, steps, and what grows with what."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.engine.pace import Drafts, draft_gain, fitting_context_tokens, pace_of
from qwen_lsp.engine.requests import Speed

FEWEST, MOST, STEP = 192, 4096, 64
CHUNKS = (16, 32, 64, 128)
# A laptop with two cores and a model of half a billion parameters.
LAPTOP = Speed(prompt_speed=130.0, token_ms=30.0, verify_ms=160.0, verify_tokens=9)

milliseconds = st.floats(0.01, 100_000)
speeds = st.builds(Speed, st.floats(0.1, 100_000), milliseconds, milliseconds, st.integers(2, 64))
deadlines = st.integers(50, 60_000)


@given(speeds, st.sampled_from(["auto", "on", "off"]), st.booleans())
def test_a_piece_is_one_of_the_known_sizes(speed: Speed, drafts: Drafts, plain: bool) -> None:
    assert pace_of(speed, drafts, can_roll_back=plain).chunk_tokens in CHUNKS


@given(speeds, st.floats(1, 100))
def test_a_faster_machine_reads_no_smaller_pieces(speed: Speed, times: float) -> None:
    faster = replace(speed, prompt_speed=speed.prompt_speed * times)
    slow, fast = (pace_of(each, "auto", can_roll_back=True) for each in (speed, faster))
    assert slow.chunk_tokens <= fast.chunk_tokens


@given(speeds)
def test_a_piece_takes_no_longer_than_a_more_urgent_request_should_wait(speed: Speed) -> None:
    chunk = pace_of(speed, "auto", can_roll_back=True).chunk_tokens
    assert chunk == CHUNKS[0] or chunk / speed.prompt_speed <= 0.65 * (1 + 1e-9)
    larger = [each for each in CHUNKS if each > chunk]
    assert not larger or larger[0] / speed.prompt_speed > 0.65 * (1 - 1e-9)


@given(speeds, st.booleans())
def test_the_user_decides_about_drafts_unless_it_is_left_to_the_engine(
    speed: Speed, plain: bool
) -> None:
    assert pace_of(speed, "on", can_roll_back=plain).drafts
    assert not pace_of(speed, "off", can_roll_back=plain).drafts


@given(speeds)
def test_what_is_read_twice_after_a_wrong_draft_must_gain_more(speed: Speed) -> None:
    hybrid, plain = (pace_of(speed, "auto", can_roll_back=each).drafts for each in (False, True))
    assert plain or not hybrid


@pytest.mark.parametrize(
    ("verify_ms", "plain", "hybrid"),
    [(50.0, True, True), (180.0, True, False), (260.0, False, False)],
)
def test_drafts_are_made_where_they_pay(verify_ms: float, plain: bool, hybrid: bool) -> None:
    speed = replace(LAPTOP, verify_ms=verify_ms)
    assert pace_of(speed, "auto", can_roll_back=True).drafts is plain
    assert pace_of(speed, "auto", can_roll_back=False).drafts is hybrid


def test_the_gain_is_the_time_of_the_tokens_alone_over_the_time_together() -> None:
    assert draft_gain(Speed(100.0, 20.0, 60.0, 9)) == pytest.approx(3.0)


@given(speeds)
def test_the_gain_falls_with_the_cost_of_checking(speed: Speed) -> None:
    slower = replace(speed, verify_ms=speed.verify_ms * 2)
    assert 0 <= draft_gain(slower) <= draft_gain(speed)


def test_a_call_that_took_no_time_is_no_division_by_zero() -> None:
    assert draft_gain(Speed(100.0, 0.0, 0.0, 9)) == 0
    assert draft_gain(Speed(100.0, 1.0, 0.0, 9)) > 1


@given(speeds | st.none(), deadlines)
def test_the_context_is_bounded_and_comes_in_steps(speed: Speed | None, deadline_ms: int) -> None:
    tokens = fitting_context_tokens(speed, deadline_ms)
    assert FEWEST <= tokens <= MOST
    assert tokens % STEP == 0


@given(speeds, deadlines, st.floats(1, 100))
def test_the_context_grows_with_the_speed_of_reading_and_of_writing(
    speed: Speed, deadline_ms: int, times: float
) -> None:
    tokens = fitting_context_tokens(speed, deadline_ms)
    reads_faster = replace(speed, prompt_speed=speed.prompt_speed * times)
    writes_faster = replace(speed, token_ms=speed.token_ms / times)
    assert tokens <= fitting_context_tokens(reads_faster, deadline_ms)
    assert tokens <= fitting_context_tokens(writes_faster, deadline_ms)


@given(speeds, deadlines, st.integers(0, 60_000))
def test_the_context_grows_with_the_deadline(speed: Speed, deadline_ms: int, more: int) -> None:
    tokens = fitting_context_tokens(speed, deadline_ms)
    assert tokens <= fitting_context_tokens(speed, deadline_ms + more)


@given(speeds, deadlines)
def test_reading_and_writing_fit_into_the_deadline(speed: Speed, deadline_ms: int) -> None:
    tokens = fitting_context_tokens(speed, deadline_ms)
    needed_ms = tokens / speed.prompt_speed * 1000 + 16 * speed.token_ms
    assert tokens == FEWEST or needed_ms <= deadline_ms * (1 + 1e-9)


def test_a_deadline_shorter_than_the_writing_leaves_the_least_context() -> None:
    assert fitting_context_tokens(replace(LAPTOP, token_ms=500.0), 4000) == FEWEST


def test_a_machine_of_which_nothing_is_known_gets_little() -> None:
    careful = fitting_context_tokens(None, 4000)
    assert FEWEST < careful < fitting_context_tokens(replace(LAPTOP, prompt_speed=1000.0), 4000)
