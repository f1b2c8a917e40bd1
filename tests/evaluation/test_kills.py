"""Whoever asks an engine that is killed gets an answer, and nothing is left behind."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_lsp.engine.address import address_path
from qwen_lsp.engine.messages import Loading, Ready
from qwen_lsp.engine.requests import EngineUnavailableError, GenerateRequest
from qwen_lsp.evaluation import kills as kills_module
from qwen_lsp.evaluation.kills import KillFigures, Outages, kill_while_typing
from qwen_lsp.evaluation.trace import Trace, typing_trace
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from qwen_lsp.folders import engine_folder
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import EngineSettings, Settings
from tests.harness.measured import MeasuredEngine
from tests.harness.scripted_backend import FACTS

TRACE = Trace("x = 1\n\n\n", "y = 2", "\n", 5, (1, 3, 5))
READY = Ready(FACTS, 100.0)


@pytest.fixture(autouse=True)
def home(engine_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kills_module, "_LIFE_SECONDS", (0.001, 0.01))
    monkeypatch.setattr(kills_module, "_PAUSE_AFTER_ERROR_SECONDS", 0.001)
    monkeypatch.setattr(kills_module, "_ANSWER_SECONDS", 0.2)
    return engine_home


class Mortal(MeasuredEngine):
    """It fails once after each kill and is loaded again then."""

    def __init__(self, outages: Outages) -> None:
        super().__init__(reply=" + 1", before_answer=self._live)
        self.outages = outages
        self.is_dead = False

    def kill(self) -> bool:
        self.is_dead = True
        return True

    async def _live(self, _request: GenerateRequest) -> None:
        if self.is_dead:
            self.is_dead = False
            asyncio.get_running_loop().call_soon(self.outages.note_state, READY)
            raise EngineUnavailableError("The engine ended while it worked.")
        await asyncio.sleep(0.001)


async def kill_scripted(
    engine: MeasuredEngine, outages: Outages, kill: Callable[[], bool], count: int = 3
) -> KillFigures:
    model = LocalModel(engine, Templates())
    return await kill_while_typing(
        TRACE, model, engine, Settings(), outages=outages, kills=count, kill=kill
    )


async def test_an_error_is_an_answer_too() -> None:
    outages = Outages()
    engine = Mortal(outages)
    figures = await kill_scripted(engine, outages, engine.kill)
    assert engine.calls[:3] == ["start", "restart", "start"]
    assert (figures.kills, figures.unanswered) == (3, 0)
    assert 1 <= figures.errors <= 3
    assert figures.suggestions + figures.empty + figures.errors == figures.requests
    assert figures.error_texts == ("The engine ended while it worked.",)
    assert (figures.orphans, figures.left_locks, figures.left_files) == (0, 0, ())


async def test_no_answer_is_counted() -> None:
    outages = Outages()
    stuck = [True]

    async def hang(_request: GenerateRequest) -> None:
        if stuck and not outages.is_over:
            stuck.clear()
            outages.note_state(READY)
            await asyncio.sleep(60)
        await asyncio.sleep(0.001)

    figures = await kill_scripted(MeasuredEngine(before_answer=hang), outages, lambda: True, 1)
    assert figures.unanswered == 1
    assert "No answer came." in figures.error_texts
    assert figures.longest_answer_ms >= 200


async def test_an_engine_that_does_not_come_back() -> None:
    outages = Outages()

    async def fail(_request: GenerateRequest) -> None:
        await asyncio.sleep(0.001)
        if not outages.is_over:
            raise EngineUnavailableError("The engine could not be started.")

    figures = await kill_scripted(MeasuredEngine(before_answer=fail), outages, lambda: True, 1)
    assert figures.errors > 1
    assert figures.reload_ms.count == 0


async def test_what_an_engine_leaves_is_told() -> None:
    outages = Outages()
    engine = Mortal(outages)
    (engine_folder() / "0.sock").touch()
    address_path("1").with_suffix(".7.new").touch()
    figures = await kill_scripted(engine, outages, engine.kill, 1)
    assert figures.left_files == ("0.sock", "1.7.new")


def test_an_outage_lasts_from_a_kill_to_a_loaded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(kills_module.time, "monotonic", lambda: now[0])
    outages = Outages()
    outages.note_state(READY)
    assert outages.is_over
    for at, happens in (
        (10.0, outages.note_kill),
        (11.0, lambda: outages.note_state(Loading(0.5))),
        (13.0, lambda: outages.note_state(READY)),
        (20.0, outages.note_kill),
        (22.0, outages.note_kill),
        (25.0, lambda: outages.note_state(READY)),
        (30.0, outages.note_kill),
    ):
        now[0] = at
        happens()
    # The second was cut short by another kill, and the third is not over.
    assert outages.reloads_ms == [3000.0]
    assert not outages.is_over
    assert outages.within(0, 9) == 0
    assert outages.within(9, 12) == 2
    assert outages.within(12, 31) == 1 + 5 + 1


@pytest.mark.model
async def test_a_real_engine_is_killed(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills_module, "_LIFE_SECONDS", (0.1, 3.0))
    monkeypatch.setattr(kills_module, "_ANSWER_SECONDS", 120.0)
    settings = Settings(engine=EngineSettings(context_tokens=2048, idle_minutes=1.0))
    outages = Outages()
    model, client = launch.connect(
        launch.Weights(None, model_path, ""),
        settings,
        Templates(),
        outages.note_state,
        crashes_allowed=6,
    )
    try:
        figures = await kill_while_typing(
            typing_trace(), model, client, settings, outages=outages, kills=5
        )
    finally:
        await client.close()
    assert figures.unanswered == 0
    assert figures.suggestions + figures.empty + figures.errors == figures.requests
    assert (figures.orphans, figures.left_locks, figures.left_files) == (0, 0, ())
    assert not any("keeps ending" in text for text in figures.error_texts)
    assert os.environ["QWEN_LSP_HOME"] in str(engine_folder())
