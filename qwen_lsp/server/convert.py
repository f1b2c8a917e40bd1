"""Conversions between the protocol's positions and our offsets.

A position counts UTF-8 bytes, UTF-16 units or code points, as the client and the server agreed
at `initialize`; everything behind this file counts code points. Nothing here raises for a
position outside the text: as LSP asks, it is moved to the nearest place in the text.
"""

from lsprotocol import types

from qwen_lsp.text import Document, Span, TextEdit

Encoding = types.PositionEncodingKind


def to_offset(document: Document, position: types.Position, encoding: Encoding) -> int:
    """Return the offset of `position`.

    A character behind the end of its line means the end of that line (before its line end), a
    line behind the last one means the end of the text, and a position inside a character means
    the start of that character.
    """
    lines = document.lines
    if position.line >= lines.count:
        return len(document.text)
    line = lines.text(position.line)
    return lines.start(position.line) + _code_points(line, position.character, encoding)


def to_position(document: Document, offset: int, encoding: Encoding) -> types.Position:
    """Return the position of `offset`.

    An offset inside a CRLF has no position of its own and means the end of its line; one outside
    the text means the nearest end of the text.
    """
    lines = document.lines
    offset = max(0, min(offset, len(document.text)))
    line = lines.line_of(offset)
    before = document.text[lines.start(line) : min(offset, lines.end(line))]
    return types.Position(line=line, character=_units(before, encoding))


def to_span(document: Document, span: types.Range, encoding: Encoding) -> Span:
    """Return the span of a range; one that runs backwards is turned round, as VS Code does."""
    start = to_offset(document, span.start, encoding)
    end = to_offset(document, span.end, encoding)
    return Span(min(start, end), max(start, end))


def to_range(document: Document, span: Span, encoding: Encoding) -> types.Range:
    """Return the range of `span`."""
    return types.Range(
        start=to_position(document, span.start, encoding),
        end=to_position(document, span.end, encoding),
    )


def to_text_edit(document: Document, edit: TextEdit, encoding: Encoding) -> types.TextEdit:
    """Return the protocol's form of an edit of `document`."""
    return types.TextEdit(range=to_range(document, edit.span, encoding), new_text=edit.new_text)


def _units(text: str, encoding: Encoding) -> int:
    """Return how many units of `encoding` a piece of a line takes."""
    if encoding == Encoding.Utf32 or text.isascii():
        return len(text)
    # Editors can send half a surrogate pair; it counts as what it is, and must not raise.
    if encoding == Encoding.Utf8:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _code_points(line: str, units: int, encoding: Encoding) -> int:
    """Return how many characters of `line` end within its first `units` units."""
    if encoding == Encoding.Utf32 or line.isascii():
        return min(units, len(line))
    width = _utf8_width if encoding == Encoding.Utf8 else _utf16_width
    for index, character in enumerate(line):
        units -= width(character)
        if units < 0:
            return index
    return len(line)


def _utf8_width(character: str) -> int:
    code = ord(character)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)


def _utf16_width(character: str) -> int:
    return 1 + (ord(character) > 0xFFFF)
