"""Where a suggestion goes, as the filters see it."""

import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from qwen_lsp.languages import Function, Language, SyntaxTree, parse, region_at
from qwen_lsp.text import Document

_MOST_LINES = 16
# No line begins like this.
NO_FLOOR = "\0"
# In the languages whose blocks end with a word.
CLOSING_WORD = re.compile(r"\s*(?:end|fi|done|esac|until)\b")
_OPENING = re.compile(r"(?:[:{(\[]|=>|\b(?:do|then)|(?:\bdo|\{)\s*\|[^|]*\|)$")
# Ruby and Lua, where the words of the block's own line are its opening.
_END_OPENING = re.compile(
    r"\s*(?:def|class|module|if|unless|while|until|for|case|begin|(?:local\s+)?function)\b"
    r"|.*\bfunction\s*\([^()]*\)\s*$"
)


# What editors close by themselves behind the cursor, and what ends a statement.
_CLOSERS = frozenset(")]}\"'`;,> \t")
# A line that begins so is one of its own, and not the rest of one.
_BEGINNING = re.compile(r"\s*(?:[\w@#$\"'`(\[{<*&!~}]|//|/\*|--|\+\+|::)")
_QUOTED_OR_BRACKET = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|[()\[\]{}]"
)


@dataclass(frozen=True)
class Place:
    """The cursor in its document. `multiline` says whether a block may be suggested.

    Where whole lines are asked for above the code right of the cursor, `document` is the file with
    a line of its own for the cursor, and `tail` is the line end and indentation that it has more
    than the editor's: a suggestion ends with it. `has_grammar` is false for a text in a language
    without one: its syntax is not looked at.
    """

    document: Document
    language: Language
    offset: int
    multiline: bool
    most_lines: int = _MOST_LINES
    tail: str = ""
    has_grammar: bool = True

    @cached_property
    def tree(self) -> SyntaxTree:
        """Return the syntax without a suggestion; of a long document only around the cursor.

        Offsets are the document's.
        """
        text = self.document.text
        return parse(self.language, text, region_at(self.language, text, self.offset))

    def tree_with(self, insertion: str) -> SyntaxTree:
        """Return the syntax with `insertion` at the cursor: of what `tree` has read, alone."""
        return self.tree.with_insertion(self.offset, insertion)

    @cached_property
    def has_only_closers(self) -> bool:
        """Say whether the line goes on with nothing but what an editor closes by itself."""
        return _CLOSERS.issuperset(self.after)

    def without_rest(self) -> "Place":
        """Return this place with nothing right of the cursor."""
        text = self.document.text
        text = text[: self.offset] + text[self.offset + len(self.after) :]
        return replace(self, document=replace(self.document, text=text))

    @cached_property
    def line(self) -> int:
        """Return the cursor's line."""
        return self.document.lines.line_of(self.offset)

    @cached_property
    def before(self) -> str:
        """Return the text of the line before the cursor."""
        return self.document.text[self.document.lines.start(self.line) : self.offset]

    @cached_property
    def after(self) -> str:
        """Return the text of the line behind the cursor."""
        return self.document.text[self.offset : self.document.lines.end(self.line)]

    @cached_property
    def indent(self) -> str:
        """Return the white space that the cursor's line begins with."""
        return self.before[: len(self.before) - len(self.before.lstrip())]

    @cached_property
    def opens_block(self) -> bool:
        """Say whether the line before the cursor opens a block that the suggestion fills."""
        return opens_block(self.before, self.language)

    @cached_property
    def is_lost(self) -> bool:
        """Say whether the parser could read neither the line above nor the one below."""
        text = self.document.text
        lines = self.document.lines
        above = lines.start(max(0, self.line - 1))
        below = lines.end(min(lines.count - 1, self.line + 1))
        return self.tree.has_errors and any(
            span.start <= above and below <= span.end and span.end > span.start
            for span in self.tree.error_spans()
            if text[span.start : above].strip() and text[below : span.end].strip()
        )

    @cached_property
    def header_indent(self) -> str | None:
        """Return the indentation of the line above that the cursor's block belongs to."""
        lines = self.document.lines
        for line in range(self.line - 1, -1, -1):
            text = lines.text(line)
            margin = text[: len(text) - len(text.lstrip())]
            if text.strip() and len(margin) < len(self.indent):
                return margin
        return None

    @cached_property
    def floor(self) -> str:
        """Return the least indentation of lines that still belong before the next line.

        That is the next line's own, or the function's where the next line is not in it.
        """
        text = self.next_line
        margin = text[: len(text) - len(text.lstrip())]
        if text and margin.startswith(self.inner_indent):
            return margin
        return self.inner_indent if self._function else NO_FLOOR

    @cached_property
    def inner_indent(self) -> str:
        """Return the least indentation of a line in the enclosing function, or of any block."""
        return (self._function.indent if self._function else "") + self.indent_step

    @cached_property
    def _function(self) -> Function | None:
        """Return the function that the cursor is in; at a line's start, that of the line above."""
        if not self.has_grammar:
            return None
        text = self.document.text
        place = self.offset if self.before else len(text[: self.offset].rstrip())
        return self.tree.function_at(place)

    @cached_property
    def indent_step(self) -> str:
        """Return the white space that one more level of indentation begins with."""
        return "\t" if "\n\t" in self.document.text else " "

    @cached_property
    def missing_closers(self) -> int:
        """Return how many brackets around the cursor stay open, the rest of the line aside.

        So many may a suggestion close that it did not open. Quoted ones do not count.
        """
        if self.has_grammar and not self.tree.has_errors and not self.after.strip():
            return 0
        text, region = self.tree.text, self.tree.region
        signs = _QUOTED_OR_BRACKET.findall(text, region.start, self.offset)
        signs += _QUOTED_OR_BRACKET.findall(text, self.offset + len(self.after), region.end)
        return max(0, sum(sign in "([{" for sign in signs) - sum(sign in ")]}" for sign in signs))

    @cached_property
    def next_line(self) -> str:
        """Return the first line below the cursor that is not blank, with its indentation."""
        lines = self.document.lines
        for line in range(self.line + 1, lines.count):
            if lines.text(line).strip():
                return lines.text(line).rstrip()
        return ""


