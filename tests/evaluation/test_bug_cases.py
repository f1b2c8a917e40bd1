"""Bugs as cases: what is read, what is scored, and what the plain question is."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.bug_cases import BugCase, read_bugs
from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.outcomes import Results
from qwen_lsp.evaluation.plain_review import NAME
from qwen_lsp.evaluation.report import Measured, make_report
from qwen_lsp.evaluation.report_tables import tables
from qwen_lsp.evaluation.suites import review
from qwen_lsp.evaluation.variants import VariantError
from qwen_lsp.settings import Settings
from tests.harness.scripted import ScriptedEngine, scripted_model

FIXED = "def double(x):\n    # Twice.\n    return x + x\n"
ROW = {
    "task_id": "double",
    "source": "own",
    "language": "python",
    "filename": "double.py",
    "buggy": FIXED.replace("x + x", "x + 2"),
    "fixed": FIXED,
    "accept_lines": [3],
}
FOUND = '{"findings": [{"line": "return x + 2", "category": "wrong-result"}]}'
ALARM = '{"findings": [{"line": "return x + x", "category": "wrong-result"}]}'
NOTHING = '{"findings": []}'


def cases(tmp_path: Path, *rows: dict[str, Any]) -> list[BugCase]:
    path = tmp_path / "bugs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (found,) = read_bugs([path])
    return found


async def measured(tmp_path: Path, replies: list[str], *baselines: str) -> Results:
    engine = ScriptedEngine(replies)
    model = scripted_model(engine)
    results = Results(None, {})
    ours = review.review_variants(model, ["review/find@1"])
    found = cases(tmp_path, ROW)
    steps = review.measure(Asker(model, Settings()), found, ours, baselines, results)
    assert [number async for number in steps] == [1]
    assert not engine.replies
    return results


@pytest.mark.parametrize(
    ("replies", "score", "found", "alarm"),
    [
        ([FOUND, "    return 2 * x", NOTHING], 1.0, 1.0, 0.0),
        ([FOUND, "    return 2 * x", ALARM, "    return 2 * x"], 0.0, 1.0, 1.0),
        ([NOTHING, ALARM, "    return 2 * x"], -1.0, 0.0, 1.0),
        ([NOTHING, NOTHING], 0.0, 0.0, 0.0),
    ],
)
async def test_the_score_is_what_is_found_less_false_alarms(
    tmp_path: Path, replies: list[str], score: float, found: float, alarm: float
) -> None:
    (outcome,) = (await measured(tmp_path, replies)).outcomes
    assert outcome.scores == {"score": score, "found": found, "false alarms": alarm}


async def test_the_same_model_is_asked_plainly_too(tmp_path: Path) -> None:
    replies = [
        *(NOTHING, NOTHING),
        'Here it is: {"findings": [{"line": 3, "message": "Wrong."}, {"line": 99}]}',
        "There is no bug.",
    ]
    results = await measured(tmp_path, replies, "plain")
    ours, plain = results.outcomes
    assert (ours.scores["score"], plain.scores["score"]) == (0.0, 1.0)
    assert plain.variant == NAME
    names = ["review/find@1", NAME]
    report = make_report(Measured("review", "scripted", {}, review.SCORES, names), results.outcomes)
    (against,) = {one.comparison.points for one in report.comparisons}
    assert against == -100.0
    assert tables(report)


async def test_a_score_below_zero_has_an_interval(tmp_path: Path) -> None:
    results = await measured(tmp_path, [NOTHING, ALARM, "    return 2 * x"])
    names = ["review/find@1"]
    report = make_report(Measured("review", "scripted", {}, review.SCORES, names), results.outcomes)
    summary = report.summaries[0]
    assert summary.scores["score"] == summary.low == summary.high == -1.0
    assert summary.intervals["false alarms"][1] == 1.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"accept_lines": "3"}, "its accept_lines is no list of whole numbers"),
        ({"accept_lines": [3.5]}, "its accept_lines is no list of whole numbers"),
        ({"buggy": None}, "it has no buggy"),
        ({"language": "klingon"}, "its language klingon is not known"),
    ],
)
def test_a_bad_case_is_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadDataError, match=f"line 1: {reason}"):
        cases(tmp_path, ROW | change)


def test_only_review_prompts_are_measured() -> None:
    with pytest.raises(VariantError, match="not with complete"):
        review.review_variants(scripted_model(ScriptedEngine([])), ["complete@2"])
