"""The code around the cursor, cut so that typing only appends.

The text before the cursor is split at the *anchor*, the start of a line some lines up: what stands
before it is `prefix`, what stands behind it `middle`. The prompt puts the middle last, so a typed
character changes nothing but its end. Where the anchor and the window begin is found from the
lines above the cursor's alone, and moves in steps of several lines: both stay where they are while
one types in a line, and mostly from one line to the next. docs/anchoring.md has the measurements.
"""

import re
from dataclasses import dataclass

from qwen_lsp.context.budget import code_points
from qwen_lsp.context.other_lines import imports_above, other_lines
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Document

# Shares of the budget; what is left is the prefix's.
_MIDDLE_SHARE = 0.65
_SUFFIX_SHARE = 0.2
_SCOPE_SHARE = 0.15
# Code points of middle and of suffix at most, however large the budget: both are read again when
# the anchor moves, and more of the suffix got no more right.
_MOST_NEAR = 1000
# The anchor and the window's start move in steps of this share of their rooms.
_STEP_SHARE = 0.4
# So many code points of the middle's room are kept for the cursor's line.
_LINE_ROOM = 100
# What editors close by themselves behind the cursor.
_CLOSING = frozenset(")]}\"'`;,")
# A word or a run of signs with the sign or space before it, or the line ends at the end, as the
# tokenizers of Qwen split text: as long as the user types on in it, no token before it changes.
_LAST_WORD = re.compile(r"(?:[^\r\n]?(?:[^\W\d_]+|[^\w\s]+|[\w \t])|\s+)\Z")
_LONGEST_WORD = 48
# What the cursor stands behind: a word with the sign or space before it, or a sign that belongs to
# the token of the word behind it.
_BEGUN_WORD = re.compile(r"(?:[^\r\n]?\w+|->|::|[.(\[{@$\"'`])\Z")


@dataclass(frozen=True)
class CursorContext:
    """What the model needs to go on at the cursor.

    `prefix`, `middle` and `begun` follow each other in the document up to the cursor, less the
    white space before it. `begun` is the word or the sign at the cursor, for the model to write
    again: half a word is split into other tokens than the whole one, a dot belongs to the token of
    the name behind it, and the model would go on as behind something strange. `suffix` begins
    behind the cursor, or at the end of the line where only closing brackets and quotes are left of
    it. `scope` is what the cursor stands in but the window does not reach: imports and the headers
    of the enclosing classes and functions. `marks` are places that prompts for the next keys will
    share, as code points before the end of `middle`: the end of the scope, the starts of the
    function, of the line and of the last word; 0 is none.
    """

    scope: str
    prefix: str
    middle: str
    suffix: str
    marks: tuple[int, ...] = ()
    begun: str = ""


def cursor_context(
    document: Document, tree: SyntaxTree | None, offset: int, max_tokens: int
) -> CursorContext:
    """Return the context of `offset`, all of it within `max_tokens`."""
    budget = code_points(max_tokens)
    middle_room = min(int(budget * _MIDDLE_SHARE), _MOST_NEAR)
    suffix_room = min(int(budget * _SUFFIX_SHARE), _MOST_NEAR)
    scope_room = int(budget * _SCOPE_SHARE)
    prefix_room = budget - middle_room - suffix_room - scope_room
    anchor = _anchor(document, offset, middle_room)
    start = _line_within(document, anchor, prefix_room)
    scope = _scope(document, tree, offset, start, scope_room)
    # A token of these models begins with its space: after a typed space the model would write one
    # more. So the prompt ends before the space, and the model writes it again.
    middle = document.text[anchor:offset].rstrip(" \t")
    word = _BEGUN_WORD.search(middle, max(0, len(middle) - _LONGEST_WORD))
    begun = word[0] if word and anchor + len(middle) == offset else ""
    middle = middle.removesuffix(begun)
    end = anchor + len(middle)
    return CursorContext(
        scope=scope,
        prefix=document.text[start:anchor],
        middle=middle,
        suffix=_suffix(document, offset, suffix_room),
        marks=_marks(document, tree, end, start if scope else end),
        begun=begun,
    )


def _marks(
    document: Document, tree: SyntaxTree | None, end: int, scope_end: int
) -> tuple[int, ...]:
    line_start = document.lines.start(document.lines.line_of(end))
    near = document.text[max(0, end - _LONGEST_WORD) : end]
    word = _LAST_WORD.search(near)
    around = tree.containers_at(end)[-1:] if tree else []
    function_start = around[0].span.start if around else end
    word_start = end - len(near) + (word.start() if word else 0)
    places = (scope_end, function_start, line_start, word_start)
    return tuple(max(0, end - place) for place in places)


def _anchor(document: Document, offset: int, room: int) -> int:
    line_start = document.lines.start(document.lines.line_of(offset))
    line_room = min(_LINE_ROOM, room // 2)
    anchor = _line_within(document, line_start, room - line_room)
    # Very long lines are cut in steps, so that the cut stays while a few characters are typed.
    excess = offset - anchor - room
    return anchor if excess <= 0 else anchor + _stepped(excess, room // 4)


def _line_within(document: Document, place: int, room: int) -> int:
    """Return the start of a line at most `room` before `place`; it moves in steps.

    Where lines are so long that none begins there, it is any character.
    """
    step = int(room * _STEP_SHARE)
    earliest = place - room
    if earliest <= 0:
        return 0
    lines = document.lines
    for least in (_stepped(earliest, step), earliest):
        line = lines.line_of(least - 1) + 1
        if line < lines.count and lines.start(line) <= place:
            return lines.start(line)
    return _stepped(earliest, step)


def _stepped(number: int, step: int) -> int:
    """Return the next multiple of `step`."""
    return number + -number % max(1, step)


def _suffix(document: Document, offset: int, room: int) -> str:
    lines = document.lines
    line = lines.line_of(offset)
    end = lines.end(line)
    if _CLOSING.issuperset(document.text[offset:end].strip()):
        # With each bracket that an editor closes, all that stands behind it would be read again.
        offset = max(offset, end)
    while line + 1 < lines.count and lines.end(line + 1) - offset <= room:
        line += 1
        end = lines.end(line)
    return document.text[offset : min(end, offset + room)]


def _scope(document: Document, tree: SyntaxTree | None, offset: int, start: int, room: int) -> str:
    if tree is None or start == 0:
        return ""
    tree, place = other_lines(document, tree.language, offset)
    headers: list[str] = []
    for container in reversed(tree.containers_at(place)):
        header = container.indent + container.header + document.line_end
        if container.span.start < start and len(header) <= room:
            headers.insert(0, header)
            room -= len(header)
    imports: list[str] = []
    for span in imports_above(document.text, tree.language, min(start, place)):
        statement = document.slice(span) + document.line_end
        if len(statement) <= room:
            imports.append(statement)
            room -= len(statement)
    return "".join([*imports, *headers])
