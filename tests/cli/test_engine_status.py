"""What people and programs are told of engines and of the speed of a model."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli import doctor, engine
from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.build_info import BuildInfo
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.requests import GenerateRequest, Infill, Priority, Speed
from qwen_lsp.engine.speed import remember_speed
from qwen_lsp.features.launch import Weights, engine_options
from qwen_lsp.settings import Settings
from tests.conftest import A_SPEED

from .conftest import Run

STATUS: dict[str, Any] = {
    "pid": 4711,
    "model": "Qwen3.5 4B",
    "model_path": "/models/qwen.gguf",
    "state": "ready",
    "clients": 2,
    "waiting": 3,
    "running": 1,
    "served": 17,
    "prompt_tokens": 1000,
    "reused_tokens": 953,
    "generated_tokens": 120,
    "drafted_tokens": 40,
    "accepted_tokens": 30,
    "reused_share": 0.953,
    "prompt_speed": 131.4,
    "generation_speed": 33.3,
    "checkpoints": 12,
    "saved_checkpoints": 2,
    "checkpoint_bytes": 96 * 2**20,
    "checkpoint_limit_bytes": 512 * 2**20,
    "restore_ms": 0.054,
    "sequences": 8,
    "memory_bytes": 3_100_000_000,
    "threads": 2,
    "context_tokens": 8192,
    "up_seconds": 61,
}
TEXT = """\
Qwen3.5 4B (ready, process 4711)
  clients 2, queue 3, running 1
  served 17, up 61 s, memory 3.1 GB
  threads 2, context 8192 tokens
  speed 131 tok/s read, 33 written
  read 1000 prompt tokens, 95% of them kept from before; wrote 120
  checkpoints 12 (96 of 512 MiB), going back takes 0.05 ms
  guessed 40 tokens, 75% of them right
"""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the running engines say, for the test to change."""
    engines: list[dict[str, Any]] = [dict(STATUS)]

    async def ask() -> list[dict[str, Any]]:
        return engines

    monkeypatch.setattr(engine, "ask_status", ask)
    return engines


def test_the_status_is_a_few_lines_for_people(run: Run, said: list[dict[str, Any]]) -> None:
    assert run("engine", "status").out == TEXT
    said.append(STATUS | {"pid": 4712})
    assert run("engine", "status").out == TEXT + "\n" + TEXT.replace("4711", "4712")


def test_without_drafts_and_before_loading_those_lines_are_left_out(
    run: Run, said: list[dict[str, Any]]
) -> None:
    said[0] |= {"drafted_tokens": 0, "accepted_tokens": 0}
    assert run("engine", "status").out.splitlines() == TEXT.splitlines()[:-1]
    del said[0]["checkpoints"]
    assert run("engine", "status").out.splitlines() == TEXT.splitlines()[:-2]


def test_an_engine_of_another_release_that_says_less_is_shown(
    run: Run, said: list[dict[str, Any]]
) -> None:
    kept = ("pid", "model", "model_path", "state", "clients", "memory_bytes", "threads")
    said[0] = {name: STATUS[name] for name in kept}
    ran = run("engine", "status")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Qwen3.5 4B (ready, process 4711)\n  clients 2,")


@pytest.fixture
def running(hybrid_path: Path) -> Iterator[EngineOptions]:
    """Start an engine with the tiny hybrid model that has served two requests."""
    options = EngineOptions(hybrid_path, 1024, threads=1, checkpoint_mib=8, drafts="on")
    remember_speed(options, A_SPEED)

    async def ask() -> None:
        client = EngineClient(options)
        await client.start()
        for text in ("x = 1\n" * 30, "x = 1\n" * 31):
            request = GenerateRequest(Infill("", "", text), 8, Priority.TYPING, supersedes="a")
            await client.generate(request)
        await client.close()

    try:
        asyncio.run(ask())
        yield options
    finally:
        asyncio.run(stop_engines())


def test_a_running_engine_tells_programs_all_its_figures(run: Run, running: EngineOptions) -> None:
    (status,) = json.loads(run("engine", "status", "--json").out)["engines"]
    assert set(STATUS) <= set(status)
    assert status["model_path"] == str(running.model_path)
    assert (status["state"], status["served"], status["waiting"]) == ("ready", 2, 0)
    assert status["running"] == 0
    assert 0 < status["checkpoints"] <= status["sequences"]
    assert 0 < status["checkpoint_bytes"] <= status["checkpoint_limit_bytes"] == 8 * 2**20
    assert 0 < status["reused_tokens"] < status["prompt_tokens"]
    assert status["restore_ms"] > 0
    assert 0 <= status["accepted_tokens"] <= status["drafted_tokens"]
    assert status["prompt_speed"] == A_SPEED.prompt_speed
    assert status["generation_speed"] == pytest.approx(1000 / A_SPEED.token_ms)
    text = run("engine", "status").out
    assert f"checkpoints {status['checkpoints']} (" in text
    assert "of 8 MiB" in text


class TestDoctor:
    @pytest.fixture(autouse=True)
    def weights(self, monkeypatch: pytest.MonkeyPatch, home: Path) -> Weights:
        """Let there be a model, and a llama.cpp that need not be asked."""
        path = home.parent / "model.gguf"
        path.write_bytes(b"GGUF")
        weights = Weights(None, path, "The test says so.")
        monkeypatch.setattr(doctor, "find_weights", lambda _settings: weights)
        build = BuildInfo("1.2.3", gpu_offload=False, features="")
        monkeypatch.setattr(doctor, "build_info", lambda: build)
        return weights

    def speed_line(self, run: Run) -> str:
        results = json.loads(run("doctor", "--json").out)["results"]
        (found,) = [result for result in results if result["topic"] == "Speed"]
        assert found["good"]
        return found["found"]

    def test_says_when_the_speed_is_not_measured_yet(self, run: Run) -> None:
        assert self.speed_line(run) == "measured when the model is first used"

    def test_says_what_the_measured_speed_leads_to(self, run: Run, weights: Weights) -> None:
        speed = Speed(prompt_speed=130.0, token_ms=25.0, verify_ms=150.0, verify_tokens=9)
        remember_speed(engine_options(weights, Settings()), speed)
        line = self.speed_line(run)
        assert "reads 130 and writes 40 tokens a second" in line
        assert "has 256 tokens of code to be answered within 4000 ms" in line
        assert "1.5 times faster (setting engine.drafts)" in line

    def test_does_not_take_the_speed_of_another_file(self, run: Run, weights: Weights) -> None:
        assert weights.path is not None
        options = engine_options(weights, Settings())
        remember_speed(replace(options, model_path=weights.path.with_name("b.gguf")), A_SPEED)
        assert self.speed_line(run) == "measured when the model is first used"

    def test_says_that_there_is_no_model(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        nothing = Weights(None, None, "The test says so.")
        monkeypatch.setattr(doctor, "find_weights", lambda _settings: nothing)
        assert self.speed_line(run) == "not known before there is a model"
