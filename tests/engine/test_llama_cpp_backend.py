"""The llama.cpp backend stepped by hand: whatever is mixed in between, a text stays the same."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp import CHUNK_TOKENS, LlamaCppBackend
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    Infill,
    Message,
    Priority,
    PromptTooLongError,
)

pytestmark = pytest.mark.model

CONTEXT_TOKENS = 256
# Only who has read the first line can copy it, and copying leaves no doubt: the last bits of the
# arithmetic, which depend on where in the memory a sequence lies, cannot choose another token.
NAME = 'NAME = "turquoise rhinoceros"'
NUMBERS = f"numbers = [{', '.join(map(str, range(1, 31)))}]"
REVIEW = GenerateRequest(Infill("", "", f'{NAME}\n{NUMBERS}\nassert NAME == "'), 6, Priority.REVIEW)
TYPING = GenerateRequest(Infill("def add(a, b):\n", "", "    return a"), 3, Priority.TYPING)


@pytest.fixture(scope="module")
def backend(model_path: Path) -> Iterator[LlamaCppBackend]:
    # One thread, since two that spin beside other busy processes are far slower.
    backend = LlamaCppBackend(EngineOptions(model_path, CONTEXT_TOKENS, threads=1))
    seen: list[float] = []
    facts = backend.load(seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)
    assert facts.context_tokens == CONTEXT_TOKENS
    assert (facts.architecture, facts.can_infill, facts.can_roll_back) == ("qwen2", True, True)
    yield backend
    backend.close()


def forget(backend: LlamaCppBackend) -> None:
    """Let the next generations read their whole prompts."""
    for priority in Priority:
        other = Infill(f"{priority} nothing in common", "")
        list(backend.generate(GenerateRequest(other, 1, priority)))


def text_of(steps: Iterator[Step]) -> str:
    return "".join(step.text for step in steps)


@pytest.fixture(scope="module")
def undisturbed(backend: LlamaCppBackend) -> list[Step]:
    forget(backend)
    steps = list(backend.generate(REVIEW))
    assert steps[0].prompt_tokens > CHUNK_TOKENS
    assert not steps[0].generated_tokens
    return steps


def test_typing_at_any_step_of_a_review_changes_neither(
    backend: LlamaCppBackend, undisturbed: list[Step]
) -> None:
    forget(backend)
    typed = text_of(backend.generate(TYPING))
    for place in range(3):  # within the prompt, behind it, within the reply
        forget(backend)
        review = backend.generate(REVIEW)
        text = "".join(next(review).text for _ in range(place + 1))
        assert text_of(backend.generate(TYPING)) == typed
        assert text + text_of(review) == text_of(iter(undisturbed)), place


def test_a_review_whose_memory_was_taken_reads_its_prompt_again(
    backend: LlamaCppBackend, undisturbed: list[Step]
) -> None:
    large = GenerateRequest(Infill("x = 1\n" * 40, "", "y"), 1, Priority.TYPING)
    for place in (0, 2):
        forget(backend)
        review = backend.generate(REVIEW)
        text = "".join(next(review).text for _ in range(place + 1))
        (*_, last) = backend.generate(large)
        assert last.prompt_tokens + undisturbed[0].prompt_tokens > CONTEXT_TOKENS
        assert text + text_of(review) == text_of(iter(undisturbed)), place


def test_what_a_closed_generation_has_read_is_kept(backend: LlamaCppBackend) -> None:
    forget(backend)
    half = backend.generate(REVIEW)
    next(half)
    half.close()  # pyright: ignore[reportAttributeAccessIssue]  # it is a generator
    assert next(iter(backend.generate(REVIEW))).reused_tokens >= CHUNK_TOKENS


def test_asking_the_same_again_reads_one_token_and_says_the_same(
    backend: LlamaCppBackend, undisturbed: list[Step]
) -> None:
    list(backend.generate(REVIEW))
    steps = list(backend.generate(REVIEW))
    assert steps[0].prompt_tokens - steps[0].reused_tokens == 1
    assert text_of(iter(steps)) == text_of(iter(undisturbed))


def test_a_stop_ends_the_text_and_is_no_part_of_it(backend: LlamaCppBackend) -> None:
    request = GenerateRequest(
        Chat((Message("user", "Count from 1 to 9."),), "1, 2, 3, 4"), 40, Priority.ACTION
    )
    plain = text_of(backend.generate(request))
    stop = plain[3:7]
    steps = list(backend.generate(replace(request, stops=("never", stop))))
    assert steps[-1].ended == "stop"
    assert text_of(iter(steps)) == plain[: plain.index(stop)]


def test_a_stop_that_only_begins_is_text_in_the_end(backend: LlamaCppBackend) -> None:
    request = GenerateRequest(
        Chat((Message("user", "Count from 1 to 9."),), "1, 2, 3, 4"), 6, Priority.ACTION
    )
    plain = text_of(backend.generate(request))
    steps = list(backend.generate(replace(request, stops=(plain[-1] + "never",))))
    assert (text_of(iter(steps)), steps[-1].ended) == (plain, "length")
    assert [step.generated_tokens for step in steps if step.generated_tokens] == [1, 2, 3, 4, 5, 6]


def test_a_prompt_that_cannot_fit_is_refused_and_the_next_one_works(
    backend: LlamaCppBackend,
) -> None:
    with pytest.raises(PromptTooLongError, match=str(CONTEXT_TOKENS)):
        next(iter(backend.generate(replace(TYPING, max_tokens=CONTEXT_TOKENS))))
    assert text_of(backend.generate(TYPING))


@pytest.mark.parametrize("text", ["", "\ud800", "\0", "名前 = 'ü' \U0001f642", "<|fim_middle|>"])
def test_any_text_can_be_filled_in(backend: LlamaCppBackend, text: str) -> None:
    (*_, last) = backend.generate(GenerateRequest(Infill(text, text, text), 2, Priority.TYPING))
    assert last.ended is not None
    assert last.prompt_tokens == 3 + 3 * backend.count_tokens(text)


def test_the_text_of_a_special_token_is_plain_text(backend: LlamaCppBackend) -> None:
    assert backend.count_tokens("<|im_end|>") > 1


def test_a_schema_with_half_of_a_surrogate_pair_does_no_harm(backend: LlamaCppBackend) -> None:
    schema = {"type": "string", "enum": ["x = '\ud800'"]}
    request = replace(REVIEW, max_tokens=20, reply_schema=schema)
    assert text_of(backend.generate(request)).startswith('"x = ')


def test_a_file_that_is_no_model_is_an_engine_error(tmp_path: Path) -> None:
    path = tmp_path / "b\udcffad.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00 and then nothing")
    with pytest.raises(EngineError, match="damaged"):
        LlamaCppBackend(EngineOptions(path, threads=1)).load(lambda _done: None)


def test_a_hole_is_put_in_the_order_that_the_model_was_trained_for(
    backend: LlamaCppBackend,
) -> None:
    # prefix, suffix, middle: the numbers of the infill tokens of Qwen 2.5 Coder.
    tokens = backend._prompt_tokens(GenerateRequest(Infill("a", "b", "c"), 1, Priority.TYPING))
    assert tokens[::2] == [151659, 151661, 151660]
    assert len(tokens) == 6
