"""The ways to lay out an infill prompt that are compared.

A layout says where the *anchor* stands, the place that parts the text before the cursor in
`prefix` (before the suffix) and `middle` (behind it), and which part of the suffix stands where.
docs/anchoring.md has the figures.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from qwen_lsp.engine.requests import Chat, Infill, Message
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Document

Anchor = Callable[[Document, SyntaxTree, int], int]
"""Returns the anchor of a cursor; both are offsets in code points."""

_NEAR_LINES = 5
# A token of code has three code points or more (context/budget.py).
_NEAR_CODE_POINTS = 300
_STEP_LINES = 8
_LEAST_LINES = 4
_MARK = "<HERE>"
_SYSTEM = (
    "You complete code. A part of the file is missing at the mark {mark}. Answer with one code "
    "block that holds only the missing part, with its indentation."
)


@dataclass(frozen=True)
class Layout:
    """One way. `suffix` says how much of what stands behind the cursor is shown, and where.

    `front` shows five lines of it in their usual place and the rest before the prefix, as plain
    code. A `chat` layout asks for the hole in words and begins the reply with the near text. With
    `heals`, a word that is begun at the cursor is left out of the prompt, for the model to write
    it again: its tokens seldom part a word where a person's typing does.
    """

    name: str
    anchor: Anchor
    suffix: Literal["all", "none", "lines", "tokens", "front"] = "all"
    is_chat: bool = False
    heals: bool = False

    def lay_out(
        self, document: Document, tree: SyntaxTree, offset: int, infill: Infill
    ) -> Infill | Chat:
        """Return the prompt of `infill` in this layout.

        The prefix and middle of `infill` end where the cursor is, white space aside.
        """
        # As in the product, the prompt ends before white space that was typed last.
        before = (infill.prefix + infill.middle).rstrip(" \t")
        end = len(document.text[:offset].rstrip(" \t"))
        near = max(0, end - self.anchor(document, tree, offset))
        anchor = max(0, len(before) - near)
        suffix, front = self._split_suffix(infill.suffix)
        if self.is_chat:
            return _chat(document, before[:anchor], before[anchor:], suffix)
        return Infill(front + before[:anchor], suffix, before[anchor:])

    def _split_suffix(self, suffix: str) -> tuple[str, str]:
        """Return what stands in the suffix's place and what stands before the prefix."""
        if self.suffix == "none":
            return "", ""
        if self.suffix == "tokens":
            cut = suffix.rfind("\n", 0, _NEAR_CODE_POINTS + 1)
            is_short = len(suffix) <= _NEAR_CODE_POINTS
            return suffix if is_short else suffix[: max(cut, 0) or _NEAR_CODE_POINTS], ""
        if self.suffix in ("lines", "front"):
            lines = suffix.splitlines(keepends=True)
            # The rest of the cursor's line is not one of the lines.
            near, far = "".join(lines[: _NEAR_LINES + 1]), "".join(lines[_NEAR_LINES + 1 :])
            return near, far if self.suffix == "front" else ""
        return suffix, ""


def layout_named(name: str) -> Layout | None:
    """Return the layout of a name; case and signs between the words do not matter."""
    return next((layout for layout in LAYOUTS if slug(layout.name) == slug(name)), None)


def slug(name: str) -> str:
    """Return a name as one writes it in a shell: `4-lines-up-word-healed`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def at_cursor(_document: Document, _tree: SyntaxTree, offset: int) -> int:
    """Everything before the suffix: the usual prefix, suffix, middle (PSM)."""
    return offset


def lines_up(count: int) -> Anchor:
    """Return an anchor `count` lines above the cursor's line."""

    def anchor(document: Document, _tree: SyntaxTree, offset: int) -> int:
        lines = document.lines
        return lines.start(max(0, lines.line_of(offset) - count))

    return anchor


def at_statement(document: Document, _tree: SyntaxTree, offset: int) -> int:
    """Anchor at the line that the cursor's line is indented under: `if`, `for`, `def`."""
    lines = document.lines
    line = lines.line_of(offset)
    before = document.text[lines.start(line) : offset]
    indent = len(before) - len(before.lstrip())
    for above in range(line - 1, -1, -1):
        text = lines.text(above)
        if text.strip() and len(text) - len(text.lstrip()) < indent:
            return lines.start(above)
    return lines.start(line)


def at_block(document: Document, tree: SyntaxTree, offset: int) -> int:
    """Anchor at the first line of the innermost block; it takes in all of a file without one."""
    return _line_start(document, min(offset, tree.block_at(offset).start))


def at_function(document: Document, tree: SyntaxTree, offset: int) -> int:
    """Anchor at the function, the block where there is none."""
    function = tree.function_at(offset)
    if function is None:
        return at_block(document, tree, offset)
    return _line_start(document, min(offset, function.span.start))


def at_file(_document: Document, _tree: SyntaxTree, _offset: int) -> int:
    """Everything behind the suffix."""
    return 0


def stepped(document: Document, _tree: SyntaxTree, offset: int) -> int:
    """Anchor 4 to 11 lines above the cursor, at every eighth line of the file."""
    lines = document.lines
    line = max(0, lines.line_of(offset) - _LEAST_LINES)
    return lines.start(line - line % _STEP_LINES)


def _line_start(document: Document, offset: int) -> int:
    return document.lines.start(document.lines.line_of(offset))


def _chat(document: Document, far: str, near: str, suffix: str) -> Chat:
    fence = "```"
    path = re.sub(r"[^\w./-]", "_", document.path)
    user = f"{path}:\n{fence}{document.language_id}\n{far}{_MARK}\n{suffix}\n{fence}"
    messages = (Message("system", _SYSTEM.format(mark=_MARK)), Message("user", user))
    return Chat(messages, f"{fence}{document.language_id}\n{near}")


LAYOUTS: tuple[Layout, ...] = (
    Layout("PSM", at_cursor),
    Layout("PSM, word healed", at_cursor, heals=True),
    Layout("line start", lines_up(0)),
    Layout("1 line up", lines_up(1)),
    Layout("2 lines up", lines_up(2)),
    Layout("4 lines up", lines_up(4)),
    Layout("4 lines up, word healed", lines_up(4), heals=True),
    Layout("4 lines up, no suffix", lines_up(4), "none"),
    Layout("4 lines up, suffix of 5 lines", lines_up(4), "lines"),
    Layout("4 lines up, suffix of 100 tokens", lines_up(4), "tokens"),
    Layout("4 lines up, far suffix in front", lines_up(4), "front"),
    Layout("statement", at_statement),
    Layout("block", at_block),
    Layout("stepped, 4-11 lines up", stepped),
    Layout("8 lines up", lines_up(8)),
    Layout("function", at_function),
    Layout("function, word healed", at_function, heals=True),
    Layout("whole prefix", at_file),
    Layout("chat, 4 lines begun", lines_up(4), is_chat=True),
)
