"""Each check on its own, with an edit that breaks its promise and one that keeps it."""

import pytest

from qwen_lsp.features import checks
from qwen_lsp.features.checks import Change, Check
from qwen_lsp.languages import language_for_id, parse

CODE = '''def f(a, b=1):
    """Doc."""
    return a + b
'''


def change(before: str, after: str, language_id: str = "python") -> Change:
    language = language_for_id(language_id)
    assert language is not None
    return Change(language, before, after, parse(language, before).functions()[0])


@pytest.mark.parametrize(
    ("check", "old", "new", "reason"),
    [
        (checks.changes_something, "", "", "there is nothing to change"),
        (checks.changes_something, "a +", "b +", None),
        (checks.parses, "a + b", "a + (b", "the new code has a syntax error"),
        (checks.parses, "    return", "  return", "the new code has a syntax error"),
        (checks.parses, "a, b=1", "a=1, b", "the new code has a syntax error"),
        (checks.parses, "a + b", "(a + b)", None),
        (checks.same_functions, "b=1", "b=2", "the name or the parameters changed"),
        (checks.same_functions, "b=1", "*b", "the name or the parameters changed"),
        (checks.same_functions, "a, b=1", "b, a=1", "the name or the parameters changed"),
        (checks.same_functions, "def f", "def g", "the new code adds or removes functions"),
        (checks.same_functions, "def f", "def g(): 0\ndef f",
         "the new code adds or removes functions"),
        (checks.same_functions, "a, b=1", "a: int, b: int = 1", None),
        (checks.same_functions, "a + b", "sum((a, b))", None),
        (checks.keeps_docstring, '"""Doc."""', "# Doc.", "the documentation was lost"),
        (checks.keeps_docstring, "a + b", "b + a", None),
        (checks.only_annotations_changed, "a + b", "b + a", "more than the annotations changed"),
        (checks.only_annotations_changed, "b=1", "b: int = 2", "more than the annotations changed"),
        (checks.only_annotations_changed, "def f", "import os\ndef f",
         "more than the annotations changed"),
        (checks.only_annotations_changed, "def f(a", "from typing import Any\ndef f(a: Any", None),
        (checks.only_documentation_changed, "a + b", "b", "more than the documentation changed"),
        (checks.only_documentation_changed, "Doc.", "Add.", "more than the documentation changed"),
    ],
)  # fmt: skip
def test_check(check: Check, old: str, new: str, reason: str | None) -> None:
    assert check(change(CODE, CODE.replace(old, new, 1))) == reason


def test_documentation_of_another_function_is_not_touched() -> None:
    other = "def g():\n    return 1\n"
    bare = CODE.replace('    """Doc."""\n', "")
    assert checks.only_documentation_changed(change(bare + other, CODE + other)) is None
    wrong = bare + other.replace("return", '"""Doc."""\n    return')
    assert checks.only_documentation_changed(change(bare + other, wrong)) is not None


def test_errors_that_a_file_has_may_stay() -> None:
    broken = f"{CODE}\nx = (\n"
    assert checks.parses(change(broken, broken.replace("a + b", "b + a"))) is None
    assert checks.parses(change("func f() {\n", "func f() { a\n", "go")) is None
