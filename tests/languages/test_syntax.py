"""What a cursor finds, errors, and texts that are hard to read. Places are marked with `$0`."""

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.languages import LANGUAGES, Language, SyntaxTree, language_for_id, parse
from qwen_lsp.languages.byte_offsets import ByteOffsets


def language(language_id: str) -> Language:
    found = language_for_id(language_id)
    assert found is not None
    return found


def at(language_id: str, marked: str) -> tuple[SyntaxTree, int]:
    before, after = marked.split("$0")
    return parse(language(language_id), before + after), len(before)


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ("class A:\n$0    @dec\n    def f(self): pass\n", "A.f"),
        ("class A:\n    @d$0ec\n    def f(self): pass\n", "A.f"),
        ("class A:\n    @dec\n  $0  def f(self): pass\n", "A.f"),
        ("class A:\n    def f(self): pass$0\n", "A.f"),
        ("def f():\n    x = 1\n    $0\n", "f"),
        ("def f():\n    x = 1\n$0\n", None),
        ("def f():\n    def g():\n        pass\n    $0\n", "f"),
        ("def f():\n    def g():\n        pass\n        $0\n", "f.g"),
        ("def f():\n    def g():\n        pass\n    re$0turn 1\n", "f"),
        ("$0x = 1\ndef f(): pass\n", None),
    ],
)
def test_function_at_in_python(marked: str, name: str | None) -> None:
    tree, offset = at("python", marked)
    function = tree.function_at(offset)
    assert (function.qualified_name if function else None) == name


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ("function f() {}$0 function g() {}", "f"),
        ("function f() {} $0function g() {}", "g"),
        ("$0  export const f = (x) => { call(function () { x; }); };", "f"),
        ("export const f = (x) => { call(function () { $0x; }); };", "f"),
        ("const a = 1, b = 2;$0", None),
    ],
)
def test_function_at_in_javascript(marked: str, name: str | None) -> None:
    tree, offset = at("javascript", marked)
    function = tree.function_at(offset)
    assert (function.name if function else None) == name


@pytest.mark.parametrize(
    ("language_id", "marked", "names"),
    [
        ("python", "class A:\n    class B:\n        def f(self):\n            $0pass", "A B f"),
        ("python", "class A:\n    def f(self):\n        pass\n    $0\n", "A"),
        ("rust", "mod m { impl S { fn f() { $0 } } }", "m S f"),
        ("go", "package m\nfunc (s *S) F() { $0 }\n", "F"),
        ("javascript", "function f() {}$0function g() {}", "g"),
        ("c", "void f(void) { struct $0S x; }", "f"),
        ("typescript", "namespace N { class A { f() { $0 } } }", "N A f"),
    ],
)
def test_containers_are_listed_outermost_first(language_id: str, marked: str, names: str) -> None:
    tree, offset = at(language_id, marked)
    assert " ".join(container.name for container in tree.containers_at(offset)) == names


@pytest.mark.parametrize(
    ("language_id", "marked", "place"),
    [
        ("python", "x = 1 # c$0\n", "comment"),
        ("python", "x = 1 # c\n$0", ""),
        ("python", "x = 1 # c$0\r\n", "comment"),
        ("python", "x = 1 # c\r$0y = 2", ""),
        ("python", "x = 1 $0# c\n", ""),
        ("python", "x = $0'c'\n", ""),
        ("python", "x = '$0'\n", "string"),
        ("python", "x = 'c'$0\n", ""),
        ("python", "x = f'a{b$0}c'\n", ""),
        ("python", "x = f'a{b}c$0'\n", "string"),
        ("python", "$0", ""),
        ("rust", "/// doc$0\nfn f() {}", "comment"),
        ("rust", "/// doc\n$0fn f() {}", ""),
        ("c", "/* a */$0", ""),
        ("c", "/* a $0*/", "comment"),
        ("c", "int a; // é$0", "comment"),
        ("javascript", "x = `a${b$0}`", ""),
        ("javascript", "x = `é$0${b}`", "string"),
        ("lua", "--[[ a ]]$0", ""),
        ("ruby", 'x = "a#{b$0}"', ""),
        ("shellscript", "echo 'a$0'", "string"),
    ],
)
def test_comments_and_strings_at_their_edges(language_id: str, marked: str, place: str) -> None:
    tree, offset = at(language_id, marked)
    found = "comment" if tree.in_comment(offset) else "string" if tree.in_string(offset) else ""
    assert found == place


