"""Whether a function still holds all statements that it had, in several languages."""

import pytest

from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.languages.statements import Statement, still_holds

PYTHON = """\
def f(a):
    # Comments do not count.
    x = g(a)
    if a:
        y()
    return x
"""
PYTHON_WRAPPED = """\
def f(a):
    if a is None:
        raise ValueError("a is missing")
    try:
        x = g(a)
        if a:
            y()
    except OSError as error:
        raise RuntimeError from error
    return x
"""
BRACES = "{ int x = g(a); if (a > 1) { x = 2; } return x; }"
WRAPPED = "{ try { int x = g(a); if (a > 1) { h(); x = 2; } } catch (E e) { h(); } return x; }"


def statement(language_id: str, text: str) -> Statement:
    language = language_for_id(language_id)
    assert language is not None
    tree = parse(language, text)
    found = tree.statement(tree.functions()[0])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language_id", "before", "after"),
    [
        ("python", PYTHON, PYTHON_WRAPPED),
        ("java", f"class A {{ int f(int a) {BRACES} }}", f"class A {{ int f(int a) {WRAPPED} }}"),
        ("csharp", f"class A {{ int F(int a) {BRACES} }}", f"class A {{ int F(int a) {WRAPPED} }}"),
        ("cpp", f"int f(int a) {BRACES}", f"int f(int a) {WRAPPED}"),
        (
            "javascript",
            "const f = (a) => {\n  const x = g(a);\n  return x;\n};",
            "const f = (a) => {\n  try { const x = g(a); return x; } catch (e) { throw e; }\n};",
        ),
        (
            "go",
            "package a\nfunc f(a int) error {\n\tx := 1\n\treturn g(x)\n}",
            "package a\nfunc f(a int) error {\n\tif a < 0 { return e }\n\tx := 1\n\treturn g(x)\n}",
        ),
        (
            "rust",
            "fn f(a: i32) -> Result<i32, E> { let x = 1; Ok(x) }",
            "fn f(a: i32) -> Result<i32, E> { if a < 0 { return Err(E::A); } let x = 1; Ok(x) }",
        ),
        (
            "ruby",
            "def f(a)\n  x = 1\n  g(x)\nend",
            "def f(a)\n  begin\n    x = 1\n    g(x)\n  rescue E\n    raise\n  end\nend",
        ),
        (
            "ruby",
            "def f(a)\n  x = 1\n  g(x)\nend",
            "def f(a)\n  x = 1\n  g(x)\nrescue E\n  raise\nend",
        ),
        (
            "php",
            "<?php\nfunction f($a) { $x = 1; return $x; }",
            "<?php\nfunction f($a) { try { $x = 1; return $x; } catch (E $e) { throw $e; } }",
        ),
        (
            "lua",
            "function f(a)\n  local x = g(a)\n  return x\nend",
            "function f(a)\n  if not a then error('a') end\n  local x = g(a)\n  return x\nend",
        ),
    ],
)  # fmt: skip
def test_statements_may_be_added_and_put_around(language_id: str, before: str, after: str) -> None:
    old, new = statement(language_id, before), statement(language_id, after)
    assert still_holds(old, new)
    assert still_holds(old, old)
    assert not still_holds(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    x = g(a)\n", ""),
        ("    x = g(a)\n", "    x = g(a, 1)\n"),
        ("    return x\n", "        return x\n"),
        ("        y()\n", "        pass\n    y()\n"),
        ("    if a:\n", "    if not a:\n"),
        ("    if a:\n        y()\n    return x\n", "    return x\n    if a:\n        y()\n"),
        ("        y()\n", "        z = y()\n"),
        ("def f(a)", "def f(a, b)"),
    ],
)
def test_what_is_dropped_changed_or_moved_is_seen(old: str, new: str) -> None:
    assert old in PYTHON
    changed = statement("python", PYTHON.replace(old, new))
    assert not still_holds(statement("python", PYTHON), changed)


def test_a_text_that_nests_deep_is_read() -> None:
    deep = "void f() {" + "{" * 3000 + "a();" + "}" * 3000 + "}"
    assert still_holds(statement("c", deep), statement("c", deep))
    assert not still_holds(statement("c", deep), statement("c", deep.replace("a()", "b()")))
