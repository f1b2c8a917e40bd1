"""Models and adapters with random weights: llama.cpp takes them, and they behave like models."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwen_lsp.evaluation import random_lora as lora_command
from qwen_lsp.evaluation import random_model as model_command
from qwen_lsp.evaluation.gguf_package import gguf_package
from qwen_lsp.evaluation.random_model import CHAT_TEMPLATE, write_random_model
from qwen_lsp.evaluation.random_vocabulary import small_vocabulary, vocabulary_of
from qwen_lsp.evaluation.random_weights import FORMATS, NumberFormat, random_rows
from tests.harness.loaded_model import LoadedModel, llama
from tests.harness.random_models import random_lora

CODE = '''\
def cheapest(prices: dict[str, float], limit: float) -> list[str]:
\t"""Return what costs at most `limit` \N{EURO SIGN}, \u4f60\u597d, \N{ROCKET}."""
    return sorted(name for name, price in prices.items() if price <= limit)


class Shop:
    pass
'''


@pytest.fixture(scope="module")
def tiny(hybrid_path: Path) -> Iterator[LoadedModel]:
    model = LoadedModel(hybrid_path)
    yield model
    model.close()


def test_it_is_a_small_hybrid_of_the_right_architecture(
    tiny: LoadedModel, hybrid_path: Path
) -> None:
    assert llama.llama_model_is_hybrid(tiny.model)
    assert hybrid_path.stat().st_size < 2.2e6
    assert not llama.llama_vocab_get_add_bos(tiny.vocab)


def test_the_tokens_of_infilling_and_of_turns_are_found(tiny: LoadedModel) -> None:
    found = [
        llama.llama_vocab_fim_pre(tiny.vocab),
        llama.llama_vocab_fim_suf(tiny.vocab),
        llama.llama_vocab_fim_mid(tiny.vocab),
        llama.llama_vocab_eos(tiny.vocab),
    ]
    assert min(found) >= 0
    texts = [tiny.text([token], special=True) for token in found]
    assert texts == ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|im_end|>"]
    assert tiny.tokens("<|im_start|>", special=True) == [
        small_vocabulary().tokens.index("<|im_start|>")
    ]
    assert len(tiny.tokens("<|im_start|>")) > 1
    assert llama.llama_vocab_is_eog(tiny.vocab, found[-1])


def test_code_survives_its_tokens(tiny: LoadedModel) -> None:
    tokens = tiny.tokens(CODE)
    assert tiny.text(tokens) == CODE
    assert len(tokens) < len(CODE.encode()) * 0.7, "the merges are not used"
    assert tiny.tokens("    return") == [
        small_vocabulary().tokens.index(token) for token in ("ĠĠĠ", "Ġreturn")
    ]


def test_it_writes_varied_text_without_an_end(tiny: LoadedModel) -> None:
    tokens, leads = tiny.greedy(tiny.tokens(CODE), 200)
    assert tiny.text(tokens).replace("\n", "").isprintable()
    assert not any(llama.llama_vocab_is_eog(tiny.vocab, token) for token in tokens)
    assert len(set(tokens)) > 100
    assert len(set(tokens[-50:])) > 25, "it repeats itself"
    assert sum(lead < 0.05 for lead in leads) < 20, "too often the second token is as likely"


def test_what_was_read_long_ago_counts(tiny: LoadedModel) -> None:
    prompt = (tiny.tokens(CODE) * 4)[:300]
    other = [*tiny.tokens("import sys\n"), *prompt[100:]]
    far = np.std(tiny.logits(prompt) - tiny.logits(other))
    again = np.std(tiny.logits(prompt) - tiny.logits(prompt))
    assert again == 0
    assert far > 0.1


def test_the_seed_decides(tmp_path: Path, hybrid_path: Path) -> None:
    write_random_model(tmp_path / "same.gguf", "tiny", seed=0)
    write_random_model(tmp_path / "other.gguf", "tiny", seed=1)
    written = hybrid_path.read_bytes()
    assert (tmp_path / "same.gguf").read_bytes() == written
    assert (tmp_path / "other.gguf").read_bytes() != written


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_every_number_format_has_the_spread_asked_for(form: NumberFormat) -> None:
    gguf = gguf_package()
    quiet = np.arange(8) == 5
    rows = b"".join(
        piece.tobytes()
        for piece in random_rows(np.random.default_rng(0), form, (8, 1024), 0.25, quiet=quiet)
    )
    assert len(rows) == form.bytes_of((8, 1024))
    values = gguf.quants.dequantize(
        np.frombuffer(rows, np.uint8).reshape(8, -1), gguf.GGMLQuantizationType(form.ggml_type)
    ).reshape(8, 1024)
    assert np.std(values[~quiet]) == pytest.approx(0.25, rel=0.05)
    assert np.std(values[quiet]) == pytest.approx(0.025, rel=0.1)
    assert abs(np.mean(values)) < 0.02


@pytest.mark.parametrize(
    ("weights", "shape"),
    # The tiny shape has no rows of 256 numbers, which the last two need.
    [("F16", "tiny"), ("Q8_0", "tiny"), ("Q4_K", "small"), ("Q6_K", "small")],
)
def test_llama_cpp_takes_every_number_format(tmp_path: Path, weights: str, shape: str) -> None:
    write_random_model(tmp_path / "model.gguf", shape, weights=weights)
    model = LoadedModel(tmp_path / "model.gguf")
    try:
        logits = model.logits(model.tokens(CODE))
    finally:
        model.close()
    loud = np.array(small_vocabulary().plain_text())
    assert 5 < np.std(logits[loud]) < 12
    assert np.std(logits[~loud]) < 2


def test_rows_that_are_no_whole_blocks_are_written_in_full(tmp_path: Path) -> None:
    write_random_model(tmp_path / "tiny.gguf", "tiny", weights="Q4_K")
    model = LoadedModel(tmp_path / "tiny.gguf")
    tokens, _ = model.greedy(model.tokens(CODE), 5)
    model.close()
    assert len(tokens) == 5


def test_a_vocabulary_is_borrowed_and_padded(hybrid_path: Path, tmp_path: Path) -> None:
    borrowed = vocabulary_of(hybrid_path)
    assert borrowed == small_vocabulary()
    padded = borrowed.padded(1000)
    write_random_model(tmp_path / "padded.gguf", "tiny", padded)
    model = LoadedModel(tmp_path / "padded.gguf")
    try:
        assert llama.llama_vocab_n_tokens(model.vocab) == 1000
        assert model.text(model.tokens(CODE)) == CODE
        assert max(model.greedy(model.tokens(CODE), 50)[0]) < 768
    finally:
        model.close()


@pytest.mark.parametrize(
    ("options", "reply_start"),
    [
        ({"enable_thinking": False}, "<think>\n\n</think>\n\n"),
        ({"enable_thinking": True}, "<think>\n"),
        ({}, "<think>\n"),
    ],
)
def test_the_chat_template_thinks_unless_told_not_to(
    options: dict[str, bool], reply_start: str
) -> None:
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " Hi\n"}]
    text = environment.from_string(CHAT_TEMPLATE).render(
        messages=messages, add_generation_prompt=True, **options
    )
    assert text == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi\n<|im_end|>\n"
        "<|im_start|>assistant\n" + reply_start
    )


def test_an_adapter_changes_what_is_likely(
    tiny: LoadedModel, hybrid_path: Path, tmp_path: Path
) -> None:
    prompt = tiny.tokens(CODE)
    before = tiny.logits(prompt)
    model = LoadedModel(hybrid_path)
    try:
        model.use_lora(random_lora(hybrid_path, tmp_path), 1.0)
        assert np.std(model.logits(prompt) - before) > 0.5
        model.use_lora(random_lora(hybrid_path, tmp_path), 0.0)
        assert np.std(model.logits(prompt) - before) == 0
    finally:
        model.close()


@pytest.mark.model
def test_an_adapter_for_the_real_model(model_path: Path, tmp_path: Path) -> None:
    model = LoadedModel(model_path)
    try:
        prompt = model.tokens("def add(a, b):\n    return")
        before = model.logits(prompt)
        model.use_lora(random_lora(model_path, tmp_path), 1.0)
        assert np.std(model.logits(prompt) - before) > 0.1
    finally:
        model.close()


def test_both_commands_say_what_they_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, adapter = tmp_path / "model.gguf", tmp_path / "adapter.gguf"
    assert model_command.main([str(model), "--seed", "3"]) == 0
    assert lora_command.main([str(model), str(adapter), "--rank", "2"]) == 0
    assert capsys.readouterr().out == (
        f"{model}: {model.stat().st_size:,} bytes\n{adapter}: {adapter.stat().st_size:,} bytes\n"
    )
    assert sorted(tmp_path.iterdir()) == [adapter, model]


def test_a_file_that_is_no_model_gets_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.gguf"
    text.write_text("no model at all, but long enough to have a header")
    for main, arguments in (
        (model_command.main, ["--vocabulary", str(text)]),
        (lora_command.main, [str(text)]),
    ):
        out = tmp_path / "out.gguf"
        with pytest.raises(SystemExit, match="1"):
            main([*arguments, str(out)])
        assert "GGUF" in capsys.readouterr().err
        assert not out.exists()


def test_the_missing_package_gets_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "gguf", None)
    with pytest.raises(SystemExit, match="1"):
        model_command.main([str(tmp_path / "model.gguf")])
    assert "pip install gguf" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