@pytest.mark.parametrize(
    ("language_id", "marked", "block"),
    [
        ("python", "def f():\n    if x:\n        a$0 = 1\n    b = 2\n", "a = 1"),
        ("python", "def f():\n    if x:\n        a = 1\n    $0\n", "if x:\n        a = 1"),
        ("python", "def f():\n    if x:\n        a = 1\n        $0\n", "a = 1"),
        ("python", "a = $01\n", "a = 1\n"),
        ("javascript", "function f() { if (x) { $0 } }", "{  }"),
        ("javascript", "function f() { if (x) { }$0 }", "{ if (x) { } }"),
        ("javascript", "function f() {$0}", "{}"),
        ("ruby", "def f\n  $0a\nend\n", "a"),
    ],
)
def test_block_at(language_id: str, marked: str, block: str) -> None:
    tree, offset = at(language_id, marked)
    span = tree.block_at(offset)
    assert tree.text[span.start : span.end] == block


def test_errors() -> None:
    broken = parse(language("python"), "é = '🎉'\ndef f(:\n    pass\n")
    assert broken.has_errors
    assert all(span.end <= len(broken.text) for span in broken.error_spans())
    assert any(span.start >= broken.text.index("(") for span in broken.error_spans())
    missing = parse(language("javascript"), "function f() { return (1; }")
    assert missing.has_errors
    assert [span for span in missing.error_spans() if span.start == span.end]
    assert not parse(language("python"), "def f(): pass\n").has_errors


def test_a_body_that_starts_with_a_plain_string_has_a_docstring_and_others_have_none() -> None:
    text = 'def a():\n    r"""A."""\n\ndef b():\n    f"""B."""\n\ndef c():\n    x = "C"\n'
    tree = parse(language("python"), text)
    found = [function.docstring_span for function in tree.functions()]
    assert [text[span.start : span.end] if span else None for span in found] == [
        'r"""A."""',
        None,
        None,
    ]


def test_a_documentation_comment_stands_directly_above() -> None:
    for language_id, text in (
        ("javascript", "/** Far. */\n\nfunction f() {}\n"),
        ("javascript", "let x; /** Behind. */\nfunction f() {}\n"),
        ("javascript", "// Plain\nfunction f() {}\n"),
        ("shellscript", "#!/bin/bash\nf() { echo; }\n"),
    ):
        (function,) = parse(language(language_id), text).functions()
        assert function.docstring_span is None


@pytest.mark.parametrize(
    ("language_id", "text", "found"),
    [
        ("javascript", "const a = x => x, b = y => y;", "a: a = x => x / b: b = y => y"),
        ("javascript", "export default async () => 1;", "default: async () => 1"),
        ("javascript", "f(() => 1, function () {});", ""),
        ("javascript", "const o = {f() {}, 'g': () => 1};", "f: f() {} / g: 'g': () => 1"),
        ("go", "package m\nvar a, b = 1, func() {}\n", ""),
        (
            "cpp",
            "template <class T> void C<T>::m() {}",
            "C.m: template <class T> void C<T>::m() {}",
        ),
        ("cpp", "class A { operator bool() {} };", "A.operator bool: operator bool() {}"),
        ("cpp", "A::operator bool() const {}", "A.operator bool: A::operator bool() const {}"),
    ],
)
def test_names_and_definitions(language_id: str, text: str, found: str) -> None:
    functions = parse(language(language_id), text).functions()
    spans = [function.definition_span for function in functions]
    assert found == " / ".join(
        f"{function.qualified_name}: {text[span.start : span.end]}"
        for function, span in zip(functions, spans, strict=True)
    )


def test_a_type_is_no_parameter_name_and_async_may_be_a_name() -> None:
    (rust,) = parse(language("rust"), "trait T { fn f(&self, Foo); }").functions()
    assert rust.parameter_names == ("self",)
    (script,) = parse(language("javascript"), "function async() {}").functions()
    assert not script.is_async


_LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])
_HARD = st.text(
    st.one_of(
        st.sampled_from("a \t\f\v\u2028é☕🎉\u0301\ud800\udfff\x00"),
        st.characters(blacklist_characters="\r\n'\"\\"),
    ),
    max_size=600,
)


