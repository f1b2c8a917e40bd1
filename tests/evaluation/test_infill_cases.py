"""Reading infill cases, and standing in their holes as a person's cursor would."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.infill_cases import InfillCase, InputOutput, narrowed, read_cases

ROW = {
    "task_id": "double/1",
    "language": "python",
    "prefix": "def double(x):\n",
    "middle": "    return x * 2\n",
    "suffix": "\nprint(double(1))\n",
}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def named(count: int) -> list[dict[str, Any]]:
    return [ROW | {"task_id": str(number)} for number in range(count)]


def anything(_case: InfillCase) -> bool:
    return True


def test_the_cursor_stands_behind_the_indentation_and_the_line_end_stays_below() -> None:
    prefix, middle, suffix = narrowed("def f():\n", "    return 1\n", "f()\n", is_begun=False)
    assert prefix == "def f():\n    "
    assert middle == "return 1"
    assert suffix == "\nf()\n"


def test_every_other_line_is_begun() -> None:
    found = narrowed("def f():\n", "    return 1\n    pass\n", "f()\n", is_begun=True)
    assert found == ("def f():\n    re", "turn 1\n    pass", "\nf()\n")


def test_a_hole_in_a_line_stays_where_it_is() -> None:
    for is_begun in (True, False):
        found = narrowed("if ", "n == 1:", "\n    pass\n", is_begun=is_begun)
        assert found == ("if ", "n == 1:", "\n    pass\n")


@pytest.mark.parametrize("middle", ["    return 1\n", "  \n\n  x = [\n  1]\n\n", "x", "", " \n "])
@pytest.mark.parametrize("is_begun", [True, False])
def test_the_program_stays_the_same(middle: str, *, is_begun: bool) -> None:
    assert "".join(narrowed("a = 1\n", middle, "b\n", is_begun=is_begun)) == f"a = 1\n{middle}b\n"


def test_both_kinds_of_tests_are_read(tmp_path: Path) -> None:
    checked = ROW | {"test": "def check(f): assert f(2) == 4", "entry_point": "double"}
    printed = ROW | {"io_tests": [{"input": "1\n", "output": ["2", "two"]}]}
    path = write(tmp_path / "some.jsonl", [checked, printed])
    first, second = read_cases([path], 2, anything)
    assert first.check.endswith("\ncheck(double)\n")
    assert second.examples == (InputOutput("1\n", ("2", "two")),)
    assert {first.group, second.group} == {"some"}
    assert first.document.text[: first.offset] == "def double(x):\n    "
    assert first.is_one_line


def test_cases_are_spread_over_the_files_by_their_sizes(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"{size}.jsonl", named(size)) for size in (20, 40)]
    cases = read_cases(paths, 15, anything)
    assert [case.name for case in cases if case.group == "20"] == ["0", "4", "8", "12", "16"]
    assert [case.group for case in cases].count("40") == 10
    assert cases == read_cases(paths, 15, anything)


def test_only_usable_cases_count(tmp_path: Path) -> None:
    path = write(tmp_path / "some.jsonl", named(10))
    cases = read_cases([path], 100, lambda case: int(case.name) < 3)
    assert [case.name for case in cases] == ["0", "1", "2"]
    assert read_cases([path], 100, lambda _: False) == []


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "some.jsonl", [{"prompt": "x"}])
    with pytest.raises(ValueError, match="not an infill case: 'prefix' is missing"):
        read_cases([path], 1, anything)
