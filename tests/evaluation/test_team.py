"""A team of typing editors: every request has one end, and the figures are counted from them."""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from qwen_lsp.engine.requests import EngineError, Finish, GenerateRequest, Generation, ModelFacts
from qwen_lsp.evaluation import team
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.team import Asked, Editor, Session, keystrokes, type_together
from qwen_lsp.evaluation.team_figures import Team, TeamFigures, figures, jain
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

KEYS = 30


class TeamEngine:
    """Ends each request as it is told to: by a finish, an error, or never."""

    facts: ModelFacts | None = None

    def __init__(self, ending: Finish | EngineError | None) -> None:
        self._error = ending if isinstance(ending, EngineError) else None
        self._finish: Finish | None = None if isinstance(ending, EngineError) else ending
        self.asked = 0

    async def generate(
        self, request: GenerateRequest, **_: Callable[[str], Any] | None
    ) -> Generation:
        assert request.prompt
        self.asked += 1
        if self._error is not None:
            raise self._error
        if self._finish is None:
            await asyncio.Event().wait()
        return Generation("", self._finish or "end")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_KEY_SECONDS", "_THINKING_SECONDS", "_START_SECONDS"):
        monkeypatch.setattr(team, name, (0.0, 0.0))


async def typed(*endings: Finish | EngineError | None) -> tuple[TeamFigures, list[TeamEngine]]:
    engines = [TeamEngine(ending) for ending in endings]
    models = [LocalModel(engine, Templates()) for engine in engines]
    return figures(await type_together(models, Settings(), KEYS)), engines


@pytest.mark.parametrize(
    ("ending", "end"),
    [
        ("stop", "answered"),
        ("enough", "answered"),
        ("deadline", "late"),
        ("superseded", "superseded"),
        ("cancelled", "superseded"),
        (EngineError("It is gone."), "failed"),
    ],
)
async def test_a_request_ends_as_the_engine_ended_it(
    ending: Finish | EngineError, end: str
) -> None:
    found, (engine,) = await typed(ending)
    assert found.ends[end] == engine.asked > 0
    assert found.ends["known"] == KEYS - engine.asked
    assert sum(found.ends.values()) == found.requests == KEYS


async def test_a_request_that_never_ends_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_PATIENCE_SECONDS", 0.05)
    found, (engine,) = await typed(None)
    assert found.ends["open"] == 1
    assert found.ends["superseded"] == engine.asked - 1 > 0
    assert found.suggestion_ms.count == 0


async def test_every_other_editor_gives_up_its_older_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(team, "_PATIENCE_SECONDS", 0.05)
    engine = TeamEngine(None)
    ends = [one.end for one in await Editor(1, LocalModel(engine, Templates()), Settings()).type(9)]
    assert ends.count("shed") >= engine.asked - 1 > 0
    assert ends.count("open") <= 1


def test_editors_type_different_code() -> None:
    first = {next(keystrokes(number))[0].text for number in range(20)}
    assert len(first) == 20


def test_the_cursor_stands_behind_what_was_typed() -> None:
    (before, _), (document, offset) = islice(keystrokes(3), 1, 3)
    assert document.text[:offset].endswith(("def", "asy"))
    assert len(document.text) > len(before.text)


def test_figures_are_of_what_the_model_answered() -> None:
    slow = [Asked("answered", 400, has_text=True), Asked("late", 600), Asked("superseded", 9)]
    fast = [Asked("answered", 100, has_text=True), Asked("known", 1, has_text=True)]
    found = figures(Session((slow, fast, [Asked("failed")]), 2.0))
    assert found.suggestion_ms == Spread.of([400, 600, 100])
    assert found.medians_ms == (500, 100)
    assert (found.editors, found.requests, found.shown) == (3, 6, 3)


def test_the_fair_share_is_that_of_all_editors_less_what_batching_gains() -> None:
    alone = figures(Session(([Asked("answered", 100)],), 1.0))
    together = figures(Session(([Asked("answered", 400)], [Asked("answered", 400)]), 1.6))
    found = Team("m", "quiet", 600, alone, together, {"1": 20.0, "8": 50.0})
    assert (found.gain, found.ratio) == (2.5, 4.0)
    assert found.of_fair_share(1) == 10.0
    assert found.of_fair_share(2) == 5.0
    assert found.data()["p95_of_share_typing"] == pytest.approx(6.25)


def test_jain_is_one_where_all_wait_alike() -> None:
    assert jain([5, 5, 5]) == 1
    assert jain([1, 0, 0, 0]) == 0.25
    assert jain([]) == 1