@given(hard=_HARD, line_end=_LINE_ENDS)
def test_spans_below_hard_text_are_right(hard: str, line_end: str) -> None:
    comment = "# " + hard.replace("\x00", "")
    lines = [comment, "@dec", "def füß(a: int) -> str:  # 🎉", "    '''é'''", "    return 'ß'", ""]
    tree = parse(language("python"), line_end.join(lines))
    (function,) = tree.functions()
    found = {
        "span": function.span,
        "signature": function.signature_span,
        "returns": function.return_type_span,
        "body": function.body_span,
        "doc": function.docstring_span,
    }
    assert {
        key: tree.text[span.start : span.end] if span else "" for key, span in found.items()
    } == {
        "span": line_end.join(lines[1:5]),
        "signature": "def füß(a: int) -> str:",
        "returns": "str",
        "body": line_end.join(lines[3:5]).strip(),
        "doc": "'''é'''",
    }
    assert tree.in_comment(len(comment))
    assert not tree.in_comment(len(comment) + len(line_end))
    assert tree.in_string(tree.text.index("'''é") + 3)
    assert tree.function_at(tree.text.index("return")) == function


@given(hard=_HARD)
def test_spans_below_a_hard_string_are_right(hard: str) -> None:
    string = "'" + hard.replace("\x00", "") + "'"
    text = f"x = {string}\ndef f(a): return a\n"
    (function,) = parse(language("python"), text).functions()
    assert text[function.span.start : function.span.end] == "def f(a): return a"


@given(text=st.one_of(st.text(max_size=1500), _HARD), data=st.data())
def test_bytes_and_offsets_are_inverse(text: str, data: st.DataObject) -> None:
    offsets = ByteOffsets(text)
    offset = data.draw(st.integers(0, len(text)))
    assert offsets.offset(offsets.byte(offset)) == offset
    assert offsets.offset(len(offsets.source)) == len(text)


_PIECES = st.sampled_from(
    [
        *("def", "class", "function", "func", "fn", "impl", "struct", "end", "do", "if", "else"),
        *"{}()[]<>:;,.=*&#@'\"`\\\n\r\t\fabé🎉\ud800\x00",
        *(
            "->",
            "=>",
            "//",
            "/*",
            "*/",
            "--",
            "[[",
            "]]",
            "'''",
            "<?php",
            "${",
            "#{",
            "<<EOF",
            "\r\n",
        ),
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    text=st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=60).map(" ".join)),
    data=st.data(),
)
@pytest.mark.parametrize("one", LANGUAGES, ids=[one.id for one in LANGUAGES])
def test_nothing_raises_on_any_text(one: Language, text: str, data: st.DataObject) -> None:
    tree = parse(one, text)
    offset = data.draw(st.integers(0, len(text)))
    for function in tree.functions():
        assert function.span.contains(function.definition_span)
        assert function.definition_span.contains(function.signature_span)
        assert function.span.end <= len(text)
        tree.signature_shape(function)
    tree.function_at(offset)
    tree.containers_at(offset)
    tree.block_at(offset)
    tree.in_comment(offset)
    tree.in_string(offset)
    tree.imports()
    tree.error_spans()
    tree.shape()
    assert tree.shape(without_annotations=True)


@pytest.mark.parametrize("one", LANGUAGES, ids=[one.id for one in LANGUAGES])
def test_deep_nesting_does_not_end_in_recursion(one: Language) -> None:
    for text in ("(" * 3000, "a(" * 1500 + ")" * 1500, "int " + "*" * 3000 + "f(int a) {}"):
        tree = parse(one, text)
        tree.functions()
        tree.shape(without_annotations=True)
        tree.in_string(len(text) // 2)


def test_a_long_file_is_read_in_one_pass() -> None:
    method = "    def m(self, a: int, b='é') -> int:\n        return [a, b, self.go(a)]\n\n"
    durations: list[float] = []
    for count in (250, 1000):
        tree = parse(language("python"), "class A:\n" + method * count)
        start = time.perf_counter()
        assert len(tree.functions()) == count
        durations.append(time.perf_counter() - start)
    assert durations[1] < 10 * durations[0] + 0.1


def test_threads_can_parse_at_once() -> None:
    text = "class A:\n    def f(self): pass\n" * 50
    results: list[int] = []

    def work() -> None:
        results.extend(len(parse(one, text).shape()) for one in LANGUAGES)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 * len(LANGUAGES)
