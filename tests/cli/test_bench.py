"""`bench`: its options, its one JSON object and its page, around a scripted engine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli import bench as command
from qwen_lsp.evaluation import bench, team, waiting
from qwen_lsp.evaluation.kills import KillFigures
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import typing_trace
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from tests.harness.measured import LlamaServer, MeasuredEngine, llama_server

from .conftest import Run

NO_KILLS = KillFigures(2, 9, 8, 1, 0, 0, (), Spread(), 0, 0, 0, 0, ())


class LeftEngine(MeasuredEngine):
    """An engine that can be left."""

    async def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def server() -> Iterator[LlamaServer]:
    with llama_server() as serving:
        yield serving


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> LeftEngine:
    engine = LeftEngine()

    def connect(_weights: Any, _settings: Any, templates: Any, *_: Any, **__: Any) -> Any:
        return LocalModel(engine, templates), engine

    monkeypatch.setattr(launch, "find_weights_here", lambda _settings: None)
    monkeypatch.setattr(launch, "connect", connect)
    short = replace(typing_trace(), stops=typing_trace().stops[:8])
    monkeypatch.setattr(bench, "typing_trace", lambda: short)
    monkeypatch.setattr(bench, "others", lambda: "quiet")
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(waiting, "_REVIEW_HEAD_START_SECONDS", 0.0)
    return engine


@pytest.mark.usefixtures("engine")
def test_json_is_one_object_and_the_steps_go_elsewhere(run: Run) -> None:
    ran = run("bench", "--json")
    figures = json.loads(ran.out)
    assert ran.out.count("\n") == 1
    assert ran.code == 0
    assert {"load_ms", "typing", "cancel", "review", "throughput", "engine"} <= set(figures)
    assert (figures["peer"], figures["kills"]) == (None, None)
    assert ran.err.startswith("Loading the model ...\n")


def test_text_and_a_page_say_the_same(run: Run, engine: LeftEngine, server: LlamaServer) -> None:
    ran = run("bench", "--html", "page.html", "--peer", server.url, "--context-tokens", "1024")
    page = Path("page.html").read_text(encoding="utf-8")
    for words in ("1024 tokens of context at most", "suggestion, ms, p50", "cancel to idle"):
        assert words in ran.out
        assert words in page
    assert ran.code == 0
    assert engine.calls[-1] == "close"


@pytest.mark.usefixtures("engine")
def test_the_engine_is_killed_when_that_is_wanted(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def kill(*_: Any, kills: int, **__: Any) -> KillFigures:
        assert kills == 2
        return NO_KILLS

    monkeypatch.setattr(command, "kill_while_typing", kill)
    assert "The engine killed 2 times" in run("bench", "--kills", "2").out


def test_a_peer_that_is_not_there(run: Run, engine: LeftEngine) -> None:
    with llama_server() as gone:
        url = gone.url
    ran = run("bench", "--json", "--peer", url)
    assert (ran.out, ran.code) == ("", 3)
    assert ran.err.startswith(f"qwen-lsp: No llama-server answers at {url}: ")
    assert ran.err.count("\n") == 1
    assert engine.calls == ["close"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--context-tokens", "100"), 2, "100 is no whole number from 128 to 16384"),
        (("--kills", "-1"), 2, "-1 is no whole number from 0 to 10000"),
        (("--kills", "many"), 2, "many is no whole number from 0 to 10000"),
        (("--html", "gone/page.html"), 2, "There is no folder gone."),
        (("--html", "."), 2, ". is a folder."),
        (("--peer", "ftp://host"), 3, "ftp://host is no http address."),
    ],
)
def test_bad_options_are_told_before_anything_is_measured(
    run: Run, engine: LeftEngine, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = run("bench", *words)
    assert sentence in ran.err
    assert (ran.out, ran.code, engine.calls) == ("", code, [])


def test_a_server_needs_editors(run: Run) -> None:
    ran = run("bench", "--endpoint", "http://127.0.0.1:9")
    assert ran.code == 2
    assert "a server needs --editors" in ran.err


@pytest.mark.parametrize("more", [("--kills", "2"), ("--peer", "http://127.0.0.1:8080")])
def test_with_editors_nothing_else_is_asked_for(run: Run, more: tuple[str, str]) -> None:
    ran = run("bench", "--editors", "3", *more)
    assert ran.code == 2
    assert "--editors measures nothing else" in ran.err


@pytest.mark.usefixtures("no_pauses")
def test_editors_are_all_that_is_measured(
    run: Run, engine: LeftEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def open_model(_settings: Any, templates: Any) -> Any:
        return LocalModel(engine, templates), engine

    monkeypatch.setattr(launch, "open_model", open_model)
    ran = run("bench", "--editors", "3", "--json")
    figures = json.loads(ran.out)
    assert figures["together"]["editors"] == 3
    assert sum(figures["together"]["ends"].values()) == figures["together"]["requests"]
    assert engine.calls.count("close") == 3


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_KEYS", 12)
    monkeypatch.setattr(command, "others", lambda: "quiet")
    for name in ("_KEY_SECONDS", "_THINKING_SECONDS", "_START_SECONDS"):
        monkeypatch.setattr(team, name, (0.0, 0.0))
