"""Code of the model in the style of the file that it goes into."""

import pytest

from qwen_lsp.features.fitting import fitted, indent_unit
from qwen_lsp.languages import language_for_id


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("", ""),
        ("a\nb\n", ""),
        ("if a:\n    b\n", "    "),
        ("if a:\n\tb\n", "\t"),
        ("{\n  a\n  {\n    b\n      c\n  }\n}\n", "  "),
        ("if a:\n    f(b,\n      c)\n    if d:\n        e\n", "    "),
    ],
)
def test_the_commonest_step_is_the_unit(text: str, unit: str) -> None:
    assert indent_unit(text) == unit


@pytest.mark.parametrize(
    ("language_id", "code", "old", "new"),
    [
        ("python", "if a:\n    b\n", "if a:\n\tb\n", "if a:\n\tb\n"),
        ("python", "if a:\n  if b:\n    c\n", "if a:\n    b\n", "if a:\n    if b:\n        c\n"),
        ("python", "if a:\n  b(1,\n     2)\n", "if a:\n    b\n", "if a:\n    b(1,\n         2)\n"),
        ("python", 'if a:\n  b = """\n  c"""\n', "if a:\n\tb\n", 'if a:\n\tb = """\n  c"""\n'),
        ("python", "x = 'a\\n' + b'c'\n", 'x = "d"\n', 'x = "a\\n" + b"c"\n'),
        ("python", "x = 'a \"b\"' + 'it\\'s'\n", 'x = "d"\n', "x = 'a \"b\"' + 'it\\'s'\n"),
        ("python", "x = f'a {b[\"c\"]}'\n", 'x = "d"\n', "x = f'a {b[\"c\"]}'\n"),
        ("python", "x = 'a'\n", "x = 'b' + \"c\"\n", "x = 'a'\n"),
        ("javascript", 'x("a", `b`)', "y('c')", "x('a', `b`)"),
        ("c", "x('a')", 'y("b")', "x('a')"),
    ],
)  # fmt: skip
def test_only_what_means_the_same_is_changed(
    language_id: str, code: str, old: str, new: str
) -> None:
    language = language_for_id(language_id)
    assert language is not None
    assert fitted(code, old, old, language) == new
