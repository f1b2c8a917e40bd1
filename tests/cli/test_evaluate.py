"""`eval`: its options, its one JSON object, its page and its sentences, with a scripted engine."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from tests.harness.crossfile import CASE, FILES, write_rows
from tests.harness.measured import MeasuredEngine

from .conftest import Run

HOLE = {
    "language": "python",
    "prefix": "def f():\n",
    "suffix": "    return x\n",
    "entry_point": "f",
    "test": "def check(f):\n    assert f() == 1\n",
}
ROWS = [HOLE | {"task_id": str(number), "middle": "    x = 1\n"} for number in range(4)]
ROWS[3]["test"] = "def check(f):\n    assert f() == 2\n"
ROWS[3]["middle"] = "    x = 2\n"
EDIT = {
    "task_id": "add",
    "filename": "add.py",
    "fixed": "def add(a, b):\n    total = a + b\n    return total\n",
    "tests": "assert add(1, 1) == 2\n",
}
TIDY = {
    "task_id": "a",
    "category": "brackets",
    "tier": "core",
    "language": "python",
    "prefix": "print(",
    "suffix": ")\n",
    "raw_completion": "len(words))",
    "expected_document": "print(len(words))\n",
}


class LeftEngine(MeasuredEngine):
    """An engine that can be left."""

    async def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> LeftEngine:
    engine = LeftEngine("    x = 1")

    def connect(_weights: Any, _settings: Any, templates: Any, *_: Any, **__: Any) -> Any:
        return LocalModel(engine, templates), engine

    weights = launch.Weights(None, Path("scripted.gguf"), "")
    monkeypatch.setattr(launch, "find_weights_here", lambda _settings: weights)
    monkeypatch.setattr(launch, "connect", connect)
    return engine


@pytest.fixture
def holes(home: Path) -> str:
    return str(write_rows(home.parent / "holes.jsonl", *ROWS))


def test_json_is_one_object_and_the_steps_go_elsewhere(
    run: Run, engine: LeftEngine, holes: str
) -> None:
    ran = run("eval", "infill", "--data", holes, "--json")
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    found = json.loads(ran.out)
    assert (found["suite"], found["model"], found["cases"]) == ("infill", "scripted.gguf", 4)
    assert found["summaries"][0]["scores"] == {"pass@1": 0.75, "exact": 0.75}
    assert found["about"]["context_tokens"] == 2048
    assert "4/4  pass@1 complete@" in ran.err
    assert engine.calls[-1] == "close"


@pytest.mark.usefixtures("engine")
def test_variants_are_compared_and_a_page_says_the_same(run: Run, holes: str) -> None:
    words = ("--order", "product", "--order", "psm", "--baseline", "--html", "page.html")
    ran = run("eval", "infill", "--data", holes, "--limit", "2", *words)
    text = Path("page.html").read_text(encoding="utf-8")
    assert ran.code == 0
    for part in ("holes, 2 cases", "bare psm, first line", ", psm against complete@"):
        assert part in ran.out
        assert part in text


def test_the_size_of_a_prompt_is_the_commands_own(run: Run, engine: LeftEngine, holes: str) -> None:
    Path("pyproject.toml").write_text("[tool.qwen-lsp]\ncontext.maxTokens = 512\n")
    sizes: list[int] = []
    for words in ((), ("--context-tokens", "0"), ("--context-tokens", "300")):
        ran = run("eval", "infill", "--data", holes, "--limit", "1", "--json", *words)
        sizes.append(json.loads(ran.out)["about"]["context_tokens"])
    assert sizes == [2048, 512, 300]
    assert len(engine.requests) == 3


def test_a_run_goes_on_where_it_was(run: Run, engine: LeftEngine, holes: str) -> None:
    words = ("eval", "infill", "--data", holes, "--resume", "results.jsonl", "--json")
    assert json.loads(run(*words, "--limit", "2").out)["cases"] == 2
    assert json.loads(run(*words).out)["cases"] == 4
    assert len(engine.requests) == 4
    assert json.loads(run(*words, "--limit", "2").out)["cases"] == 2
    assert len(engine.requests) == 4
    ran = run(*words, "--context-tokens", "300")
    assert (ran.code, ran.out) == (2, "")
    assert "holds results of another measurement: context_tokens 2048 and not 300." in ran.err


def test_functions_are_changed_by_an_action(run: Run, engine: LeftEngine, home: Path) -> None:
    path = write_rows(home.parent / "edits.jsonl", EDIT)
    engine.reply = "    return a + b"
    words = ("--action", "simplify", "--baseline", "rewrite", "--json")
    ran = run("eval", "edits", "--data", str(path), *words)
    found = json.loads(ran.out)
    assert (ran.code, found["about"]) == (0, {"action": "simplify"})
    ours, plain = found["summaries"]
    assert (ours["scores"]["pass@1"], plain["scores"]["pass@1"]) == (1.0, 0.0)
    ran = run("eval", "edits", "--data", str(path), "--action", "gone")
    assert (ran.code, ran.err.count("There is no action gone")) == (2, 1)


@pytest.mark.parametrize("reply", ["order_by_name('x')", "name"])
def test_names_of_other_files(run: Run, engine: LeftEngine, home: Path, reply: str) -> None:
    path = write_rows(home.parent / "shop.jsonl", *FILES, CASE)
    engine.reply = reply
    ran = run("eval", "crossfile", "--data", str(path), "--context", "on", "--json")
    found = json.loads(ran.out)["summaries"][0]["scores"]
    assert found["identifier"] == float(reply != "name")
    assert "order_by_name" in engine.requests[0].first_words


@pytest.mark.parametrize("suite", ["infill", "crossfile", "edits", "tidy"])
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "There is no file data.jsonl."),
        ('\n{"content": "x"}\n', "data.jsonl, line 2: it has no "),
        ("x\n", "data.jsonl, line 1: this is no JSON."),
        ("[1]\n", "data.jsonl, line 1: this is no JSON object."),
        ("", "There is no "),
    ],
)
def test_bad_files_are_told_in_one_sentence(
    run: Run, engine: LeftEngine, suite: str, text: str | None, sentence: str
) -> None:
    if text is not None:
        Path("data.jsonl").write_text(text)
    ran = run("eval", suite, "--data", "data.jsonl")
    assert (ran.code, ran.out, ran.err.count("\n"), engine.calls) == (2, "", 1, [])
    assert ran.err.startswith(f"qwen-lsp: {sentence}")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--prompt", "gone"), "There is no prompt gone"),
        (("--prompt", "complete@99"), "complete"),
        (("--order", "sideways"), "There is no order sideways"),
        (("--context", "on", "--context", "on"), "A variant is named twice."),
        (("--html", "gone/page.html"), "There is no folder gone."),
        (("--resume", "gone/results.jsonl"), "There is no folder gone."),
        (("--context-tokens", "5"), "5 is no whole number from 128 to 16384, or 0"),
        (("--limit", "0"), "0 is no whole number from 1 to 100000"),
    ],
)
def test_bad_options_are_told_before_anything_is_measured(
    run: Run, engine: LeftEngine, holes: str, words: tuple[str, ...], sentence: str
) -> None:
    ran = run("eval", "infill", "--data", holes, *words)
    assert (ran.code, ran.out) == (2, "")
    assert sentence in ran.err
    assert engine.requests == []


def test_tidying_needs_no_model(run: Run, home: Path) -> None:
    path = str(write_rows(home.parent / "raw.jsonl", TIDY))
    ran = run("eval", "tidy", "--data", path)
    assert (ran.code, ran.out) == (0, "core: 1 of 1 passed\n")
    ran = run("eval", "tidy", "--data", path, "--json")
    assert json.loads(ran.out)["by_tier"] == {"core": {"passed": 1, "cases": 1}}


@pytest.mark.parametrize(("tier", "code"), [("core", 1), ("policy", 0)])
def test_a_failed_core_case_is_a_failed_check(run: Run, home: Path, tier: str, code: int) -> None:
    wrong = TIDY | {"tier": tier, "expected_document": "print()\n"}
    path = write_rows(home.parent / "raw.jsonl", wrong)
    ran = run("eval", "tidy", "--data", str(path))
    assert ran.code == code
    assert f"failed ({tier}): a" in ran.out
