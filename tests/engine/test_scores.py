"""How likely each written token was, and replies that are held to a grammar of the request.

The model is tiny and has random weights.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.engine.speed import remember_speed
from tests.conftest import A_SPEED
from tests.harness.loaded_model import LoadedModel
from tests.harness.runs import Run

PROMPT = Infill("", "", "total = price * 2\n" * 3)


@pytest.fixture(scope="module")
def backend(module_home: Path, hybrid_path: Path) -> Iterator[LlamaCppBackend]:
    assert module_home.is_dir()
    options = EngineOptions(hybrid_path, context_tokens=512, threads=1)
    remember_speed(options, A_SPEED)
    loaded = LlamaCppBackend(options)
    loaded.load(lambda _done: None)
    yield loaded
    loaded.close()


def written(backend: LlamaCppBackend, request: GenerateRequest) -> tuple[str, Step]:
    run = Run(backend, request).finish()
    return run.text, run.last


def test_the_scores_are_the_shares_of_the_written_tokens(
    backend: LlamaCppBackend, hybrid_path: Path
) -> None:
    request = GenerateRequest(PROMPT, 3, Priority.ACTION, scored=True)
    text, step = written(backend, request)
    assert "".join(score.text for score in step.scores) == text
    model = LoadedModel(hybrid_path)
    logits = model.logits(backend.prompt_of(request).tokens).astype(np.float64)
    model.close()
    share = np.exp(logits - logits.max()).max() / np.exp(logits - logits.max()).sum()
    assert step.scores[0].log_probability == pytest.approx(math.log(share), abs=0.01)
    assert all(score.log_probability <= 0 for score in step.scores)


def test_nobody_is_told_scores_who_did_not_ask(backend: LlamaCppBackend) -> None:
    _, step = written(backend, GenerateRequest(PROMPT, 3, Priority.ACTION))
    assert step.scores == ()


def test_a_grammar_of_the_request_holds_the_reply(backend: LlamaCppBackend) -> None:
    grammar = 'root ::= "x = " ("price" | "total")'
    request = GenerateRequest(PROMPT, 16, Priority.ACTION, reply_grammar=grammar, scored=True)
    text, step = written(backend, request)
    assert text in ("x = price", "x = total")
    # What the model had to write against its will is unlikely, and says so.
    assert min(score.log_probability for score in step.scores) < math.log(0.5)


def test_a_grammar_that_is_none_is_an_error(backend: LlamaCppBackend) -> None:
    with pytest.raises(EngineError, match="does not accept the grammar"):
        backend.begin(GenerateRequest(PROMPT, 4, Priority.ACTION, reply_grammar="root ::= nowhere"))
