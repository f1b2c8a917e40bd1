"""Suggestions that were made: found again while one types them, after backspace, not elsewhere."""

import pytest

from qwen_lsp.features.suggestions import Suggestions
from qwen_lsp.text import Document


def at(marked: str, uri: str = "file:///a.py") -> tuple[Document, int]:
    before, after = marked.split("|")
    return Document(uri, "a.py", "python", 1, before + after), len(before)


def remembered(marked: str, text: str) -> Suggestions:
    suggestions = Suggestions()
    suggestions.remember(*at(marked), text)
    return suggestions


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
        ("x = len(|)\ny = 2\n", None),
    ],
)
def test_what_is_left_of_a_suggestion(marked: str, rest: str | None) -> None:
    assert remembered("x = |\ny = 2\n", "len(y)").find(*at(marked)) == rest


def test_backspace_in_a_row_of_equal_letters_is_another_place() -> None:
    assert remembered("aaa|aaaa", "b").find(*at("aa|aaaa")) is None


def test_silence_is_an_answer_too_and_a_newer_answer_counts() -> None:
    suggestions = remembered("x = |\n", "")
    assert suggestions.find(*at("x = |\n")) == ""
    suggestions.remember(*at("x = |\n"), "1")
    assert suggestions.find(*at("x = |\n")) == "1"


def test_an_edit_far_above_is_no_reason_to_ask_again_but_another_length_is() -> None:
    far = "# " + "a" * 5000 + "\n"
    suggestions = remembered(f"{far}x = |\n", "1")
    assert suggestions.find(*at(far.replace("aa", "ab", 1) + "x = |\n")) == "1"
    assert suggestions.find(*at(f"{far}\nx = |\n")) is None


def test_only_the_last_ones_are_kept_and_none_of_a_closed_file() -> None:
    suggestions = remembered("x = |\n", "1")
    suggestions.remember(*at("x = |\n", "file:///b.py"), "2")
    suggestions.forget("file:///a.py")
    assert suggestions.find(*at("x = |\n")) is None
    assert suggestions.find(*at("x = |\n", "file:///b.py")) == "2"
    for number in range(63):
        suggestions.remember(*at(f"y = |\n{number}"), "3")
    assert suggestions.find(*at("x = |\n", "file:///b.py")) == "2"
    for number in range(64):
        suggestions.remember(*at(f"z = |\n{number}"), "3")
    assert suggestions.find(*at("x = |\n", "file:///b.py")) is None
    for number in range(65):
        suggestions.remember(*at(f"{number} = |\n"), "4")
    assert suggestions.find(*at("0 = |\n")) is None
    assert suggestions.find(*at("1 = |\n")) == "4"
