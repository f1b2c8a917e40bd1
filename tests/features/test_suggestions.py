"""Suggestions that were made: found again while one types them, after backspace, not elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.features.suggestions import Known, Suggestion, Suggestions
from qwen_lsp.text import Document, Span, TextEdit, apply_edits


def at(marked: str, uri: str = "file:///a.py") -> tuple[Document, int]:
    before, after = marked.split("|")
    return Document(uri, "a.py", "python", 1, before + after), len(before)


def remember(suggestions: Suggestions, place: tuple[Document, int], *texts: str) -> None:
    span = Span(place[1], place[1])
    known = Known(tuple(Suggestion(text, span) for text in texts), asked_for=max(1, len(texts)))
    suggestions.remember(*place, known)


def remembered(marked: str, *texts: str) -> Suggestions:
    suggestions = Suggestions()
    remember(suggestions, at(marked), *texts)
    return suggestions


def found(suggestions: Suggestions, marked: str, uri: str = "file:///a.py") -> list[str] | None:
    known = suggestions.find(*at(marked, uri))
    return None if known is None else [suggestion.text for suggestion in known.suggestions]


@pytest.mark.parametrize(
    ("marked", "rest"),
    [
        ("x = |\ny = 2\n", "len(y)"),
        ("x = l|\ny = 2\n", "en(y)"),
        ("x = len(y|\ny = 2\n", ")"),
        ("x = len(y)|\ny = 2\n", None),
        ("x = m|\ny = 2\n", None),
        ("x =|\ny = 2\n", None),
        ("z = |\ny = 2\n", None),
        ("x = |\ny = 3\n", None),
        ("x = |)\ny = 2\n", None),
        ("x = len(|]\ny = 2\n", None),
        ("x = len(|) + 1\ny = 2\n", None),
    ],
)
def test_what_is_left_of_a_suggestion(marked: str, rest: str | None) -> None:
    expected = None if rest is None else [rest]
    assert found(remembered("x = |\ny = 2\n", "len(y)"), marked) == expected


@pytest.mark.parametrize(
    ("text", "marked", "accepted"),
    [
        ("len(y)", "x = len(|)\ny = 2\n", "x = len(y)\ny = 2\n"),
        ("len(y) + 1", "x = len(|)\ny = 2\n", "x = len(y) + 1\ny = 2\n"),
        ("at([y[0]])\nz()", "x = at([y[|]])\ny = 2\n", "x = at([y[0]])\nz()\ny = 2\n"),
        ("f(\"a\", 'b')", 'x = f("|")\ny = 2\n', "x = f(\"a\", 'b')\ny = 2\n"),
        ("f(\n    1,\n)", "x = f(|)\ny = 2\n", "x = f(\n    1,\n)\ny = 2\n"),
        ("f(\n    1,\n)", "x = f(\n    |\n)\ny = 2\n", "x = f(\n    1,\n)\ny = 2\n"),
        ("f(\n    1,\n)\nz()", "x = f(\n    |\n)\ny = 2\n", "x = f(\n    1,\n)\ny = 2\n"),
        ("f(() => {\n\tg();\n})", "x = f(() => {\n\t|\n})\ny\n", "x = f(() => {\n\tg();\n})\ny\n"),
        ("if y:\n    return", "x = if y:\n    |\ny = 2\n", "x = if y:\n    return\ny = 2\n"),
    ],
)
def test_closers_of_the_editor_belong_to_the_suggestion(
    text: str, marked: str, accepted: str
) -> None:
    document, offset = at(marked)
    behind = document.text.rindex("\ny")
    suggestions = remembered(f"x = |{document.text[behind:]}", text)
    known = suggestions.find(document, offset)
    assert known is not None
    (rest,) = known.suggestions
    assert rest.span.start == offset
    assert "\n" not in document.slice(rest.span)
    assert apply_edits(document.text, [TextEdit(rest.span, rest.text)]) == accepted


@pytest.mark.parametrize("marked", ["x = len(y|)\ny = 2\n", "x = {\n    y|\n}\ny = 2\n"])
def test_where_the_closers_are_all_that_is_left_there_is_nothing_to_say(marked: str) -> None:
    suggestions = remembered("x = |\ny = 2\n", "len(y)", "{\n    y\n}")
    assert found(suggestions, marked) == []


def test_what_a_suggestion_replaces_stays_replaced() -> None:
    suggestions = Suggestions()
    document, offset = at("x = |)\n")
    replacing = Suggestion("f(y)", Span(offset, offset + 1))
    suggestions.remember(document, offset, Known((replacing,)))
    known = suggestions.find(*at("x = f(|))\n"))
    assert known is not None
    assert known.suggestions == (Suggestion("y)", Span(6, 8)),)


def test_alternatives_that_still_match_are_kept_in_their_order() -> None:
    suggestions = remembered("x = |\n", "len(y)", "sum(y)", "len(z)")
    assert found(suggestions, "x = |\n") == ["len(y)", "sum(y)", "len(z)"]
    assert found(suggestions, "x = len(|\n") == ["y)", "z)"]
    assert found(suggestions, "x = sum(|)\n") == ["y)"]
    known = suggestions.find(*at("x = s|\n"))
    assert known is not None
    assert known.asked_for == 3


def test_a_suggestion_that_was_cut_is_known_as_such() -> None:
    suggestions = Suggestions()
    document, offset = at("x = |\n")
    cut = Known((Suggestion("len(", Span(offset, offset)),), is_cut=True)
    suggestions.remember(document, offset, cut)
    known = suggestions.find(*at("x = le|\n"))
    assert known is not None
    assert known.is_cut
    assert suggestions.find(*at("x = len(|\n")) is None


@given(
    st.text("ab(\n", max_size=8),
    st.text("ab)\n", max_size=8),
    st.text("ab()[\n 😀", min_size=1, max_size=12),
    st.lists(st.integers(0, 12), max_size=6),
)
def test_typing_and_backspace_find_exactly_the_rest(
    before: str, behind: str, text: str, lengths: list[int]
) -> None:
    suggestions = Suggestions()
    document = Document("file:///a.py", "a.py", "python", 1, before + behind)
    remember(suggestions, (document, len(before)), text)
    for length in lengths:
        typed = text[:length]
        whole = Document("file:///a.py", "a.py", "python", 1, before + typed + behind)
        known = suggestions.find(whole, len(before) + len(typed))
        if length >= len(text):
            assert known is None
            continue
        assert known is not None
        assert [rest.text for rest in known.suggestions] == [text[length:]]
        other = Document("file:///a.py", "a.py", "python", 1, f"{before}{typed}#{behind}")
        assert suggestions.find(other, len(before) + len(typed) + 1) is None


def test_backspace_in_a_row_of_equal_letters_is_another_place() -> None:
    assert found(remembered("aaa|aaaa", "b"), "aa|aaaa") is None


def test_silence_is_an_answer_too_and_a_newer_answer_counts() -> None:
    suggestions = remembered("x = |\n")
    assert found(suggestions, "x = |\n") == []
    assert found(suggestions, "x = y|\n") is None
    remember(suggestions, at("x = |\n"), "1")
    assert found(suggestions, "x = |\n") == ["1"]


def test_backspace_brings_back_what_an_older_place_was_given() -> None:
    suggestions = remembered("x = |\n", "len(y)")
    remember(suggestions, at("x = li|\n"), "st(y)")
    assert found(suggestions, "x = lis|\n") == ["t(y)"]
    assert found(suggestions, "x = l|\n") == ["en(y)"]
    assert found(suggestions, "x = |\n") == ["len(y)"]


def test_an_edit_far_above_is_no_reason_to_ask_again_but_another_length_is() -> None:
    far = "# " + "a" * 5000 + "\n"
    suggestions = remembered(f"{far}x = |\n", "1")
    assert found(suggestions, far.replace("aa", "ab", 1) + "x = |\n") == ["1"]
    assert found(suggestions, f"{far}\nx = |\n") is None


def test_only_the_last_ones_are_kept_and_none_of_a_closed_file() -> None:
    suggestions = remembered("x = |\n", "1")
    other = "file:///b.py"
    remember(suggestions, at("x = |\n", other), "2")
    suggestions.forget("file:///a.py")
    assert found(suggestions, "x = |\n") is None
    for number in range(64):
        remember(suggestions, at(f"{number} = |\n", other), "3")
    assert found(suggestions, "x = |\n", other) is None
    assert found(suggestions, "0 = |\n", other) == ["3"]
    for number in range(63):
        remember(suggestions, at("x = |\n", f"file:///{number}.py"), "4")
    assert found(suggestions, "0 = |\n", other) == ["3"]
    for number in range(64):
        remember(suggestions, at("x = |\n", f"file:///{number}.py"), "4")
    assert found(suggestions, "0 = |\n", other) is None
    suggestions.clear()
    assert found(suggestions, "x = |\n", "file:///63.py") is None


def test_of_two_answers_that_fit_the_newer_one_counts() -> None:
    suggestions = remembered("x = |\n", "len(y)")
    remember(suggestions, at("x = le|\n"), "n(y) + 1")
    assert found(suggestions, "x = len|\n") == ["(y) + 1"]
