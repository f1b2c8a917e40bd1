"""The suites around scripted models: what is asked, what is scored, and what is left behind."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.crossfile_cases import CrossFileCase, read_repositories
from qwen_lsp.evaluation.infill_cases import InfillCase, InputOutput
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.suites import crossfile, infill
from qwen_lsp.evaluation.variants import variants
from qwen_lsp.features import launch
from qwen_lsp.folders import cache_folder
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import ContextSettings, EngineSettings, Settings
from tests.harness.crossfile import CASE, FILES, write_rows
from tests.harness.scripted import ScriptedEngine, scripted_model

DOUBLE = InfillCase(
    "double",
    "some",
    "python",
    "def double(x):\n    ",
    "return x * 2",
    "\n\n\nprint(double(1))\n",
    "\ndef check(f):\n    assert f(2) == 4\n\ncheck(double)\n",
    task="double",
)
TWICE = InfillCase(
    "twice",
    "some",
    "python",
    "x = int(input())\n",
    "print(x * 2)",
    "\n",
    examples=(InputOutput("4\n", ("8",)),),
    task="twice",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))


async def drained(steps: AsyncGenerator[int]) -> list[int]:
    return [number async for number in steps]


def scores(results: Results, variant: str) -> list[float]:
    return [one.scores["pass@1"] for one in results.outcomes if one.variant == variant]


async def test_ours_and_the_bare_model_fill_the_same_holes() -> None:
    engine = ScriptedEngine(["    return x + x", "return x * 2\nmore(", "", "print(x * 2)\nx\n"])
    model = scripted_model(engine)
    ours = variants(model, [], [], [])
    results = Results(None, {})
    steps = infill.measure(Asker(model, Settings()), [DOUBLE, TWICE], ours, ["psm"], results)
    assert await drained(steps) == [1, 2]
    assert infill.variant_names(ours, ["psm"])[1:] == [
        "bare psm, first line",
        "bare psm, at suffix",
        "bare psm, uncut",
    ]
    assert scores(results, ours[0].name) == [1.0, 0.0]
    assert scores(results, "bare psm, first line") == [1.0, 1.0]
    assert scores(results, "bare psm, uncut") == [0.0, 1.0]
    exact = [one.scores["exact"] for one in results.outcomes if one.variant == ours[0].name]
    assert exact == [0.0, 0.0]
    first = results.find("some", "double", "bare psm, first line")
    assert first is not None
    assert first.scores["exact"] == 1.0
    assert all(request.deadline_ms is None for request in engine.requests)


async def test_what_is_there_already_is_not_asked_again() -> None:
    engine = ScriptedEngine(["    return x + x", "print(2)"])
    model = scripted_model(engine)
    ours = variants(model, [], [], [])
    results = Results(None, {})
    asker = Asker(model, Settings())
    for cases in ([DOUBLE], [DOUBLE, TWICE], [DOUBLE, TWICE]):
        await drained(infill.measure(asker, cases, ours, [], results))
    assert len(engine.requests) == 2
    assert scores(results, ours[0].name) == [1.0, 0.0]


async def test_the_variants_take_turns_in_going_first() -> None:
    engine = ScriptedEngine(["    return 1", "    return 2", "print(1)", "print(2)"])
    model = scripted_model(engine)
    ours = variants(model, [], [], ["product", "psm"])
    results = Results(None, {})
    steps = infill.measure(Asker(model, Settings()), [DOUBLE, TWICE], ours, [], results)
    await drained(steps)
    product, psm = (variant.name for variant in ours)
    assert [one.variant for one in results.outcomes] == [product, psm, psm, product]


async def test_the_bare_model_is_asked_with_our_prompt() -> None:
    engine = ScriptedEngine(["    return x + x", "    return x * 2\n"])
    model = scripted_model(engine)
    ours = variants(model, [], [], [])
    results = Results(None, {})
    await drained(infill.measure(Asker(model, Settings()), [DOUBLE], ours, ["same"], results))
    first, second = engine.requests
    assert first.prompt == second.prompt
    assert scores(results, "bare same, first line") == [1.0]


def repositories(tmp_path: Path, **changed: Any) -> tuple[dict[str, dict[str, str]], CrossFileCase]:
    path = write_rows(tmp_path / "all.jsonl", *FILES, CASE | changed)
    found = read_repositories([path])
    return found.files, found.cases[0]


async def asked(
    tmp_path: Path, replies: Sequence[str], context: Sequence[str]
) -> tuple[ScriptedEngine, list[Outcome]]:
    engine = ScriptedEngine(replies)
    model = scripted_model(engine)
    files, case = repositories(tmp_path)
    results = Results(None, {})
    with crossfile.workspaces(files) as folders:
        assert (folders["shop"].folder / "client.py").is_file()
        ours = variants(model, [], context, [])
        steps = crossfile.measure(Asker(model, Settings()), [case], folders, ours, results)
        assert await drained(steps) == [1]
    return engine, results.outcomes


async def test_only_the_context_knows_the_other_file(tmp_path: Path) -> None:
    engine, (on, off) = await asked(tmp_path, ["order_by_name('y')", "name"], ["on", "off"])
    assert "order_by_name" in engine.requests[0].first_words
    assert engine.requests[1].first_words == {}
    assert (on.scores["identifier"], on.scores["exact"]) == (1.0, 0.0)
    assert off.scores["identifier"] == 0.0
    assert (on.group, on.kind, on.truth) == ("shop", "typed", "order_by_name('x')")


async def test_nothing_of_the_repositories_is_left(tmp_path: Path) -> None:
    files, _ = repositories(tmp_path)
    index = cache_folder() / "index"
    with crossfile.workspaces(files) as folders:
        folder = folders["shop"].folder
        assert "order_by_name" in [
            one.name for one in folders["shop"].index.symbols_of("client.py")
        ]
        assert list(index.glob("*.sqlite"))
    assert not folder.exists()
    assert list(index.glob("*.sqlite*")) == []


async def test_nothing_is_left_where_the_model_fails(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no reply"):
        await asked(tmp_path, [], ["on"])
    assert list((cache_folder() / "index").glob("*.sqlite*")) == []


@pytest.mark.parametrize(
    ("completion", "identifier", "exact"),
    [
        ("order_by_name('x')", 1.0, 1.0),
        ("order_by_name(\n    'x')", 1.0, 1.0),
        ("order_by_name('y')", 1.0, 0.0),
        ("order_by('x')", 0.0, 0.0),
        ("", 0.0, 0.0),
    ],
)
def test_the_scores_of_a_name(
    tmp_path: Path, completion: str, identifier: float, exact: float
) -> None:
    _, case = repositories(tmp_path)
    found = crossfile.scores(case, completion)
    assert (found["identifier"], found["exact"]) == (identifier, exact)
    assert 0 <= found["similarity"] <= 1


@pytest.mark.model
async def test_the_real_model_fills_holes(model_path: Path) -> None:
    settings = Settings(
        context=ContextSettings(max_tokens=512),
        engine=EngineSettings(context_tokens=2048, idle_minutes=1.0, shared=False),
    )
    weights = launch.Weights(None, model_path, "")
    model, client = launch.connect(weights, settings, Templates())
    results = Results(None, {})
    try:
        await client.start()
        ours = variants(model, [], [], [])
        steps = infill.measure(Asker(model, settings), [DOUBLE, TWICE], ours, ["psm"], results)
        assert await drained(steps) == [1, 2]
    finally:
        await client.close()
    assert len(results.outcomes) == 2 * (1 + 3)
    assert all(0 < one.prompt_tokens < 512 for one in results.outcomes)
