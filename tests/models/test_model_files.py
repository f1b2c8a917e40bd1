from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.models import catalogue, files
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.model_card import ModelCard
from tests.harness.package_index import MODEL


@pytest.fixture
def put(small_card: ModelCard) -> Callable[..., Path]:
    """Write a file where the model's belongs, as somebody who copies it by hand does."""

    def write(content: bytes, sidecar: str | None = None) -> Path:
        path = files.weights_path(small_card)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if sidecar is not None:
            path.with_name("tiny.gguf.sha256").write_text(sidecar)
        return path

    return write


def test_nothing_is_found_on_an_empty_disk(small_card: ModelCard) -> None:
    assert files.find(small_card) is None
    assert files.on_disk() == set()
    assert files.remove(small_card) == 0
    with pytest.raises(ModelError, match=r"There is no file .*qwen-lsp models pull tiny"):
        files.verify(small_card)


def test_a_file_is_found_once_it_is_verified(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    path = put(MODEL)
    assert files.find(small_card) is None
    assert files.verify(small_card) == small_card.sha256
    assert files.find(small_card) == path


@pytest.mark.parametrize("sidecar", ["", "zz", "0" * 64, "\0"])
def test_a_sidecar_that_is_wrong_counts_as_none(
    small_card: ModelCard, put: Callable[..., Path], sidecar: str
) -> None:
    put(MODEL, sidecar)
    assert files.find(small_card) is None


def test_a_cut_file_is_not_found(small_card: ModelCard, put: Callable[..., Path]) -> None:
    put(MODEL[:-1], small_card.sha256)
    assert files.find(small_card) is None


def test_a_changed_file_is_not_offered_after_verification(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    path = put(MODEL[:-1] + b"!", small_card.sha256)
    assert files.find(small_card) == path
    with pytest.raises(ModelError, match="run `qwen-lsp models remove tiny` and pull it again"):
        files.verify(small_card)
    assert files.find(small_card) is None


def test_a_file_that_nothing_vouches_for_cannot_be_verified(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    card = replace(small_card, sha256=None, size_is_approximate=True)
    put(MODEL)
    with pytest.raises(ModelError, match="Nothing is known to check"):
        files.verify(card)


def test_a_pull_adopts_a_file_that_was_copied_into_place(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    path = put(MODEL)
    assert files.pull(replace(small_card, hub=None, mirror=None)) == path
    assert files.find(small_card) == path


def test_a_pull_does_not_adopt_another_file_of_the_same_size(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    put(MODEL[:-1] + b"!")
    with pytest.raises(ModelError, match="could not be downloaded"):
        files.pull(replace(small_card, hub=None, mirror=None))


def test_remove_frees_the_finished_and_the_unfinished(
    small_card: ModelCard, put: Callable[..., Path]
) -> None:
    path = put(MODEL, small_card.sha256)
    wheels = path.with_name("tiny.gguf.partial") / "wheels"
    wheels.mkdir(parents=True)
    (wheels / "a.whl").write_bytes(b"12345")
    assert files.remove(small_card) == len(MODEL) + 64 + 5
    assert not path.parent.exists()
    assert files.find(small_card) is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not a GGUF file"),
        (b"GGUF", "is not a GGUF file"),
        (b"<html>\n<body>", "is not a GGUF file"),
        (b"GGUF\x01\0\0\0", "is GGUF of version 1; versions 2 and 3 can be loaded"),
        (b"GGUF\0\0\0\x03", "is GGUF of version 50331648"),
    ],
)
def test_what_is_not_gguf_is_refused(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint):
        files.check_gguf(path)
    with pytest.raises(ModelError, match=complaint):
        files.resolve(str(path))


def test_a_setting_may_name_a_file(tmp_path: Path) -> None:
    path = tmp_path / "my-model.gguf"
    path.write_bytes(MODEL)
    assert files.resolve(str(path)) == (None, path)
    known = tmp_path / "QWEN3.5-4b-Q4_K_M.gguf"
    known.write_bytes(MODEL)
    assert files.resolve(str(known)) == (catalogue.card("qwen3.5-4b"), known)
    with pytest.raises(ModelError, match=r"cannot be read .No such file or directory"):
        files.resolve(str(tmp_path / "gone.gguf"))
    with pytest.raises(ModelError, match="cannot be read"):
        files.resolve(f"{tmp_path}/")


def test_a_setting_may_name_a_model_of_the_catalogue(
    small_card: ModelCard, put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "all_cards", lambda: (small_card,))
    with pytest.raises(ModelError, match="not on this machine; get it with `qwen-lsp models pull"):
        files.resolve("tiny")
    path = put(MODEL, small_card.sha256)
    assert files.resolve("tiny") == (small_card, path)
    assert files.on_disk() == {"tiny"}
    with pytest.raises(ModelError, match="There is no model called 'tinny'; did you mean tiny"):
        files.resolve("tinny")
