"""The context of the cursor: parts of the document, within the budget, stable while one types."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.context.budget import code_points
from qwen_lsp.context.cursor import CursorContext, cursor_context
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document

PYTHON = language_for_id("python")
assert PYTHON is not None
TOKENS = 1024
METHOD = '''
    def method_{0}(self, first, second):
        """Return number {0}."""
        if first > second:
            return self.method_{0}(second, first)
        return [first + index for index in range(second)]
'''


def document(text: str) -> Document:
    return Document("file:///a.py", "a.py", "python", 1, text)


def context(text: str, offset: int, tokens: int = TOKENS) -> CursorContext:
    assert PYTHON is not None
    return cursor_context(document(text), parse(PYTHON, text), offset, tokens)


def long_class(methods: int) -> str:
    body = "".join(METHOD.format(number) for number in range(methods))
    return f"import os\nfrom sys import argv, path\n\n\nclass Big(dict, metaclass=type):\n{body}"


def check(found: CursorContext, text: str, offset: int, tokens: int) -> None:
    before = found.prefix + found.middle + found.begun
    assert found.begun == found.begun.rstrip()
    shown = text[:offset]
    # White space before the cursor is left out, up to the anchor.
    assert shown.rstrip(" \t").endswith(before) or (shown.endswith(before) and not found.middle)
    line_end = re.search(r"[\r\n]|\Z", text[offset:])
    assert line_end is not None
    # Of the line, closing brackets and quotes may be left out.
    assert text[offset:].startswith(found.suffix) or (
        not re.search(r"\w", text[offset:][: line_end.start()])
        and text[offset:][line_end.start() :].startswith(found.suffix)
    )
    assert len(found.marks) == 4
    assert all(mark >= 0 for mark in found.marks)
    total = len(found.scope) + len(before) + len(found.suffix)
    assert total <= code_points(tokens)


@given(
    lines=st.lists(st.sampled_from(["", "x = 1", "    y = [", "class A:", "é" * 90, "a" * 700])),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    place=st.floats(0, 1),
    tokens=st.sampled_from([128, 200, 1024, 16384]),
)
def test_the_parts_follow_each_other_within_the_budget(
    lines: list[str], line_end: str, place: float, tokens: int
) -> None:
    text = line_end.join(lines * 5)
    offset = int(place * len(text))
    check(context(text, offset, tokens), text, offset, tokens)


@pytest.mark.parametrize("methods", [0, 1, 3, 10, 60, 500])
@pytest.mark.parametrize("typed", ["return self.total(first)", "x = {'a': [1, (2", "for name in"])
def test_typing_only_appends_to_the_middle(methods: int, typed: str) -> None:
    text = long_class(methods)
    rest = "\n\n    def last(self):\n        return 1\n"
    begun = text + "\n    def typed(self):\n        x = 0\n        "
    before = context(begun + rest, len(begun))
    for end in range(1, len(typed) + 1):
        now = begun + typed[:end]
        found = context(now + rest, len(now))
        assert found.middle + found.begun == f"{before.middle}        {typed[:end]}".rstrip(" ")
        assert (found.scope, found.prefix, found.suffix) == (
            before.scope,
            before.prefix,
            before.suffix,
        )


@pytest.mark.parametrize("tokens", [512, 1024, 4096])
def test_the_anchor_stands_at_a_line_and_stays_for_several(tokens: int) -> None:
    text = long_class(200)
    whole = document(text)
    ends = [end for end in range(len(text)) if text[end] == "\n"][-200:]
    found = [(end, cursor_context(whole, None, end, tokens)) for end in ends]
    anchors = [end - len(one.middle + one.begun) for end, one in found]
    starts = [end - len(one.prefix + one.middle + one.begun) for end, one in found]
    assert all(text[place - 1] == "\n" for place in anchors + starts)
    assert anchors == sorted(anchors)
    assert starts == sorted(starts)
    assert len(set(anchors)) <= 200 / 5
    assert len(set(starts)) <= 200 / 5
    # Some lines always stand behind the anchor, however often it moves.
    assert min(one.middle.count("\n") for _, one in found) >= 3


@pytest.mark.parametrize("tokens", [128, 512, 1024, 4096])
def test_nothing_but_the_end_changes_while_a_line_is_typed(tokens: int) -> None:
    lines = long_class(60).splitlines(keepends=True)
    for number in range(200, 230, 3):
        above, line, below = "".join(lines[:number]), lines[number], "".join(lines[number + 1 :])
        parts = set[tuple[str, str, str]]()
        for end in range(len(line) - len(line.lstrip(" ")), len(line)):
            found = context(f"{above}{line[:end]}\n{below}", len(above) + end, tokens)
            parts.add((found.scope, found.prefix, found.suffix))
        assert len(parts) == 1


@pytest.mark.parametrize("typed", ["x = self.pop('name', None)", "if x == [", 'y = """text', "))}"])
def test_a_half_written_line_does_not_change_the_scope(typed: str) -> None:
    inner = "    def last(self):\n        import json\n        total = 1\n"
    above = long_class(60) + inner + "        total += 1\n" * 200
    below = "        return total\n\n    def behind(self):\n        import re\n"
    scopes = set[str]()
    for end in range(len(typed) + 1):
        text = f"{above}        {typed[:end]}\n{below}"
        scopes.add(context(text, len(f"{above}        {typed[:end]}")).scope)
    (scope,) = scopes
    assert scope.endswith("class Big(dict, metaclass=type):\n    def last(self):\n")


