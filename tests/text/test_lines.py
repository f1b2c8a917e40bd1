import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.text import Document, LineIndex

TEXT = st.text(st.sampled_from("ab é😀\n\r\f\v\x85\u2028"), max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b", ""]),
        ("a\rb", ["a", "b"]),
        ("a\n\rb", ["a", "", "b"]),
        ("a\r\r\nb", ["a", "", "b"]),
        ("a\fb\vc\x85d\u2028e\u2029f\x1cg", ["a\fb\vc\x85d\u2028e\u2029f\x1cg"]),
    ],
)
def test_a_text_has_the_lines_that_an_editor_shows(text: str, expected: list[str]) -> None:
    lines = LineIndex(text)
    assert [lines.text(line) for line in range(lines.count)] == expected


@given(TEXT)
def test_lines_and_their_ends_make_up_the_text(text: str) -> None:
    lines = LineIndex(text)
    starts = [*(lines.start(line) for line in range(1, lines.count)), len(text)]
    ends = [text[lines.end(line) : start] for line, start in enumerate(starts)]
    assert "".join(lines.text(line) + end for line, end in enumerate(ends)) == text
    assert set(ends[:-1]) <= {"\n", "\r", "\r\n"}
    assert ends[-1] == ""


@given(TEXT)
def test_every_offset_lies_in_the_line_that_is_said_to_hold_it(text: str) -> None:
    lines = LineIndex(text)
    for offset in range(len(text) + 1):
        line = lines.line_of(offset)
        assert lines.start(line) <= offset
        assert line + 1 == lines.count or offset < lines.start(line + 1)


@pytest.mark.parametrize(
    ("text", "line_end"),
    [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("a\rb\n", "\r")],
)
def test_the_first_line_end_is_the_line_end_of_the_file(text: str, line_end: str) -> None:
    assert Document("", "", "", 0, text).line_end == line_end
