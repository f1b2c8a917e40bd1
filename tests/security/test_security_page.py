"""docs/security.md: every line of protection names its tests, and those are there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_NAME = re.compile(r"`([\w/]+\.py)::(\w+)`")


def protections() -> list[str]:
    """Return the lines of the tables whose last column has tests."""
    lines: list[str] = []
    is_table = False
    for line in PAGE.splitlines():
        is_table = line.startswith("|") and (is_table or line.endswith("| test |"))
        if is_table and not re.fullmatch(r"[| -]*(protection \| test)?[| -]*", line):
            lines.append(line)
    return lines


@pytest.mark.parametrize("line", protections())
def test_a_line_of_protection_names_tests_that_there_are(line: str) -> None:
    _, protection, tests, _ = line.split("|")
    names = _NAME.findall(tests)
    assert protection.strip()
    assert names
    assert tests.strip() == ", ".join(f"`{path}::{name}`" for path, name in names)
    for path, name in names:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = (ast.FunctionDef, ast.AsyncFunctionDef)
        assert name in {node.name for node in tree.body if isinstance(node, functions)}, path


def test_all_tables_of_protections_are_read() -> None:
    assert len(protections()) >= 30
    assert set(_NAME.findall(PAGE)) == set(_NAME.findall("\n".join(protections())))
