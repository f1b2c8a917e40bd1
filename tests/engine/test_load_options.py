"""What a model is loaded with: a measured speed, adapters, a smaller KV cache."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend, backend
from qwen_lsp.engine.backends.llama_cpp.context import Rows, llama
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, ModelFacts, Priority
from qwen_lsp.engine.speed import Neighbours, known_speed, remember_speed
from tests.conftest import A_SPEED
from tests.harness.random_models import random_lora
from tests.harness.runs import run

# The likeliest token is always far ahead of the second on this prompt.
PROMPT = GenerateRequest(Infill("import os\n", "x ", "x = 1\n" * 30), 16, Priority.TYPING)

Load = Callable[..., tuple[LlamaCppBackend, ModelFacts]]


@pytest.fixture
def load(engine_home: Path) -> Iterator[Load]:
    """Return a function that loads a model, whose speed is given unless the test says otherwise."""
    assert engine_home.is_dir()
    loaded: list[LlamaCppBackend] = []

    def load_model(
        path: Path, *, measured: bool = False, **options: Any
    ) -> tuple[LlamaCppBackend, ModelFacts]:
        defaults: dict[str, Any] = {"context_tokens": 512, "threads": 1}
        asked = EngineOptions(path, **(defaults | options))
        if not measured:
            remember_speed(asked, A_SPEED)
        loaded.append(LlamaCppBackend(asked))
        return loaded[-1], loaded[-1].load(lambda _done: None)

    yield load_model
    for each in loaded:
        each.close()


def logits(loaded: LlamaCppBackend) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Return what is likely behind a prompt; it stays in sequence 0."""
    tokens = loaded.prompt_of(PROMPT).tokens[:60]
    ((row,),) = loaded._context.decode([Rows(0, 0, tokens, 1)])
    size = loaded._weights.vocabulary_tokens
    return np.array(np.ctypeslib.as_array(loaded._context.logits(row), shape=(size,)))


class TestSpeed:
    def test_is_measured_once_and_remembered(
        self, load: Load, hybrid_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Neighbours, "share", lambda _self: 0.0)
        first, facts = load(hybrid_path, measured=True)
        speed = facts.speed
        assert speed is not None
        assert min(speed.prompt_speed, speed.token_ms, speed.verify_ms) > 0
        assert speed.verify_tokens > 1
        assert known_speed(first._options) == speed
        monkeypatch.setattr(backend, "measure", None)
        _, again = load(hybrid_path, measured=True)
        assert again.speed == speed

    def test_beside_busy_programs_it_serves_for_now_only(
        self, load: Load, hybrid_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Neighbours, "share", lambda _self: 0.5)
        first, facts = load(hybrid_path, measured=True, idle_minutes=2.0, kv_cache="q8_0")
        assert facts.speed is not None
        monkeypatch.setattr(psutil, "getloadavg", lambda: (9.0 * (psutil.cpu_count() or 1),) * 3)
        assert known_speed(first._options) == facts.speed
        monkeypatch.setattr(psutil, "getloadavg", lambda: (0.0, 0.0, 0.0))
        assert known_speed(first._options) is None

    def test_is_measured_on_a_context_that_is_empty_afterwards(
        self, load: Load, hybrid_path: Path
    ) -> None:
        given, _ = load(hybrid_path, threads=1)
        text = run(given, PROMPT).text
        measured, facts = load(hybrid_path, measured=True, idle_minutes=1.0, gpu_layers=0)
        assert facts.speed != A_SPEED
        memory = measured._context._memory
        for sequence in range(measured._context.sequences):
            assert llama.llama_memory_seq_pos_max(memory, sequence) == -1
        done = run(measured, PROMPT)
        assert (done.text, done.last.reused_tokens) == (text, 0)

    def test_a_context_smaller_than_the_measurement_is_no_obstacle(
        self, load: Load, hybrid_path: Path
    ) -> None:
        _, facts = load(hybrid_path, measured=True, context_tokens=256)
        assert facts.speed is not None


class TestAdapters:
    def test_change_what_is_written(self, load: Load, hybrid_path: Path, tmp_path: Path) -> None:
        plain, _ = load(hybrid_path)
        adapted, _ = load(hybrid_path, lora=(random_lora(hybrid_path, tmp_path),))
        texts = [run(each, PROMPT).text for each in (plain, adapted)]
        assert all(texts)
        assert texts[0] != texts[1]
        assert float(np.abs(logits(plain) - logits(adapted)).max()) > 1

    def test_of_a_draft_and_of_a_checkpoint_are_the_same(
        self, load: Load, hybrid_path: Path, tmp_path: Path
    ) -> None:
        adapted, _ = load(hybrid_path, lora=(random_lora(hybrid_path, tmp_path),))
        first = run(adapted, PROMPT)
        again = run(adapted, PROMPT)
        assert first.last.reused_tokens == 0
        assert again.last.reused_tokens > 0
        assert first.text == again.text

    def test_are_used_together(self, load: Load, hybrid_path: Path, tmp_path: Path) -> None:
        adapter = random_lora(hybrid_path, tmp_path)
        once, _ = load(hybrid_path, lora=(adapter,))
        twice, _ = load(hybrid_path, lora=(adapter, adapter))
        assert float(np.abs(logits(once) - logits(twice)).max()) > 1

    @pytest.mark.parametrize("content", [None, b"", b"no adapter at all", "the model itself"])
    def test_that_cannot_be_used_are_named(
        self, load: Load, hybrid_path: Path, tmp_path: Path, content: bytes | str | None
    ) -> None:
        path = tmp_path / "mine\udcff.gguf"
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else hybrid_path.read_bytes())
        with pytest.raises(EngineError, match=r"The adapter mine.*\.gguf \(setting lora\)"):
            load(hybrid_path, lora=(path,))

    def test_without_adapters_it_is_another_engine(self) -> None:
        bare = EngineOptions(Path("a.gguf"))
        keys = {
            replace(bare, lora=adapters).key
            for adapters in ((), (Path("x.gguf"),), (Path("y.gguf"),), (Path("x"), Path("y")))
        }
        assert len(keys) == 4
        here = replace(bare, lora=(Path("x.gguf"),))
        assert here.key == replace(bare, lora=(Path("x.gguf").absolute(),)).key


class TestSmallCache:
    def test_is_used_and_changes_little(self, load: Load, hybrid_path: Path) -> None:
        full, _ = load(hybrid_path)
        small, _ = load(hybrid_path, kv_cache="q8_0")
        assert run(small, PROMPT).text == run(full, PROMPT).text
        difference = float(np.abs(logits(full) - logits(small)).max())
        assert 0 < difference < 1
        assert full._options.key != small._options.key

    def test_can_be_gone_on_from(self, load: Load, hybrid_path: Path) -> None:
        small, _ = load(hybrid_path, kv_cache="q8_0", drafts="on")
        first, again = run(small, PROMPT), run(small, PROMPT)
        assert again.last.reused_tokens > 0
        assert again.text == first.text

    @pytest.mark.model
    def test_lets_the_real_model_copy_a_line(self, load: Load, model_path: Path) -> None:
        loaded, _ = load(model_path, kv_cache="q8_0", context_tokens=256)
        code = 'NAME = "turquoise rhinoceros"\nnumbers = [1, 2, 3]\nassert NAME == "'
        done = run(loaded, GenerateRequest(Infill("", "", code), 6, Priority.TYPING))
        assert done.text.startswith("turquoise rhinoceros")
        again = run(loaded, GenerateRequest(Infill("", "", code), 6, Priority.TYPING))
        assert again.last.prompt_tokens - again.last.reused_tokens == 1
        assert again.text == done.text
