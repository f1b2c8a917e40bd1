"""Each check on its own, with an edit that breaks its promise and one that keeps it."""

from dataclasses import replace

import pytest

from qwen_lsp.features import checks
from qwen_lsp.features.checks import Change, Check
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Span, TextEdit, apply_edits

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
        (checks.keeps_names, "def f", "def g", "f would be lost"),
        (checks.keeps_names, "def f", "def g(): 0\ndef f", None),
        (checks.names_are_defined, "a + b", "a + c", "c is not defined"),
        (checks.names_are_defined, "a + b", "math.fsum([a, b])", "math is not defined"),
        (checks.names_are_defined, "return a", "import math\n    return math.pi + a", None),
        (checks.names_are_defined, "return a", "c = a\n    return c", None),
        (checks.names_are_defined, "a + b", "sum(c for c in (a, b))", None),
        (checks.names_are_defined, "a + b", "later() + b\n\ndef later(): 0", None),
        (checks.names_are_defined, "return a", "global c\n    c = 1\n    return c + a", None),
        (checks.names_are_defined, "def f", "from os import *\ndef f", None),
        (checks.names_are_defined, "a + b", "a + (c", None),
        (checks.is_shorter, "a + b", "b + a", "the new code is not shorter"),
        (checks.is_shorter, "a + b", "a", None),
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


def test_names_that_a_file_lacked_before_are_no_fault_of_the_edit() -> None:
    before = CODE.replace("a + b", "a + magic")
    assert checks.names_are_defined(change(before, before.replace("a +", "b +"))) is None


def test_documentation_of_another_function_is_not_touched() -> None:
    other = "def g():\n    return 1\n"
    bare = CODE.replace('    """Doc."""\n', "")
    assert checks.only_documentation_changed(change(bare + other, CODE + other)) is None
    wrong = bare + other.replace("return", '"""Doc."""\n    return')
    assert checks.only_documentation_changed(change(bare + other, wrong)) is not None


@pytest.mark.parametrize(("new", "is_fine"), [("b + a", True), ("b + a)(", False), ('"""', False)])
def test_code_outside_of_an_edit_reads_as_before(new: str, is_fine: bool) -> None:
    place = CODE.index("a + b")
    edit = TextEdit(Span(place, place + 5), new)
    text = CODE + '\n\nx = """Text."""\n'
    made = replace(change(text, apply_edits(text, [edit])), edits=(edit,))
    reason = "the code around it would change"
    broken = new == '"""'
    assert checks.rest_reads_the_same(made) == (reason if broken else None)
    assert (checks.parses(made) is None) == is_fine


def test_errors_that_a_file_has_may_stay() -> None:
    broken = f"{CODE}\nx = (\n"
    assert checks.parses(change(broken, broken.replace("a + b", "b + a"))) is None
    assert checks.parses(change("func f() {\n", "func f() { a\n", "go")) is None


LOST = "what the function did before was not kept"
COMMENTED = """def f(a, b):
    # Add them.
    total = a + b
    return total  # a number
"""


@pytest.mark.parametrize(
    ("check", "old", "new", "reason"),
    [
        (checks.comments_kept, "    # Add them.\n", "", "a comment was lost"),
        (checks.comments_kept, "  # a number", "", "a comment was lost"),
        (checks.comments_kept, "  # a number", "  # a sum", "a comment was lost"),
        (checks.comments_kept, "total  # a number", "a + b", None),
        (checks.comments_kept, "    # Add them.\n    total = a + b\n", "    total = b + a\n", None),
        (checks.comments_kept, "total = a", "try: total = a + b\n    finally: a", None),
        (checks.keeps_statements, "    total = a + b\n", "", LOST),
        (checks.keeps_statements, "    # Add them.\n", "    assert a\n", None),
        (checks.style_kept, "\n    return", "\r\n    return", "the style of the file was not kept"),
        (checks.style_kept, "    return", "\treturn", "the style of the file was not kept"),
        (checks.style_kept, "number\n", "number", "the style of the file was not kept"),
        (checks.style_kept, "a + b", "a + b + len('c')", None),
        (checks.unchanged_outside, "total = a + b", "total = b", None),
    ],
)  # fmt: skip
def test_check_of_a_rewrite(check: Check, old: str, new: str, reason: str | None) -> None:
    assert old in COMMENTED
    assert check(change(COMMENTED, COMMENTED.replace(old, new, 1))) == reason


def test_quotes_are_those_of_the_file() -> None:
    code = 'def f():\n    return "a"\n'
    assert checks.style_kept(change(code, code.replace('"a"', "'b'"))) is not None
    assert checks.style_kept(change(code, code.replace('"a"', "'\"b\"'"))) is None


def test_nothing_outside_the_function_changes() -> None:
    text = "import os\n\n" + COMMENTED + "\nx = 1\n"
    assert checks.unchanged_outside(change(text, text.replace("a + b", "b"))) is None
    for outside in ("y = 2\n" + text, text + "y = 2\n", text.replace("x = 1", "x = 2")):
        reason = checks.unchanged_outside(change(text, outside))
        assert reason == "something else in the file changed"


def test_other_functions_stay_where_they_are() -> None:
    text = "function f() { return 1; }\nfunction g() { return 2; }\n/* end */\n"
    renamed = text.replace("f()", "h(a, b)")
    assert checks.other_functions_stay(change(text, renamed, "javascript")) is None
    swallowed = change(text, text.replace("1; }", "1; } /*"), "javascript")
    assert checks.parses(swallowed) is None
    assert checks.other_functions_stay(swallowed) == "another function changed"