def is_next_line(line: str, place: Place, *, is_any_depth: bool = False) -> bool:
    """Say whether `line` is the first one below the cursor.

    A line with words is known with less indentation too, or with any.
    """
    below = place.next_line
    if not below or line.rstrip() == below:
        return bool(below)
    if line.split() != below.split() or not any(map(str.isalnum, line)):
        return False
    if CLOSING_WORD.match(line):
        return False
    return is_any_depth or _margin(line) < _margin(below)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


@lru_cache(maxsize=1)
def place_at(
    document: Document,
    language: Language,
    offset: int,
    *,
    multiline: bool,
    explicit: bool,
    has_grammar: bool = True,
) -> Place:
    """Return the place of a request; `multiline` is whether blocks are wanted at all.

    Code right of the cursor at the start of a line is asked to be preceded by whole lines; behind
    indentation, only where somebody asks by a key. Reading ahead and the request behind it get the
    same place, with what was found out about it.
    """
    place = Place(document, language, offset, multiline, has_grammar=has_grammar)
    if place.before.strip() and has_grammar and place.tree.in_comment(offset):
        return replace(place, multiline=False)
    if place.has_only_closers and (place.before.strip() or not place.after.strip()):
        return place
    is_line_start = not place.before.strip() and _BEGINNING.match(place.after)
    if not is_line_start or (place.before and not explicit):
        return replace(place, multiline=False)
    tail = document.line_end + place.before
    text = document.text[:offset] + tail + document.text[offset:]
    return replace(place, document=replace(document, text=text), tail=tail)


def opens_block(line: str, language: Language) -> bool:
    """Say whether a block follows `line`, as far as it is written."""
    if language.block_style == "end" and _END_OPENING.match(line):
        return True
    return _OPENING.search(line.rstrip()) is not None
