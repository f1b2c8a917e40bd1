"""Where a suggestion goes, as the filters see it."""

import re
from dataclasses import dataclass
from functools import cached_property

from qwen_lsp.languages import Language, SyntaxTree, parse
from qwen_lsp.text import Document

_MOST_LINES = 16
_OPENING = re.compile(r"(?:[:{(\[]|=>|\b(?:do|then)|(?:\bdo|\{)\s*\|[^|]*\|)$")
# Ruby and Lua, where the words of the block's own line are its opening.
_END_OPENING = re.compile(
    r"\s*(?:def|class|module|if|unless|while|until|for|case|begin|(?:local\s+)?function)\b"
    r"|.*\bfunction\s*\([^()]*\)\s*$"
)


@dataclass(frozen=True)
class Place:
    """The cursor in its document. `multiline` says whether a block may be suggested."""

    document: Document
    language: Language
    offset: int
    multiline: bool
    most_lines: int = _MOST_LINES

    @cached_property
    def tree(self) -> SyntaxTree:
        """Return the syntax of the document without a suggestion."""
        return parse(self.language, self.document.text)

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
    def next_line(self) -> str:
        """Return the first line below the cursor that is not blank, with its indentation."""
        lines = self.document.lines
        for line in range(self.line + 1, lines.count):
            if lines.text(line).strip():
                return lines.text(line).rstrip()
        return ""


def opens_block(line: str, language: Language) -> bool:
    """Say whether a block follows `line`, as far as it is written."""
    if language.block_style == "end" and _END_OPENING.match(line):
        return True
    return _OPENING.search(line.rstrip()) is not None
