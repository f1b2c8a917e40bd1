"""Equal shapes are the promise that nothing but annotations, comments or white space changed."""

from dataclasses import replace

import pytest

from qwen_lsp.languages import language_for_id, parse


def same(language_id: str, old: str, new: str, *, without_annotations: bool) -> bool:
    language = language_for_id(language_id)
    assert language is not None
    shapes = [
        parse(language, text).shape(without_annotations=without_annotations) for text in (old, new)
    ]
    return shapes[0] == shapes[1]


@pytest.mark.parametrize(
    ("language_id", "old", "new"),
    [
        ("python", "def f(a, *b, c=1, **d): 0", "def f(a: A, *b: B, c: C = 1, **d: D) -> A[B]: 0"),
        ("python", "x = 1", "x: dict[str, int] = 1"),
        ("python", "def f(self): self.x = {1: 2}", "def f(self) -> None: self.x: 'A' = {1: 2}"),
        ("python", "x: int", "x: str"),
        ("typescript", "function f(a, b = 1, ...c) {}", "function f(a: A, b: B = 1, ...c: C) {}"),
        ("typescript", "let x = 1; const y = x;", "let x: number = 1; const y: A<B> = x;"),
        ("typescript", "const f = x => x + 1;", "const f = (x: number): number => x + 1;"),
        ("typescript", "const f = async x => x;", "const f = async (x: A): Promise<A> => x;"),
        ("typescriptreact", "class A { x = 1; f(a) {} }", "class A { x: N = 1; f(a: A): void {} }"),
    ],
)  # fmt: skip
def test_annotations_do_not_count(language_id: str, old: str, new: str) -> None:
    assert same(language_id, old, new, without_annotations=True)
    assert not same(language_id, old, new, without_annotations=False)


@pytest.mark.parametrize(
    ("language_id", "old", "new"),
    [
        ("python", "def f(a): return a", "def f(b): return a"),
        ("python", "def f(a): return a", "def f(a: int): return b"),
        ("python", "def f(a): pass", "def f(a=None): pass"),
        ("python", "def f(a=1): pass", "def f(a: int = 2): pass"),
        ("python", "def f(a): pass", "def f(*a: int): pass"),
        ("python", "def f(a, *, b): pass", "def f(a: int, b: int): pass"),
        ("python", "def f(a): pass", "async def f(a): pass"),
        ("python", "def f(a): pass", "@dec\ndef f(a): pass"),
        ("python", "def f(): pass", "def f():\n    x: int\n    pass"),
        ("python", "x = 'a\\nb'", "x = 'c\\nd'"),
        ("python", "x = 'a b'", "x = 'a  b'"),
        ("python", "x = f'a{b}'", "x = f'a{c}'"),
        ("python", "x = ' '", "x = '  '"),
        ("python", "x = '\ud800'", "x = '\ud801'"),
        ("python", "x = '\r'", "x = '\n'"),
        ("python", "if a:\n    b\n    c\n", "if a:\n    b\nc\n"),
        ("python", "x = {a: b}", "x = {a: c}"),
        ("python", "x = a[b:c]", "x = a[b:d]"),
        ("python", "f = lambda a: a", "f = lambda a: b"),
        ("python", "x = a + b", "x = a - b"),
        ("python", "a = 1", "a"),
        ("python", "x = a < b", "x = a > b"),
        ("python", "return_type(a)", "return_type(b)"),
        ("typescript", "x = a ? b : c", "x = a ? b : d"),
        ("typescript", "x = { type: a }", "x = { type: b }"),
        ("typescript", "function f(a) {}", "function f(a?: number) {}"),
        ("typescript", "const f = x => x", "const f = (x, y: A) => x"),
        ("typescript", "x = `a${b}c`", "x = `a${b} c`"),
        ("typescript", "x = a as B", "x = a as C"),
        ("javascript", "x = /a\\d b/", "x = /a\\d  b/"),
        ("go", "func f(a int) {}", "func f(a string) {}"),
        ("python", "x = 'a\\n \\n'", "x = 'a\\n  \\n'"),
        ("ruby", "x = /a\\d\\d/", "x = /b\\d\\d/"),
        ("ruby", "x = /\\d \\d/", "x = /\\d  \\d/"),
        ("ruby", "x = :'\\n \\n'", "x = :'\\n  \\n'"),
        ("ruby", 'x = :"\\n \\n"', 'x = :"\\n  \\n"'),
        ("ruby", "x = %w[a b]", "x = %w[a c]"),
        ("shellscript", "echo a b", "echo ab"),
    ],
)
def test_everything_else_counts(language_id: str, old: str, new: str) -> None:
    assert not same(language_id, old, new, without_annotations=True)


@pytest.mark.parametrize(
    ("language_id", "old", "new"),
    [
        ("python", "def f(a,b):  # c\n  return(a)", "def f( a, b ):\n    # d\n    return (a)\n"),
        ("javascript", "f( a )// c\n", "/* d */ f(a)"),
        ("rust", "/// a\nfn f() { }", "fn f() {}\n"),
        ("python", "x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
    ],
)  # fmt: skip
def test_comments_and_white_space_do_not_count(language_id: str, old: str, new: str) -> None:
    assert same(language_id, old, new, without_annotations=False)


def test_text_between_the_children_of_a_node_counts_even_where_no_node_type_is_a_string() -> None:
    python = language_for_id("python")
    assert python is not None
    bare = replace(python, strings=frozenset[str]())
    shapes = [parse(bare, f"x = '{text}'").shape() for text in ("a\\nb", "c\\nb", "a\\nd")]
    assert len(set(shapes)) == 3
