"""Going on from a checkpoint is the same as reading the whole prompt: on both kinds of models."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend
from qwen_lsp.engine.backends.llama_cpp.checkpoints import Checkpoint
from qwen_lsp.engine.requests import GenerateRequest, Infill, Priority
from qwen_lsp.engine.speed import remember_speed
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document
from tests.conftest import A_SPEED

PYTHON = language_for_id("python")
assert PYTHON is not None
CODE = '''import os


def first(paths, limit):
    """Return the sizes of files."""
    found = []
    for path in paths:
        size = os.stat(path).st_size
        if size > limit:
            found.append(size)
    return found


def second(total):
    return total + 1


print(first(["a"], 2), second(3))
'''
TYPED = ["x", " = ", "path", "(", ")", "\n    ", "if size", ".append(found", "return ", "\n\n", "é"]


Logits = np.ndarray[Any, np.dtype[np.float32]]


class Recorder:
    """Takes the likeliest token, and keeps the logits it was chosen from."""

    def __init__(self, vocabulary_tokens: int) -> None:
        self.size = vocabulary_tokens
        self.seen: list[Logits] = []

    def next_token(self, logits: Any) -> int:
        self.seen.append(np.array(np.ctypeslib.as_array(logits, shape=(self.size,))))
        return int(self.seen[-1].argmax())

    def close(self) -> None:
        """Keep nothing of llama.cpp's."""


@dataclass
class Loaded:
    """A backend, and one that forgets everything before each prompt."""

    backend: LlamaCppBackend
    reference: LlamaCppBackend
    noise: float = 0.0

    def measure_noise(self, tokens: int, ways: int) -> None:
        """Find out how much the logits change when prompts are read in other pieces."""
        chance = random.Random(1)  # noqa: S311 - the same splits each time
        for place in ("size >", "def second", "print("):
            request = _request("a", CODE, CODE.index(place), tokens)
            one = self.whole(request)
            for _ in range(ways):
                pieces = tuple(chance.randrange(1, 200) for _ in range(chance.randrange(1, 8)))
                self.noise = max(self.noise, float(np.abs(one - self.whole(request, pieces)).max()))

    def logits(self, request: GenerateRequest) -> Logits:
        return _first_logits(self.backend, request)

    def whole(self, request: GenerateRequest, pieces: tuple[int, ...] = ()) -> Logits:
        """Read the whole prompt; `pieces` are the places where the reading pauses."""
        forget(self.reference)
        return _first_logits(self.reference, request, pieces)


def _first_logits(
    backend: LlamaCppBackend, request: GenerateRequest, pieces: tuple[int, ...] | None = None
) -> Logits:
    work = backend.begin(request)
    if pieces is not None:
        work.places = dict.fromkeys(pieces, 1)
    work.sampler.close()
    recorder = Recorder(backend._weights.vocabulary_tokens)
    work.sampler = recorder  # pyright: ignore[reportAttributeAccessIssue]  # it is asked the same
    while True:
        (step,) = backend.advance([work])
        assert isinstance(step, Step), step
        if step.ended is not None:
            backend.end(work)
            return recorder.seen[0]


def forget(backend: LlamaCppBackend) -> None:
    while backend._checkpoints.make_room():
        pass


def load(path: Path, checkpoint_mib: int) -> LlamaCppBackend:
    options = EngineOptions(path, 2048, threads=1, checkpoint_mib=checkpoint_mib)
    remember_speed(options, replace(A_SPEED, prompt_speed=400.0))
    backend = LlamaCppBackend(options)
    backend.load(lambda _done: None)
    return backend


# Of the tiny model, 1 MiB is room for a few sequences and a few saved states, 0 for sequences only.
@pytest.fixture(scope="module", params=[0, 1, 512])
def hybrid(
    request: pytest.FixtureRequest, module_home: Path, hybrid_path: Path
) -> Iterator[Loaded]:
    assert module_home.is_dir()
    loaded = Loaded(load(hybrid_path, request.param), load(hybrid_path, 512))
    loaded.measure_noise(256, 20)
    yield loaded
    loaded.backend.close()
    loaded.reference.close()


@pytest.fixture(scope="module")
def plain(module_home: Path, model_path: Path) -> Iterator[Loaded]:
    assert module_home.is_dir()
    loaded = Loaded(load(model_path, 512), load(model_path, 512))
    loaded.measure_noise(128, 3)
    yield loaded
    loaded.backend.close()
    loaded.reference.close()


edits = st.lists(
    st.one_of(
        st.tuples(st.just("type"), st.sampled_from(TYPED)),
        st.tuples(st.just("delete"), st.integers(1, 12)),
        st.tuples(st.just("jump"), st.floats(0, 1)),
        st.tuples(st.just("other file"), st.floats(0, 1)),
    ),
    min_size=2,
    max_size=8,
)


def requests(changes: list[tuple[str, Any]], tokens: int) -> Iterator[GenerateRequest]:
    """Yield what a user's editor would ask for after each of the edits."""
    files = {"a": CODE, "b": CODE.replace("size", "length")}
    cursors = {"a": CODE.index("size >"), "b": 0}
    name = "a"
    for kind, value in changes:
        text, cursor = files[name], cursors[name]
        if kind == "type":
            files[name] = text[:cursor] + value + text[cursor:]
            cursors[name] = cursor + len(value)
        elif kind == "delete":
            start = max(0, cursor - value)
            files[name] = text[:start] + text[cursor:]
            cursors[name] = start
        elif kind == "jump":
            cursors[name] = int(value * len(text))
        else:
            name = "b" if name == "a" else "a"
        yield _request(name, files[name], cursors[name], tokens)


