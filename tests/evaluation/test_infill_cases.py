"""Reading infill cases, and standing in their holes as a person's cursor would."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.infill_cases import (
    Hole,
    InfillCase,
    InputOutput,
    can_be_shown,
    every,
    narrowed,
    read_cases,
    spread,
)
from qwen_lsp.evaluation.json_lines import BadDataError

ROW = {
    "task_id": "double/1",
    "language": "python",
    "prefix": "def double(x):\n",
    "middle": "    return x * 2\n",
    "suffix": "\nprint(double(1))\n",
}


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(tmp_path: Path, *rows: dict[str, Any], **options: Any) -> list[InfillCase]:
    return read_cases([write(tmp_path / "some.jsonl", rows)], **options)[0]


def test_the_cursor_stands_behind_the_indentation_and_the_line_end_stays_below() -> None:
    found = narrowed(Hole("def f():\n", "    return 1\n", "f()\n"), is_begun=False)
    assert found == ("def f():\n    ", "return 1", "\nf()\n")


def test_a_third_of_the_line_is_typed_where_it_is_begun() -> None:
    found = narrowed(Hole("def f():\n", "    return 1\n    pass\n", "f()\n"), is_begun=True)
    assert found == ("def f():\n    re", "turn 1\n    pass", "\nf()\n")


def test_a_hole_in_a_line_stays_where_it_is() -> None:
    hole = Hole("if ", "n == 1:", "\n    pass\n")
    for is_begun in (True, False):
        assert narrowed(hole, is_begun=is_begun) == hole


@pytest.mark.parametrize("middle", ["    return 1\n", "  \n\n  x = [\n  1]\n\n", "x", "", " \n "])
@pytest.mark.parametrize("is_begun", [True, False])
def test_the_program_stays_the_same(middle: str, *, is_begun: bool) -> None:
    found = narrowed(Hole("a = 1\n", middle, "b\n"), is_begun=is_begun)
    assert "".join(found) == f"a = 1\n{middle}b\n"


def test_the_kinds_of_holes(tmp_path: Path) -> None:
    rows = [ROW | {"task_id": str(number)} for number in range(2)]

    def middles(kind: str) -> list[str]:
        return [case.middle for case in read(tmp_path, *rows, kind=kind)]

    assert middles("cursor") == ["return x * 2", "return x * 2"]
    assert middles("begun") == ["return x * 2", "rn x * 2"]
    assert middles("raw") == ["    return x * 2\n"] * 2
    given = Hole(ROW["prefix"], ROW["middle"], ROW["suffix"])
    assert {case.hole for case in read(tmp_path, *rows, kind="begun")} == {given}
    assert {case.program for case in read(tmp_path, *rows, kind="begun")} == {"".join(given)}


def test_both_kinds_of_tests_are_read(tmp_path: Path) -> None:
    checked = ROW | {"test": "def check(f): assert f(2) == 4", "entry_point": "double"}
    printed = ROW | {"task_id": "2", "io_tests": [{"input": "1\n", "output": ["2", "two"]}]}
    first, second = read(tmp_path, checked, printed | {"group": "double"})
    assert first.check.endswith("\ncheck(double)\n")
    assert second.examples == (InputOutput("1\n", ("2", "two")),)
    assert (first.task, second.task) == ("double/1", "double")
    assert {first.group, second.group} == {"some"}
    assert first.document.text[: first.offset] == "def double(x):\n    "
    assert first.is_one_line


def test_programs_of_other_languages_are_not_run(tmp_path: Path) -> None:
    checked = {"language": "lua", "test": "check()", "entry_point": "double"}
    (case,) = read(tmp_path, ROW | checked | {"io_tests": [{"input": "", "output": []}]})
    assert (case.check, case.examples) == ("", ())


def test_some_of_the_cases_are_chosen_evenly() -> None:
    assert every("abcdefg", 3) == ["a", "d", "g"]
    assert spread("abcdefgh", 3) == ["a", "c", "f"]
    assert spread("ab", 5) == ["a", "b"]
    assert spread("", 5) == []


def test_what_the_filters_let_through_can_be_shown(tmp_path: Path) -> None:
    shown, looping, empty = read(
        tmp_path,
        ROW,
        ROW | {"task_id": "loop", "middle": "    print(x)\n" * 9},
        ROW | {"task_id": "empty", "middle": ""},
    )
    assert can_be_shown(shown)
    assert not can_be_shown(looping)
    assert not can_be_shown(empty)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([ROW, {"prompt": "x"}], "some.jsonl, line 2: it has no prefix."),
        ([ROW | {"middle": 3}], "some.jsonl, line 1: its middle is not a text."),
        ([ROW | {"test": "x"}], "some.jsonl, line 1: it has no entry_point."),
        ([ROW | {"io_tests": "x"}], "some.jsonl, line 1: its io_tests is no list of objects."),
        (
            [ROW | {"io_tests": [{"input": "x"}]}],
            "some.jsonl, line 1: an entry of its io_tests has no input or output.",
        ),
        ([ROW, ROW], "some.jsonl has two cases of the same task_id."),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, rows: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(BadDataError) as caught:
        read(tmp_path, *rows)
    assert str(caught.value).endswith(sentence)


def test_files_whose_figures_would_be_mixed_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "some.jsonl", tmp_path / "b" / "some.jsonl"]
    with pytest.raises(BadDataError, match="have the same name"):
        read_cases(paths)


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match=r"There is no case in .*some\.jsonl\."):
        read(tmp_path)
