"""Where annotations are missing. The slots are filled with `T` and the result is compared."""

import pytest

from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import TextEdit, apply_edits


@pytest.mark.parametrize(
    ("language_id", "code", "filled"),
    [
        ("python", "def f(): pass", "def f() -> T: pass"),
        ("python", "def f(a, b=1): pass", "def f(a: T, b: T = 1) -> T: pass"),
        ("python", "def f(a: A, b: B=1) -> C: pass", "def f(a: A, b: B=1) -> C: pass"),
        ("python", "def f(*a, b, **c): pass", "def f(*a: T, b: T, **c: T) -> T: pass"),
        ("python", "def f(*a: A, **c: C) -> D: 0", "def f(*a: A, **c: C) -> D: 0"),
        ("python", "def f(a, /, b, *, c): 0", "def f(a: T, /, b: T, *, c: T) -> T: 0"),
        ("python", "def f(a, # b\n  c,\n): 0", "def f(a: T, # b\n  c: T,\n) -> T: 0"),
        ("python", "def f(a = lambda b: b): 0", "def f(a: T = lambda b: b) -> T: 0"),
        ("python", "async def f(é): 0", "async def f(é: T) -> T: 0"),
        ("python", "class A:\n  def f(self, a): 0", "class A:\n  def f(self, a: T) -> T: 0"),
        ("python", "class A:\n  @b\n  def f(cls): 0", "class A:\n  @b\n  def f(cls) -> T: 0"),
        ("python", "def f(a, self): 0", "def f(a: T, self: T) -> T: 0"),
        ("typescript", "function f(a, b) {}", "function f(a: T, b: T): T {}"),
        ("typescript", "function f(a?, b = 1) {}", "function f(a?: T, b: T = 1): T {}"),
        ("typescript", "function f(...a): A {}", "function f(...a: T): A {}"),
        ("typescript", "function f(this, a) {}", "function f(this, a: T): T {}"),
        ("typescript", "function f({ a, b }) {}", "function f({ a, b }: T): T {}"),
        ("typescript", "const f = (a) => a;", "const f = (a: T): T => a;"),
        ("typescript", "const f = async () => 1;", "const f = async (): T => 1;"),
        ("typescript", "const f = a => a;", "const f = a => a;"),
        ("typescript", "class A { constructor(a) {} }", "class A { constructor(a: T) {} }"),
        ("typescript", "class A { set x(a) {} }", "class A { set x(a: T) {} }"),
        ("typescript", "class A { get x() {} }", "class A { get x(): T {} }"),
        ("typescript", "class A { constructor(private a) {} }",
         "class A { constructor(private a: T) {} }"),
        ("typescriptreact", "const F = ({ a }) => <b>{a}</b>;",
         "const F = ({ a }: T): T => <b>{a}</b>;"),
        ("javascript", "function f(a) {}", "function f(a) {}"),
        ("go", "func f(a int) {}", "func f(a int) {}"),
    ],
)  # fmt: skip
def test_slots(language_id: str, code: str, filled: str) -> None:
    language = language_for_id(language_id)
    assert language is not None
    tree = parse(language, code)
    slots = tree.annotation_slots(tree.functions()[0])
    edits = [TextEdit(slot.span, f"{slot.opening}T{slot.closing}") for slot in slots]
    assert apply_edits(code, edits) == filled
    assert not parse(language, filled).has_errors


def test_the_names_of_slots() -> None:
    for language_id, code in (
        ("python", "def f(a, *b, c=1, **d): 0"),
        ("typescript", "function f(a, b?, c = 1, ...d) {}"),
    ):
        language = language_for_id(language_id)
        assert language is not None
        tree = parse(language, code)
        names = [slot.name for slot in tree.annotation_slots(tree.functions()[0])]
        assert names == ["a", "b", "c", "d", ""]


def test_a_broken_signature_raises_nothing() -> None:
    language = language_for_id("python")
    assert language is not None
    text = "def f(a, *b, c=1, **d) -> x:\n    pass\n"
    for end in range(len(text)):
        tree = parse(language, text[:end])
        for function in tree.functions():
            assert all(slot.span.end <= end for slot in tree.annotation_slots(function))
