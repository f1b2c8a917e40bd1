"""A whole measurement with a scripted engine in place of the model."""

import json
import sys
from pathlib import Path

import pytest

from qwen_lsp.engine.requests import Chat, Infill
from qwen_lsp.evaluation import anchoring
from qwen_lsp.evaluation.anchoring import is_usable, measure_case, run
from qwen_lsp.evaluation.anchoring_results import Outcome, Results, cost_table, quality_table
from qwen_lsp.evaluation.infill_cases import InfillCase
from qwen_lsp.evaluation.layouts import LAYOUTS
from qwen_lsp.evaluation.typing_cost import TypingCost
from tests.harness.scripted import ScriptedEngine

BY_NAME = {layout.name: layout for layout in LAYOUTS}
PSM, NEAR, CHAT = BY_NAME["PSM"], BY_NAME["2 lines up"], BY_NAME["chat, 4 lines begun"]
HEALED = BY_NAME["4 lines up, word healed"]
CASE = InfillCase(
    "double",
    "some",
    "python",
    "import os\n\n\n\ndef double(x):\n    y = x\n    ret",
    "urn y * 2",
    "\n",
    "\ndef check(f):\n    assert f(2) == 4\n\ncheck(double)\n",
)


async def test_each_layout_is_asked_and_scored() -> None:
    engine = ScriptedEngine(["urn y + y\n\n\nprint(", " = 1\n", "urn y * 2\n```"])
    psm, near, chat = await measure_case(engine, CASE, [CHAT, NEAR, PSM])
    assert (psm.layout, psm.completion, psm.passed, psm.is_exact) == (
        "PSM",
        "urn y + y",
        True,
        False,
    )
    assert (near.layout, near.completion, near.passed) == ("2 lines up", " = 1", False)
    assert (chat.passed, chat.is_exact) == (True, True)
    first, second, third = (request.prompt for request in engine.requests)
    assert first == Infill(CASE.prefix, CASE.suffix, "")
    assert second == Infill("import os\n\n\n\n", CASE.suffix, "def double(x):\n    y = x\n    ret")
    assert isinstance(third, Chat)
    assert all(request.deadline_ms is None for request in engine.requests)


async def test_the_same_prompt_is_sent_once() -> None:
    engine = ScriptedEngine(["urn y * 2\n"])
    layouts = [BY_NAME["4 lines up"], BY_NAME["4 lines up, suffix of 5 lines"]]
    first, second = await measure_case(engine, CASE, layouts)
    assert first.completion == second.completion == "urn y * 2"


async def test_a_begun_word_is_left_for_the_model_to_write() -> None:
    engine = ScriptedEngine(["urn y * 2\n"])
    (outcome,) = await measure_case(engine, CASE, [HEALED])
    assert outcome.completion == "urn y * 2"
    assert engine.reply_start(0).endswith("y = x\n   ")
    assert engine.requests[0].begun == " ret"


@pytest.mark.parametrize(
    ("middle", "usable"),
    [("urn y * 2", True), ("  ", False), ("urn (", False), ("urn y\n\n\ndef g(): pass", False)],
)
def test_a_case_is_usable_where_the_right_answer_may_be_shown(
    middle: str,
    usable: bool,
) -> None:
    case = InfillCase("a", "b", "python", CASE.prefix, middle, "\n")
    assert is_usable(case) is usable


def test_a_language_that_is_not_known_is_not_usable() -> None:
    assert not is_usable(InfillCase("a", "b", "cobol", "", "x", ""))


async def test_what_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    await run(ScriptedEngine(["urn y * 2\n"]), [CASE], [PSM], Results(path))
    engine = ScriptedEngine([" = 1\n"])
    await run(engine, [CASE], [PSM, NEAR], Results(path))
    assert len(engine.requests) == 1
    assert [one.layout for one in Results(path).outcomes] == ["PSM", "2 lines up"]


def outcome(case: str, layout: str, *, passed: bool) -> Outcome:
    return Outcome(case, f"set {case[0]}", layout, passed, False, "", 9, 9, 1)


def test_only_cases_of_all_layouts_are_compared() -> None:
    table = quality_table(
        [
            outcome("a1", "PSM", passed=True),
            outcome("a2", "PSM", passed=False),
            outcome("b1", "PSM", passed=False),
            outcome("b2", "PSM", passed=True),
            outcome("a1", "near", passed=False),
            outcome("a2", "near", passed=True),
            outcome("b1", "near", passed=True),
        ]
    )
    assert table.startswith("3 cases\n")
    assert "| PSM | 1 (33%) | 0 (0%) | 0 : 0 | 1 (50%) | 0 (0%) |" in table
    assert "| near | 2 (67%) | 0 (0%) | 2 : 1 | 1 (50%) | 1 (100%) |" in table
    assert quality_table([]) == ""


def test_costs_of_all_places_stand_in_one_row(tmp_path: Path) -> None:
    results = Results(tmp_path / "out.jsonl")
    results.add([TypingCost("near", 1, (1, 2), (10,), ()), TypingCost("near", 2, (9,), (20,), ())])
    again = Results(tmp_path / "out.jsonl")
    assert again.has_typed("near", 2)
    assert not again.has_typed("near", 3)
    assert "| near | 2 | 9 | 4.0 | 15 | 20 | 15.0 |  |  |  |" in cost_table(again.costs)


def test_a_missing_model_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.gguf"
    arguments = ["anchoring", "--model", str(missing), "--json", str(tmp_path / "out.jsonl")]
    monkeypatch.setattr(sys, "argv", arguments)
    assert anchoring.main() == 3
    said = capsys.readouterr()
    assert "missing.gguf" in said.err
    assert said.out == ""
    assert not list(tmp_path.iterdir())


def test_the_results_are_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    Results(path).add([outcome("a1", "PSM", passed=True)])
    assert json.loads(path.read_text("utf-8"))["layout"] == "PSM"