def _request(name: str, text: str, cursor: int, tokens: int) -> GenerateRequest:
    assert PYTHON is not None
    document = Document(f"file:///{name}.py", f"{name}.py", "python", 1, text)
    found = cursor_context(document, parse(PYTHON, text), cursor, tokens)
    infill = Infill(found.scope + found.prefix, found.suffix, found.middle, found.marks)
    return GenerateRequest(infill, 4, Priority.TYPING, supersedes=document.uri)


def check(loaded: Loaded, request: GenerateRequest) -> None:
    """Compare with the whole prompt read at once, and with what reading it in pieces changes."""
    found, one = loaded.logits(request), loaded.whole(request)
    difference = float(np.abs(found - one).max())
    assert difference <= 2 * loaded.noise, (difference, loaded.noise)
    likeliest, second = np.sort(one)[[-1, -2]]
    # Where the two are closer than splitting a prompt moves them, either may win.
    assert found.argmax() == one.argmax() or likeliest - second <= 2 * difference


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=edits)
def test_a_hybrid_model_goes_on_from_any_edit_as_if_it_had_read_everything(
    hybrid: Loaded, changes: list[tuple[str, Any]]
) -> None:
    for request in requests(changes, 256):
        check(hybrid, request)


@pytest.mark.model
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=edits)
def test_a_plain_model_goes_on_from_any_edit_as_if_it_had_read_everything(
    plain: Loaded, changes: list[tuple[str, Any]]
) -> None:
    for request in requests(changes[:3], 128):
        check(plain, request)


def tokens_read(backend: LlamaCppBackend, request: GenerateRequest) -> int:
    work = backend.begin(request)
    while True:
        (step,) = backend.advance([work])
        assert isinstance(step, Step), step
        if step.ended is not None:
            backend.end(work)
            return step.prompt_tokens - step.reused_tokens


@pytest.mark.parametrize(
    "typed", ["        total = sum(found) / len(found)", "    return first([])"]
)
def test_typing_in_a_line_reads_a_few_tokens_a_key(hybrid: Loaded, typed: str) -> None:
    at = CODE.index("def second")
    text, rest = CODE[:at] + "def third():\n", "\n\n\n" + CODE[at:]
    forget(hybrid.backend)
    read: list[int] = []
    for end in range(len(typed) + 1):
        now = text + typed[:end]
        read.append(tokens_read(hybrid.backend, _request("a", now + rest, len(now), 512)))
    assert read[0] > 100
    # The tokens of the tiny model are short: a word has several.
    assert max(read[1:]) <= 12
    assert sorted(read[1:])[len(read) // 2] <= 6


@pytest.mark.parametrize("hybrid", [512], indirect=True)  # room for two places
def test_a_place_that_was_left_is_still_there(hybrid: Loaded) -> None:
    assert hybrid.backend._context.sequences >= 16
    forget(hybrid.backend)
    here = _request("a", CODE, CODE.index("size >"), 512)
    there = _request("b", CODE.replace("size", "length"), CODE.index("total +"), 512)
    first = tokens_read(hybrid.backend, here)
    tokens_read(hybrid.backend, there)
    assert first > 100
    assert tokens_read(hybrid.backend, here) <= 6


def test_the_memory_for_checkpoints_is_bounded_and_reported(hybrid: Loaded) -> None:
    limit_mib = hybrid.backend._options.checkpoint_mib
    state_bytes = hybrid.backend._checkpoints._state_bytes
    for number in range(30):
        text = f"# {number}\n{CODE}"
        tokens_read(hybrid.backend, _request(f"{number}", text, text.index("size >"), 512))
    figures = hybrid.backend.figures()
    most = max(limit_mib * 2**20, hybrid.backend._context.sequences * state_bytes)
    assert 0 < figures["checkpoint_bytes"] <= most
    assert figures["checkpoints"] * state_bytes == figures["checkpoint_bytes"]
    if limit_mib == 1:
        assert figures["saved_checkpoints"] > 0
        assert figures["restore_ms"] > 0


def test_a_saved_state_is_gone_on_from(module_home: Path, hybrid_path: Path) -> None:
    assert module_home.is_dir()
    backend, reference = load(hybrid_path, 1), load(hybrid_path, 512)
    loaded = Loaded(backend, reference)
    loaded.measure_noise(512, 20)
    at = CODE.index("size >")
    tokens_read(backend, _request("a", CODE, at, 512))
    saved: list[Checkpoint] = []
    # Other documents take the sequences; what a longer one still holds is saved.
    for number in range(12):
        text = f"# {number}\n{CODE}"
        tokens_read(backend, _request(f"{number}", text, text.index("size >"), 512))
        saved = [each for each in backend._checkpoints._all if each.state is not None]
        if saved:
            break
    assert saved
    chosen = saved[0]
    holder = next(
        each
        for each in backend._checkpoints._all
        if each.sequence is not None
        and len(each.tokens) > len(chosen.tokens)
        and (each.tokens[: len(chosen.tokens)] == chosen.tokens).all()
    )
    again = _request("a", CODE, at, 512)
    if holder.document != "file:///a.py":
        number = int(holder.document.removeprefix("file:///").removesuffix(".py"))
        again = _request(f"{number}", f"# {number}\n{CODE}", at + len(f"# {number}\n"), 512)
    text = again.prompt.middle if isinstance(again.prompt, Infill) else ""
    assert text
    check(loaded, again)
    backend.close()
    reference.close()
