"""Positions and offsets in all three encodings."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, Range

from qwen_lsp.server.convert import (
    Encoding,
    to_offset,
    to_position,
    to_range,
    to_span,
    to_text_edit,
)
from qwen_lsp.text import Document, Span, TextEdit

ENCODINGS = list(Encoding)
# Every kind of character that makes editors and Python disagree.
TEXT = st.text(st.sampled_from("ab é€😀𐍈\n\r\f\u2028\x85\x0b\ud83d\udc00"), max_size=30)


def document(text: str) -> Document:
    return Document("file:///a.py", "a.py", "python", 1, text)


def at(line: int, character: int) -> Position:
    return Position(line=line, character=character)


@given(TEXT, st.sampled_from(ENCODINGS))
def test_each_offset_survives_the_way_there_and_back(text: str, encoding: Encoding):
    doc = document(text)
    for offset in range(len(text) + 1):
        inside_crlf = text[offset - 1 : offset + 1] == "\r\n"
        expected = offset - 1 if inside_crlf else offset
        assert to_offset(doc, to_position(doc, offset, encoding), encoding) == expected


@given(TEXT, st.integers(0, 40), st.integers(0, 100), st.sampled_from(ENCODINGS))
def test_any_position_is_a_place_in_the_text(text: str, line: int, character: int, encoding):
    doc = document(text)
    offset = to_offset(doc, at(line, character), encoding)
    assert 0 <= offset <= len(text)
    back = to_position(doc, offset, encoding)
    if line < doc.lines.count:
        assert back.line == line
        assert back.character <= character
    else:
        assert offset == len(text)


@pytest.mark.parametrize(
    ("encoding", "character"),
    [(Encoding.Utf8, 7), (Encoding.Utf16, 4), (Encoding.Utf32, 3)],
)
def test_characters_are_counted_in_the_agreed_unit(encoding: Encoding, character: int):
    doc = document("x\né😀bc")
    assert to_position(doc, 5, encoding) == at(1, character)
    assert to_offset(doc, at(1, character), encoding) == 5


@pytest.mark.parametrize(
    ("encoding", "inside"), [(Encoding.Utf8, (2, 3, 4)), (Encoding.Utf16, (2,))]
)
def test_a_position_inside_a_character_means_its_start(encoding: Encoding, inside):
    doc = document("a😀b")
    for character in inside:
        assert to_offset(doc, at(0, character), encoding) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("letter", ["b", "é"])
def test_positions_outside_the_text_are_moved_into_it(encoding: Encoding, letter: str):
    doc = document(f"a{letter}\r\nc")
    assert to_offset(doc, at(0, 99), encoding) == 2
    assert to_offset(doc, at(1, 99), encoding) == 5
    assert to_offset(doc, at(2, 0), encoding) == 5
    assert to_position(doc, 3, encoding) == to_position(doc, 2, encoding)  # Inside the CRLF.
    assert to_position(doc, 99, encoding) == at(1, 1)
    assert to_position(doc, -1, encoding) == at(0, 0)


def test_only_the_protocols_line_ends_end_lines():
    doc = document("a\fb\u2028c\x85d\re\nf")
    assert to_position(doc, 6, Encoding.Utf16) == at(0, 6)
    assert to_position(doc, 8, Encoding.Utf16) == at(1, 0)


def test_ranges_and_edits():
    doc = document("😀one\ntwo")
    span = Span(1, 6)
    span_range = Range(start=at(0, 2), end=at(1, 1))
    assert to_range(doc, span, Encoding.Utf16) == span_range
    assert to_span(doc, span_range, Encoding.Utf16) == span
    assert to_span(doc, Range(start=at(1, 1), end=at(0, 2)), Encoding.Utf16) == span
    edit = to_text_edit(doc, TextEdit(span, "x"), Encoding.Utf16)
    assert (edit.range, edit.new_text) == (span_range, "x")


def test_long_lines_are_cheap():
    doc = document("x = '" + "a" * 1_000_000 + "'\ny = 'é" + "a" * 100_000 + "'\n")
    assert doc.lines.count == 3
    start = time.process_time()
    for _ in range(100):
        assert to_offset(doc, at(0, 900_000), Encoding.Utf16) == 900_000
        assert to_position(doc, 900_000, Encoding.Utf16).character == 900_000
    assert time.process_time() - start < 1
    start = time.process_time()
    assert to_offset(doc, at(1, 90_000), Encoding.Utf16) == doc.lines.start(1) + 90_000
    assert time.process_time() - start < 0.5
