"""Scoring golden cases of tidying."""

import json
from pathlib import Path

import pytest

from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.tidying_cases import run


def case(name: str, prefix: str, raw: str, suffix: str, expected: str, **more: str) -> str:
    row = {
        "task_id": name,
        "category": "brackets",
        "tier": "core",
        "language": "python",
        "prefix": prefix,
        "suffix": suffix,
        "raw_completion": raw,
        "expected_document": expected,
    }
    return json.dumps(row | more) + "\n"


def test_passed_and_failed_cases_are_counted_by_tier(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(
        case("kept", "print(", "len(words))", ")\n", "print(len(words))\n")
        + case("taste", "x = ", "1", "\n", "x = 2\n", tier="policy", category="taste"),
        encoding="utf-8",
    )
    report = run([path])
    assert report.is_good
    assert [one.name for one in report.failed] == ["taste"]
    assert report.failed[0].ours == "x = 1\n"
    assert report.lines() == [
        "core: 1 of 1 passed",
        "policy: 0 of 1 passed",
        "failed (policy): taste",
    ]
    found = report.as_dict()
    assert found["by_category"]["taste"] == {"passed": 0, "cases": 1}
    assert json.loads(json.dumps(found)) == found


def test_a_language_without_a_grammar_is_tidied_as_text(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    text = case("r", "print(", "total)\nprint(2)", ")\n", "print(total)\n", language="r")
    path.write_text(text, encoding="utf-8")
    assert run([path]).is_good


def test_a_failed_core_case_is_not_good(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(case("wrong", "x = ", "1", "\n", "x = 2\n"), encoding="utf-8")
    assert not run([path]).is_good


def test_another_kind_of_case_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text('{"task_id": "a"}\n', encoding="utf-8")
    with pytest.raises(BadDataError, match="line 1: it has no category"):
        run([path])
