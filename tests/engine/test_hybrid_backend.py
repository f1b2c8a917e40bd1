"""The backend on a hybrid model, which cannot roll back: whatever happens, a text stays the same.

The model is tiny and has random weights. On the prompts here the likeliest token is always far
ahead of the second, so that no order of additions can change a text.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend, drafts
from qwen_lsp.engine.backends.llama_cpp.context import Context, InterruptedDecodeError, llama
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.engine.speed import remember_speed
from tests.conftest import A_SPEED
from tests.harness.loaded_model import LoadedModel
from tests.harness.runs import Run, advance, forget, run, texts

CHUNK_TOKENS = 64  # what follows from A_SPEED
CLEAR_LEAD = 0.4
WRITTEN = 16


def asked(text: str, priority: Priority = Priority.ACTION) -> GenerateRequest:
    return GenerateRequest(Infill("", "", text), WRITTEN, priority, supersedes=text[:9])


LONG = asked("names.append(name)\n" * 23, Priority.REVIEW)
MIDDLE = asked("total = price * 2\n" * 17)
OTHER = asked("def f(a):\n    return a\n" * 17)
SHORT = asked("if a == b:\n    pass\n" * 7)
SHORTEST = asked("x = 1\n" * 12, Priority.TYPING)
ALL = [LONG, MIDDLE, OTHER, SHORT, SHORTEST]

Load = Callable[..., LlamaCppBackend]


@pytest.fixture(scope="module")
def load(module_home: Path, hybrid_path: Path) -> Iterator[Load]:
    assert module_home.is_dir()
    loaded: list[LlamaCppBackend] = []

    def load_model(**options: Any) -> LlamaCppBackend:
        defaults: dict[str, Any] = {"context_tokens": 2048, "threads": 1}
        given = EngineOptions(hybrid_path, **(defaults | options))
        remember_speed(given, A_SPEED)
        loaded.append(LlamaCppBackend(given))
        assert not loaded[-1].load(lambda _done: None).can_roll_back
        return loaded[-1]

    yield load_model
    for each in loaded:
        each.close()


@pytest.fixture(scope="module")
def roomy(load: Load) -> LlamaCppBackend:
    return load()


@pytest.fixture(scope="module")
def cramped(load: Load) -> LlamaCppBackend:
    """Return a backend with the fewest sequences and no memory for saved states."""
    backend = load(checkpoint_mib=0)
    assert (backend._context.sequences, backend.most_together) == (4, 2)
    return backend


@pytest.fixture(scope="module")
def saving(load: Load) -> LlamaCppBackend:
    """Return a backend that keeps saved states beside a few sequences."""
    return load(checkpoint_mib=1)


@pytest.fixture(params=["roomy", "cramped", "saving"])
def backend(request: pytest.FixtureRequest) -> Iterator[LlamaCppBackend]:
    loaded: LlamaCppBackend = request.getfixturevalue(request.param)
    for left in list(loaded._works):  # by a test that failed
        loaded.end(left)
    forget(loaded)
    yield loaded
    check_sequences(loaded)


def check_sequences(backend: LlamaCppBackend) -> None:
    """When nobody is served, each sequence is free and empty, or holds one checkpoint."""
    assert not backend._works
    known = backend._checkpoints
    assert not known._working
    resting = [each.sequence for each in known._all if each.sequence is not None]
    assert sorted([*known._free, *resting]) == list(range(backend._context.sequences))
    memory = backend._context._memory
    assert all(llama.llama_memory_seq_pos_max(memory, free) == -1 for free in known._free)
    for each in known._all:
        if each.sequence is not None:
            last = llama.llama_memory_seq_pos_max(memory, each.sequence)
            assert last == len(each.tokens) - 1


@dataclass(frozen=True)
class Alone:
    """What the model writes behind each prompt when nothing else happens."""

    tokens: dict[str, list[int]]
    texts: dict[str, str]

    def text(self, request: GenerateRequest) -> str:
        return self.texts[request.supersedes]

    def all_tokens(self, request: GenerateRequest) -> list[int]:
        return self.tokens[request.supersedes]


@pytest.fixture(scope="module")
def alone(roomy: LlamaCppBackend, hybrid_path: Path) -> Alone:
    """Ask a bare llama.cpp, which reads each prompt at once."""
    model = LoadedModel(hybrid_path)
    tokens: dict[str, list[int]] = {}
    written: dict[str, str] = {}
    for request in ALL:
        prompt = roomy.prompt_of(request).tokens
        found, leads = model.greedy(prompt, WRITTEN)
        assert min(leads) > CLEAR_LEAD
        tokens[request.supersedes] = [*prompt, *found]
        written[request.supersedes] = model.text(found)
    model.close()
    return Alone(tokens, written)


def serve(*runs: Run) -> int:
    """Serve the requests together until all are done; return the number of calls."""
    calls = 0
    backend = runs[0].backend
    while live := [each for each in runs if not each.is_done][: backend.most_together]:
        advance(*live)
        calls += 1
        for each in live:
            if each.is_done:
                backend.end(each.work)
    return calls


def test_a_request_writes_what_a_bare_llama_cpp_writes(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    for request in [*ALL, *ALL]:
        assert run(backend, request).text == alone.text(request)


def test_several_requests_in_one_call_write_what_each_writes_alone(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    runs = [Run(backend, request) for request in ALL]
    calls = serve(*runs)
    assert texts(runs) == [alone.text(request) for request in ALL]
    assert calls < sum(len(each.steps) for each in runs)


def test_a_request_that_joins_later_changes_nothing(backend: LlamaCppBackend, alone: Alone) -> None:
    for place in (1, 3, 8):
        forget(backend)
        first = Run(backend, MIDDLE)
        for _ in range(place):
            first.step()
        second = Run(backend, SHORTEST)
        serve(first, second)
        assert texts([first, second]) == [alone.text(MIDDLE), alone.text(SHORTEST)], place


def test_the_same_request_twice_at_once_is_written_twice(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    runs = [Run(backend, SHORT), Run(backend, SHORT)]
    serve(*runs)
    assert texts(runs) == [alone.text(SHORT)] * 2


def test_what_only_reads_leaves_one_token_for_the_request_that_follows(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    ahead = run(backend, replace(MIDDLE, max_tokens=0, priority=Priority.AHEAD))
    assert (ahead.text, ahead.last.ended, ahead.last.generated_tokens) == ("", "length", 0)
    following = run(backend, MIDDLE)
    assert following.last.prompt_tokens - following.last.reused_tokens == 1
    assert following.text == alone.text(MIDDLE)


class GivenDrafts:
    """Drafts of a length and with so many right tokens as the test says, in turn."""

    def __init__(self, right: Sequence[int], plan: Sequence[tuple[int, int]]) -> None:
        self.right = right
        self.plan = list(plan)
        self.learned: list[tuple[int, int]] = []

    def draft(self, tokens: Sequence[int], most: int) -> list[int]:
        length, good = self.plan.pop(0) if self.plan else (0, 0)
        draft = list(self.right[len(tokens) : len(tokens) + min(length, most)])
        return [token if place < good else token - 1 for place, token in enumerate(draft)]

    def learn(self, _tokens: int, drafted: int, accepted: int) -> None:
        self.learned.append((drafted, accepted))


def with_drafts(
    backend: LlamaCppBackend,
    request: GenerateRequest,
    alone: Alone,
    plan: Sequence[tuple[int, int]],
) -> Run:
    guessed = Run(backend, replace(request, speculate=True))
    lookup = GivenDrafts(alone.all_tokens(request), plan)
    guessed.work._lookup = lookup  # pyright: ignore[reportAttributeAccessIssue]  # it is asked the same
    return guessed


def test_right_drafts_need_fewer_calls_for_the_same_text(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    plain = run(backend, replace(SHORT, speculate=False))
    guessed = with_drafts(backend, SHORT, alone, [(5, 5)] * 9).finish()
    assert guessed.text == plain.text == alone.text(SHORT)
    assert len(guessed.steps) <= len(plain.steps) - 10
    assert guessed.last.drafted_tokens == guessed.last.accepted_tokens > 10
    assert (plain.last.drafted_tokens, plain.last.generated_tokens) == (0, WRITTEN)
    assert guessed.last.generated_tokens == WRITTEN


plans = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plans=st.tuples(plans, plans))
def test_drafts_that_are_right_or_wrong_anywhere_change_no_text(
    backend: LlamaCppBackend, alone: Alone, plans: tuple[list[tuple[int, int]], ...]
) -> None:
    forget(backend)
    runs = [
        with_drafts(backend, request, alone, plan)
        for request, plan in zip((SHORT, SHORTEST), plans, strict=True)
    ]
    serve(*runs)
    assert texts(runs) == [alone.text(SHORT), alone.text(SHORTEST)]
    for each in runs:
        learned: list[tuple[int, int]] = each.work._lookup.learned  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
        assert sum(drafted for drafted, _ in learned) == each.last.drafted_tokens
        assert sum(accepted for _, accepted in learned) == each.last.accepted_tokens
    check_sequences(backend)


def test_guesses_from_the_text_itself_change_no_text(
    backend: LlamaCppBackend, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A model of random weights hardly ever repeats three tokens, but single ones it does.
    monkeypatch.setattr(drafts, "_NGRAM", 1)
    drafted = 0
    for request in ALL:
        guessed = run(backend, replace(request, speculate=True))
        assert guessed.text == alone.text(request)
        drafted += guessed.last.drafted_tokens
    assert drafted > 0


class EndsEarly(Context):
    """A context that is asked to end its long calls when some of their nodes are computed."""

    nodes = 0
    looks = 0

    @property
    def _ends_early(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.looks += 1
        return self.looks > self.nodes

    @_ends_early.setter
    def _ends_early(self, _asked: bool) -> None:
        self.looks = 0


@contextmanager
def end_early(
    backend: LlamaCppBackend, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> Generator[None]:
    """Ask each call of the backend to end when so many of its nodes are computed."""
    with monkeypatch.context() as patch:
        del backend._context._ends_early
        patch.setattr(EndsEarly, "nodes", nodes)
        patch.setattr(backend._context, "__class__", EndsEarly)
        yield
    backend._context._ends_early = False


@pytest.mark.parametrize("nodes", [0, 20, 60])
def test_an_interrupted_prompt_goes_on_from_the_last_checkpoint(
    backend: LlamaCppBackend, alone: Alone, nodes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = Run(backend, LONG)
    while reading.work.held < CHUNK_TOKENS:
        reading.step()
    held = reading.work.held
    with end_early(backend, nodes, monkeypatch):
        reading.step()
    assert (reading.last.generated_tokens, reading.last.ended) == (0, None)
    assert reading.work.sequence is None
    reading.step()
    assert reading.work.held == held + CHUNK_TOKENS
    assert reading.finish().text == alone.text(LONG)


def test_a_call_for_several_is_not_ended_early_and_changes_no_other_sequence(
    backend: LlamaCppBackend, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Such a call moves the states of sequences in between; ended early, it would damage them.
    writing = with_drafts(backend, SHORT, alone, [(6, 3), (6, 6), (6, 6)])
    while writing.written_tokens < 2:
        writing.step()
    reading = Run(backend, MIDDLE)
    while reading.work.held < CHUNK_TOKENS:
        reading.step()
    held = reading.work.held
    with end_early(backend, 40, monkeypatch):
        advance(writing, reading)
    assert reading.work.held > held
    serve(writing, reading)
    assert texts([writing, reading]) == [alone.text(SHORT), alone.text(MIDDLE)]
    for request in ALL:
        assert run(backend, request).text == alone.text(request)


def test_interrupts_at_any_time_change_nothing(backend: LlamaCppBackend, alone: Alone) -> None:
    is_over = threading.Event()
    interrupted = 0

    def interrupt() -> None:
        while not is_over.wait(0.002):
            backend.interrupt()

    def call(*arguments: Any) -> Any:
        nonlocal interrupted
        try:
            return decode(*arguments)
        except InterruptedDecodeError:
            interrupted += 1
            if interrupted > 20:
                is_over.set()
            raise

    decode = backend._context.decode
    backend._context.decode = call
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        runs = [run(backend, request) for request in (LONG, MIDDLE)]
    finally:
        is_over.set()
        thread.join()
        del backend._context.decode
    assert texts(runs) == [alone.text(LONG), alone.text(MIDDLE)]


def test_paused_requests_whose_sequences_were_taken_go_on_with_the_same_text(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    for place in (1, 2, 6):  # within the prompt, and within the text
        forget(backend)
        paused = [Run(backend, request) for request in (LONG, MIDDLE, OTHER, SHORT)]
        for each in paused:
            for _ in range(place):
                each.step()
        for _ in range(2):
            assert run(backend, SHORTEST).text == alone.text(SHORTEST)
        if backend._context.sequences == 4:
            assert any(each.work.sequence is None for each in paused)
        for each in paused:
            each.finish()
        assert texts(paused) == [alone.text(request) for request in (LONG, MIDDLE, OTHER, SHORT)], (
            place
        )


def test_typing_at_any_step_of_a_review_changes_neither(
    backend: LlamaCppBackend, alone: Alone
) -> None:
    review = Run(backend, LONG)
    while not review.is_done:
        review.step()
        if len(review.steps) % 3 == 0:
            assert run(backend, SHORTEST).text == alone.text(SHORTEST)
    backend.end(review.work)
    assert review.text == alone.text(LONG)


@pytest.fixture(scope="module")
def small(load: Load) -> LlamaCppBackend:
    """Return a backend whose context holds one of the longer prompts and no second."""
    return load(context_tokens=256)


def test_what_does_not_fit_together_is_served_one_after_the_other(
    small: LlamaCppBackend, alone: Alone
) -> None:
    forget(small)
    runs = [Run(small, LONG), Run(small, MIDDLE), Run(small, OTHER)]
    assert serve(*runs) < sum(len(each.steps) for each in runs)
    assert texts(runs) == [alone.text(request) for request in (LONG, MIDDLE, OTHER)]
    check_sequences(small)


def test_a_full_memory_takes_what_paused_requests_hold(
    small: LlamaCppBackend, alone: Alone
) -> None:
    forget(small)
    paused = Run(small, LONG)
    for _ in range(6):
        paused.step()
    assert run(small, MIDDLE).text == alone.text(MIDDLE)
    assert paused.finish().text == alone.text(LONG)
    check_sequences(small)


def test_drafts_in_a_full_memory_change_no_text(small: LlamaCppBackend, alone: Alone) -> None:
    forget(small)
    runs = [with_drafts(small, request, alone, [(6, 2), (6, 6)] * 5) for request in (LONG, SHORT)]
    serve(*runs)
    assert texts(runs) == [alone.text(LONG), alone.text(SHORT)]
    check_sequences(small)


def test_a_call_that_fails_is_told_to_each_and_loses_no_sequence(
    backend: LlamaCppBackend, alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [with_drafts(backend, request, alone, [(4, 4)] * 9) for request in (SHORT, SHORTEST)]
    while not all(each.written_tokens for each in runs):
        advance(*runs)
    with monkeypatch.context() as patch:
        patch.setattr(llama, "llama_decode", lambda *_: -3)
        results = backend.advance([each.work for each in runs])
    assert [type(result) for result in results] == [EngineError, EngineError]
    for each in runs:
        backend.end(each.work)
    check_sequences(backend)
    assert run(backend, SHORT).text == alone.text(SHORT)
