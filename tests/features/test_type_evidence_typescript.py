"""What the syntax of a TypeScript function says of its types."""

import pytest

from qwen_lsp.features.type_hints.names import typescript_names
from qwen_lsp.features.type_hints.patterns import HOLE
from qwen_lsp.features.type_hints.typescript import typescript_type
from qwen_lsp.languages import language_for_id, parse


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("function f(a = 1, b = 'x', c = true) {}", ["number", "string", "boolean", "void"]),
        ("function f(a = 1 + g(), b = `${x}`) {}", [HOLE, HOLE, "void"]),
        ("function f(a, b?) { return a; }", [HOLE, HOLE, HOLE]),
        ("async function f() { await g(); }", ["Promise<void>"]),
        ("const f = (a) => a;", [HOLE, HOLE]),
        ("const f = () => { g(); };", ["void"]),
        ("function f() { throw new Error('no'); }", [HOLE]),
        ("function* f() { g(); }", [HOLE]),
        ("class A { f() {} }", ["void"]),
        ("interface A { f(a); }", [HOLE, HOLE]),
    ],
)
def test_types(code: str, kinds: list[str]) -> None:
    language = language_for_id("typescript")
    assert language is not None
    tree = parse(language, code)
    function = tree.functions()[0]
    slots = tree.annotation_slots(function)
    assert [typescript_type(code, function, slot) for slot in slots] == kinds


def test_the_names_that_a_file_has_for_types() -> None:
    language = language_for_id("typescript")
    assert language is not None
    code = "import { Shop, open } from './shop';\ninterface Till {}\nconst m = new WeakMap();\n"
    names = typescript_names(parse(language, code))
    assert set(names) >= {"Shop", "Till", "WeakMap", "Promise"}
    assert not set(names) & {"open", "m", "WeakSet"}