def test_the_scope_names_what_the_window_does_not_reach() -> None:
    text = long_class(60)
    offset = text.rindex("return [")
    found = context(text, offset)
    assert found.scope == (
        "import os\nfrom sys import argv, path\nclass Big(dict, metaclass=type):\n"
    )
    assert "class Big" not in found.prefix
    assert context(long_class(1), 100).scope == ""


def test_a_scope_that_is_too_long_leaves_its_outer_parts_out() -> None:
    imports = "".join(f"import module_{number}\n" for number in range(200))
    names = ", ".join(f"Base{number}" for number in range(200))
    text = f"{imports}\nclass Huge({names}):\n    class Inner:\n" + "        x = 1\n" * 300
    found = context(text, len(text) - 1)
    assert found.scope.startswith("import module_0\n")
    assert found.scope.endswith("    class Inner:\n")
    assert "Huge" not in found.scope
    check(found, text, len(text) - 1, TOKENS)


def test_without_a_tree_there_is_no_scope() -> None:
    text = long_class(60)
    found = cursor_context(document(text), None, len(text), TOKENS)
    assert found.scope == ""
    assert found.suffix == ""


@pytest.mark.parametrize("text", ["x" * 200_000, "x = [" + "1, " * 66_000, " " * 200_000])
def test_a_very_long_line_is_cut(text: str) -> None:
    assert PYTHON is not None
    tree, whole = parse(PYTHON, text), document(text)
    for offset in (0, 1, 199, 100_000, len(text)):
        found = cursor_context(whole, tree, offset, TOKENS)
        check(found, text, offset, TOKENS)
        shown = len(found.prefix + found.middle + found.begun)
        assert shown >= min(len(text[:offset].rstrip()), 1000)
    typed = range(100_000, 100_180)
    kept = {cursor_context(whole, None, offset, TOKENS).prefix for offset in typed}
    assert len(kept) <= 2


@settings(max_examples=50)
@given(st.text(st.sampled_from("\n\r \té😀x("), max_size=3000), st.floats(0, 1))
def test_any_text(text: str, place: float) -> None:
    offset = int(place * len(text))
    check(context(text, offset, 128), text, offset, 128)


def test_the_headers_share_the_room_of_the_scope() -> None:
    headers = [f"{' ' * depth}class C{depth}({'B' * 150}):\n" for depth in range(8)]
    text = "".join(headers) + f"{' ' * 8}x = 1\n" * 400
    found = context(text, len(text) - 1)
    assert found.scope == "".join(headers[-2:])
    check(found, text, len(text) - 1, TOKENS)


def test_with_long_lines_the_room_is_still_used() -> None:
    for count in range(40, 60):
        text = f"x = [{'1, ' * 80}]\n" * count
        found = context(text, len(text))
        assert len(found.prefix + found.middle) >= 0.2 * code_points(TOKENS)


def test_a_bracket_that_the_editor_closes_leaves_the_suffix_as_it_is() -> None:
    above, below = "def f(a):\n    b = ", "\n    return b\n"
    plain = context(f"{above}g{below}", len(f"{above}g"))
    for typed, closed in (("g(", ")"), ('g("', '")'), ("g([", "]);"), ("[", "]")):
        text = above + typed
        assert context(text + closed + below, len(text)).suffix == plain.suffix == below
    text = above + "g("
    assert context(f"{text}1){below}", len(text)).suffix == f"1){below}"


def test_the_marks_are_the_starts_of_what_goes_on() -> None:
    text = (
        "import os\n\n\ndef first():\n    pass\n\n\ndef second(names):\n    for name in sorted(na"
    )
    found = context(text, len(text))
    before = found.prefix + found.middle
    assert found.begun == "(na"
    scope, function, line, word = (
        before[len(before) - mark :] if mark else "" for mark in found.marks
    )
    assert (scope, function) == ("", before[before.index("def second") :])
    assert (line, word) == ("    for name in sorted", " sorted")


@pytest.mark.parametrize(
    ("line", "word", "begun"),
    [
        ("x", "\n", "x"),
        ("x = total", " =", " total"),
        ("x = total ", " total", ""),
        ("x ==", " ==", ""),
        ("x.", "x", "."),
        ("f(", "f", "("),
        ("foo.bar", "foo", ".bar"),
        ("foo_bar", "\n", "foo_bar"),
        ("x = 12", " =", " 12"),
        ("", "\n", ""),
        ("a" * 300, "a" * 48, "a" * 48),
    ],
)
def test_the_word_at_the_cursor_is_begun_and_the_one_before_it_is_marked(
    line: str, word: str, begun: str
) -> None:
    text = f"y = 1\n{line}"
    found = context(text, len(text))
    assert found.middle.rstrip("\n")[-1:] != " "
    assert found.middle[-found.marks[-1] :] == word
    assert found.begun == begun
