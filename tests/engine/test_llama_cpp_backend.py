"""The llama.cpp backend advanced by hand: whatever is mixed in between, a text stays the same."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    Infill,
    Message,
    Priority,
    PromptTooLongError,
)
from qwen_lsp.engine.speed import remember_speed
from tests.conftest import A_SPEED
from tests.harness.runs import Run, advance, forget, run, texts

pytestmark = pytest.mark.model

CONTEXT_TOKENS = 256
CHUNK_TOKENS = 64  # what follows from A_SPEED
# Only who has read the first line can copy it, and copying leaves no doubt: the last bits of the
# arithmetic, which depend on where in the memory a sequence lies, cannot choose another token.
NAME = 'NAME = "turquoise rhinoceros"'
NUMBERS = f"numbers = [{', '.join(map(str, range(1, 31)))}]"
REVIEW = GenerateRequest(Infill("", "", f'{NAME}\n{NUMBERS}\nassert NAME == "'), 6, Priority.REVIEW)
TYPING = GenerateRequest(Infill("def add(a, b):\n", "", "    return a"), 3, Priority.TYPING)
COUNTING = GenerateRequest(
    Chat((Message("user", "Count from 1 to 9."),), "1, 2, 3, 4"), 40, Priority.ACTION
)
COPYING = GenerateRequest(
    Chat((Message("user", f"Repeat:\n{NAME}\n{NUMBERS}"),), f"{NAME}\nnumbers = [1, 2, 3,"),
    40,
    Priority.ACTION,
)


@pytest.fixture(scope="module")
def backend(module_home: Path, model_path: Path) -> Iterator[LlamaCppBackend]:
    assert module_home.is_dir()
    # One thread, since two that spin beside other busy processes are far slower.
    options = EngineOptions(model_path, CONTEXT_TOKENS, threads=1)
    remember_speed(options, A_SPEED)
    backend = LlamaCppBackend(options)
    seen: list[float] = []
    facts = backend.load(seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)
    assert facts.context_tokens == CONTEXT_TOKENS
    assert (facts.architecture, facts.can_infill, facts.can_roll_back) == ("qwen2", True, True)
    assert facts.speed == A_SPEED
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def undisturbed(backend: LlamaCppBackend) -> Run:
    forget(backend)
    done = run(backend, REVIEW)
    assert done.last.prompt_tokens > CHUNK_TOKENS
    assert not done.steps[0].generated_tokens
    return done


def test_typing_at_any_step_of_a_review_changes_neither(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    forget(backend)
    typed = run(backend, TYPING).text
    for place in range(3):  # within the prompt, behind it, within the reply
        forget(backend)
        review = Run(backend, REVIEW)
        for _ in range(place + 1):
            review.step()
        assert run(backend, TYPING).text == typed
        assert review.finish().text == undisturbed.text, place


def test_a_review_whose_memory_was_taken_reads_its_prompt_again(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    large = GenerateRequest(Infill("x = 1\n" * 40, "", "y"), 1, Priority.TYPING)
    for place in (0, 2):
        forget(backend)
        review = Run(backend, REVIEW)
        for _ in range(place + 1):
            review.step()
        taken = run(backend, large)
        assert taken.last.prompt_tokens + undisturbed.last.prompt_tokens > CONTEXT_TOKENS
        assert review.finish().text == undisturbed.text, place


def test_several_requests_in_one_call_write_what_each_writes_alone(
    backend: LlamaCppBackend,
) -> None:
    short = replace(COUNTING, max_tokens=8)
    requests = [short, replace(TYPING, max_tokens=12), TYPING, replace(COPYING, max_tokens=20)]
    alone: list[str] = []
    for each in requests:
        forget(backend)
        alone.append(run(backend, each).text)
    forget(backend)
    assert len(requests) <= backend.most_together
    runs = [Run(backend, each) for each in requests[:3]]
    calls = 0
    while live := [each for each in runs if not each.is_done]:
        advance(*live)
        calls += 1
        if calls == 2:
            runs.append(Run(backend, requests[3]))
    assert texts(runs) == alone
    assert calls < sum(len(each.steps) for each in runs)
    for each in runs:
        backend.end(each.work)


def test_what_does_not_fit_together_is_served_one_after_the_other(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    forget(backend)
    copied = run(backend, replace(COPYING, max_tokens=10)).text
    forget(backend)
    runs = [Run(backend, REVIEW), Run(backend, replace(COPYING, max_tokens=10))]
    while live := [each for each in runs if not each.is_done]:
        advance(*live)
        for each in live:
            if each.is_done:
                backend.end(each.work)
    assert sum(each.last.prompt_tokens for each in runs) > CONTEXT_TOKENS
    assert texts(runs) == [undisturbed.text, copied]


def test_drafts_change_the_number_of_calls_and_not_the_text(backend: LlamaCppBackend) -> None:
    plain = run(backend, replace(COPYING, speculate=False))
    guessed = run(backend, replace(COPYING, speculate=True))
    assert guessed.text == plain.text
    assert len(guessed.steps) < len(plain.steps)
    assert plain.last.drafted_tokens == 0
    assert 0 < guessed.last.accepted_tokens <= guessed.last.drafted_tokens
    assert guessed.last.generated_tokens == plain.last.generated_tokens


def test_drafts_under_a_schema_keep_to_it(backend: LlamaCppBackend) -> None:
    schema = {"type": "array", "items": {"enum": [NAME]}, "minItems": 3, "maxItems": 3}
    wanted = replace(COPYING, prompt=replace_reply(COPYING, ""), max_tokens=80)
    wanted = replace(wanted, reply_schema=schema)
    guessed = run(backend, replace(wanted, speculate=True))
    plain = run(backend, replace(wanted, speculate=False))
    assert guessed.text == plain.text
    assert guessed.last.ended == "end"


def test_what_only_reads_leaves_one_token_for_the_request_that_follows(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    forget(backend)
    ahead = run(backend, replace(REVIEW, max_tokens=0, priority=Priority.AHEAD))
    assert (ahead.text, ahead.last.ended, ahead.last.generated_tokens) == ("", "length", 0)
    asked = run(backend, REVIEW)
    assert asked.last.prompt_tokens - asked.last.reused_tokens == 1
    assert asked.text == undisturbed.text


def test_an_interrupted_call_is_made_again_and_changes_nothing(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    forget(backend)
    review = Run(backend, REVIEW)
    is_over = threading.Event()

    def interrupt() -> None:
        while not is_over.wait(0.001):
            backend.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    review.step()
    is_over.set()
    thread.join()
    assert review.last == replace(review.last, text="", generated_tokens=0, ended=None)
    assert review.work.held == 0
    assert review.finish().text == undisturbed.text


def test_what_an_ended_request_has_read_is_kept(backend: LlamaCppBackend) -> None:
    forget(backend)
    half = Run(backend, REVIEW)
    half.step()
    backend.end(half.work)
    assert Run(backend, REVIEW).step().reused_tokens >= CHUNK_TOKENS


def test_asking_the_same_again_reads_one_token_and_says_the_same(
    backend: LlamaCppBackend, undisturbed: Run
) -> None:
    run(backend, REVIEW)
    again = run(backend, REVIEW)
    assert again.last.prompt_tokens - again.last.reused_tokens == 1
    assert again.text == undisturbed.text


def test_a_stop_ends_the_text_and_is_no_part_of_it(backend: LlamaCppBackend) -> None:
    plain = run(backend, COUNTING).text
    stop = plain[3:7]
    stopped = run(backend, replace(COUNTING, stops=("never", stop)))
    assert stopped.last.ended == "stop"
    assert stopped.text == plain[: plain.index(stop)]


def test_a_stop_that_only_begins_is_text_in_the_end(backend: LlamaCppBackend) -> None:
    request = replace(COUNTING, max_tokens=6, speculate=False)
    plain = run(backend, request).text
    done = run(backend, replace(request, stops=(plain[-1] + "never",)))
    assert (done.text, done.last.ended) == (plain, "length")
    written = [step.generated_tokens for step in done.steps if step.generated_tokens]
    assert written == [1, 2, 3, 4, 5, 6]


def test_a_prompt_that_cannot_fit_is_refused_and_the_next_one_works(
    backend: LlamaCppBackend,
) -> None:
    with pytest.raises(PromptTooLongError, match=str(CONTEXT_TOKENS)):
        backend.begin(replace(TYPING, max_tokens=CONTEXT_TOKENS))
    assert run(backend, TYPING).text


@pytest.mark.parametrize("text", ["", "\ud800", "\0", "名前 = 'ü' \U0001f642", "<|fim_middle|>"])
def test_any_text_can_be_filled_in(backend: LlamaCppBackend, text: str) -> None:
    marks = (0, len(text), 2 * len(text) + 7)
    done = run(backend, GenerateRequest(Infill(text, text, text, marks), 2, Priority.TYPING))
    assert done.last.ended is not None
    assert done.last.prompt_tokens == 3 + 3 * backend.count_tokens(text)


def test_the_text_of_a_special_token_is_plain_text(backend: LlamaCppBackend) -> None:
    assert backend.count_tokens("<|im_end|>") > 1


def test_a_schema_with_half_of_a_surrogate_pair_does_no_harm(backend: LlamaCppBackend) -> None:
    schema = {"type": "string", "enum": ["x = '\ud800'"]}
    request = replace(REVIEW, max_tokens=20, reply_schema=schema)
    assert run(backend, request).text.startswith('"x = ')


def test_a_file_that_is_no_model_is_an_engine_error(tmp_path: Path) -> None:
    path = tmp_path / "b\udcffad.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00 and then nothing")
    with pytest.raises(EngineError, match="damaged"):
        LlamaCppBackend(EngineOptions(path, threads=1)).load(lambda _done: None)


def test_a_hole_is_put_in_the_order_that_the_model_was_trained_for(
    backend: LlamaCppBackend,
) -> None:
    # prefix, suffix, middle: the numbers of the infill tokens of Qwen 2.5 Coder.
    prompt = backend.prompt_of(GenerateRequest(Infill("a", "b", "c"), 1, Priority.TYPING))
    assert prompt.tokens[::2] == [151659, 151661, 151660]
    assert len(prompt.tokens) == 6


def test_other_files_stand_in_front_in_the_format_for_repositories(
    backend: LlamaCppBackend,
) -> None:
    infill = Infill("a", "b", "c", files=("x.py\nx = 1\n", "y.py\ny = 1\n"), here="z.py\n")
    tokens = backend.prompt_of(GenerateRequest(infill, 1, Priority.TYPING)).tokens
    # <|repo_name|>, then <|file_sep|> before each file and before the one at hand.
    assert tokens[0] == 151663
    parts = [place for place, token in enumerate(tokens) if token == 151664]
    texts = [b"".join(map(backend._weights.piece, tokens[place + 1 :])) for place in parts]
    assert [text.partition(b"\n")[0] for text in texts] == [b"x.py", b"y.py", b"z.py"]
    assert tokens[tokens.index(151659) :][::2] == [151659, 151661, 151660]


def test_the_first_word_is_one_of_those_that_can_stand_there(backend: LlamaCppBackend) -> None:
    infill = Infill("", "", "colours = ['red']\nprint(colours")
    words = {"zebra": 1.0, "giraffe": 1.0}
    request = GenerateRequest(infill, 6, Priority.TYPING, begun=".", first_words=words)
    assert run(backend, request).text.startswith(("zebra", "giraffe"))
    other = replace(request, begun=".x")
    assert not run(backend, other).text.startswith(("zebra", "giraffe"))


def test_marks_are_places_before_the_tokens_that_hold_them(backend: LlamaCppBackend) -> None:
    middle = "def add(first, second):\n    return first"
    line, word = len("    return first"), len("first")
    prompt = backend.prompt_of(
        GenerateRequest(Infill("import os\n", "", middle, (line, word)), 1, Priority.TYPING)
    )
    tokens = prompt.tokens
    behind = {kind: tokens[place:] for place, kind in prompt.places.items() if kind >= 100}
    texts = [b"".join(map(backend._weights.piece, each)).decode() for each in behind.values()]
    # The space belongs to the token of the word.
    assert texts == ["    return first", " first"]


@pytest.mark.parametrize(
    ("begun", "text"), [(" ret", "urn a + b"), (" return", " a + b"), ("", " return a + b")]
)
def test_a_begun_word_is_written_again_and_is_no_part_of_the_text(
    backend: LlamaCppBackend, begun: str, text: str
) -> None:
    infill = Infill("def subtract(a, b):\n    return a - b\n\n", "", "def add(a, b):\n   ")
    done = run(backend, GenerateRequest(infill, 5, Priority.TYPING, begun=begun))
    assert done.text.startswith(text)


@pytest.mark.parametrize("begun", [" zzqqyy", "名前", "\ud800", " " * 40, "\0"])
def test_any_text_can_be_begun(backend: LlamaCppBackend, begun: str) -> None:
    done = run(
        backend, GenerateRequest(Infill("x = 1\n", "", "y"), 2, Priority.TYPING, begun=begun)
    )
    assert done.last.ended is not None
    assert begun not in done.text


def replace_reply(request: GenerateRequest, reply_start: str) -> Chat:
    assert isinstance(request.prompt, Chat)
    return replace(request.prompt, reply_start=reply_start)
