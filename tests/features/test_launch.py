"""From the settings to an engine."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.features.launch import Weights, engine_options
from qwen_lsp.models.catalogue import card
from qwen_lsp.models.errors import ModelError
from qwen_lsp.settings import read_settings

HERE = Weights(None, Path("model.gguf"), "The test says so.")


def options(section: dict[str, Any], weights: Weights = HERE) -> EngineOptions:
    settings, problems = read_settings(section)
    assert not problems
    return engine_options(weights, settings)


def test_adapters_reach_the_engine_by_their_whole_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("USERPROFILE", "/home/someone")
    found = options({"lora": ["~/mine.gguf", "sub/ours.gguf", "/abs.gguf"]}).lora
    assert found == (
        Path("/home/someone/mine.gguf").absolute(),
        Path("sub/ours.gguf").absolute(),
        Path("/abs.gguf").absolute(),
    )
    assert options({}).lora == ()


def test_how_the_engine_runs_is_what_the_user_says() -> None:
    section = {
        "contextTokens": 4096,
        "threads": 3,
        "gpuLayers": 7,
        "idleMinutes": 2.5,
        "kvCache": "q8_0",
        "checkpointMib": 64,
        "drafts": "on",
    }
    assert options({"engine": section}) == EngineOptions(
        HERE.path or Path(),
        4096,
        threads=3,
        gpu_layers=7,
        idle_minutes=2.5,
        chat_options=(("enable_thinking", False),),
        kv_cache="q8_0",
        checkpoint_mib=64,
        drafts="on",
    )


def test_an_engine_for_one_server_does_not_outlive_it_for_long() -> None:
    assert options({"engine": {"idleMinutes": 30}}).idle_minutes == 30
    alone = options({"engine": {"idleMinutes": 30, "shared": False}})
    assert alone.private_to
    assert alone.idle_minutes < 0.1


def test_the_context_is_no_larger_than_the_model_can_use() -> None:
    known = card("qwen2.5-coder-0.5b")
    weights = replace(HERE, card=known)
    limit = known.context_limit_tokens
    assert options({"engine": {"contextTokens": 262144}}, weights).context_tokens == limit
    assert options({"engine": {"contextTokens": 1024}}, weights).context_tokens == 1024


def test_zero_threads_are_found_out() -> None:
    assert options({}).threads > 0


def test_weights_that_are_not_here_are_named_with_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"models pull qwen2\.5-coder-0\.5b"):
        options({}, Weights(card("qwen2.5-coder-0.5b"), None, "The test says so."))


class TestShared:
    def key(self, **section: Any) -> str:
        return options({"engine": section}).key

    def test_windows_share_one_engine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = self.key(shared=True)
        monkeypatch.setattr(os, "getpid", lambda: 4711)
        assert mine == self.key() == self.key(shared=True)

    def test_windows_with_different_wishes_still_share_one_engine(self) -> None:
        # The first window's wishes count: a second engine would need the memory twice.
        wishes = {"threads": 3, "contextTokens": 1024, "drafts": "off", "idleMinutes": 1}
        assert self.key() == self.key(**wishes)

    def test_or_have_one_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        mine = self.key(shared=False)
        assert mine != self.key(shared=True)
        assert mine == self.key(shared=False)
        monkeypatch.setattr(os, "getpid", lambda: 4711)
        assert mine != self.key(shared=False)
