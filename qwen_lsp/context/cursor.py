"""The code around the cursor, cut so that typing only appends.

The text before the cursor is split at the *anchor*, the start of a line some lines up: what stands
before it is `prefix`, what stands behind it `middle`. The prompt puts the middle last, so a typed
character changes nothing but its end. The anchor and the start of the window move in steps of
several lines, so they stay where they are from one line to the next.
"""

import re
from dataclasses import dataclass

from qwen_lsp.context.budget import code_points
from qwen_lsp.languages.syntax import SyntaxTree
from qwen_lsp.text import Document

# The anchor is 4 to 11 lines above the cursor and moves every 8 lines.
_LEAST_LINES_BEHIND_ANCHOR = 4
_ANCHOR_STEP_LINES = 8
_WINDOW_STEP_LINES = 16
# What is left is the prefix's.
_MIDDLE_SHARE = 0.25
_SUFFIX_SHARE = 0.2
_SCOPE_SHARE = 0.15
# What editors close by themselves behind the cursor.
_CLOSING = frozenset(")]}\"'`;,")
# A word or a run of signs with the sign or space before it, or the line ends at the end, as the
# tokenizers of Qwen split text: as long as the user types on in it, no token before it changes.
_LAST_WORD = re.compile(r"(?:[^\r\n]?(?:[^\W\d_]+|[^\w\s]+|[\w \t])|\s+)\Z")
_LONGEST_WORD = 48


@dataclass(frozen=True)
class CursorContext:
    """What the model needs to go on at the cursor.

    `prefix` and `middle` follow each other in the document up to the cursor, less the white space
    before it; `suffix` begins behind the cursor, or at the end of the line where only closing
    brackets and quotes are left of it. `scope` is what the cursor stands in but the window does not
    reach: imports and the headers of the enclosing classes and functions. `marks` are places that
    prompts for the next keys will share, as code points before the end of `middle`: the end of the
    scope, the starts of the function, of the line and of the last word.
    """

    scope: str
    prefix: str
    middle: str
    suffix: str
    marks: tuple[int, ...] = ()


def cursor_context(
    document: Document, tree: SyntaxTree | None, offset: int, max_tokens: int
) -> CursorContext:
    """Return the context of `offset`, all of it within `max_tokens`."""
    budget = code_points(max_tokens)
    middle_room = int(budget * _MIDDLE_SHARE)
    suffix_room = int(budget * _SUFFIX_SHARE)
    scope_room = int(budget * _SCOPE_SHARE)
    anchor = _anchor(document, offset, middle_room)
    start = _window_start(document, anchor, budget - middle_room - suffix_room - scope_room)
    scope = _scope(document, tree, offset, start, scope_room)
    # A token of these models begins with its space: after a typed space the model would write one
    # more. So the prompt ends before the space, and the model writes it again.
    middle = document.text[anchor:offset].rstrip(" \t")
    end = anchor + len(middle)
    return CursorContext(
        scope=scope,
        prefix=document.text[start:anchor],
        middle=middle,
        suffix=_suffix(document, offset, suffix_room),
        marks=_marks(document, tree, end, start if scope else -1),
    )


def _marks(
    document: Document, tree: SyntaxTree | None, end: int, scope_end: int
) -> tuple[int, ...]:
    line_start = document.lines.start(document.lines.line_of(end))
    near = document.text[max(0, end - _LONGEST_WORD) : end]
    word = _LAST_WORD.search(near)
    places = [scope_end, line_start, end - len(near) + (word.start() if word else 0)]
    places += [container.span.start for container in tree.containers_at(end)[-1:]] if tree else []
    return tuple(end - place for place in sorted(set(places)) if 0 <= place < end)


def _anchor(document: Document, offset: int, room: int) -> int:
    lines = document.lines
    line = max(0, lines.line_of(offset) - _LEAST_LINES_BEHIND_ANCHOR)
    anchor = lines.start(line - line % _ANCHOR_STEP_LINES)
    excess = offset - anchor - room
    # Very long lines are cut in steps, so that the cut stays while a few characters are typed.
    return anchor if excess <= 0 else anchor + _stepped(excess, room // 4)


def _window_start(document: Document, anchor: int, room: int) -> int:
    earliest = anchor - room
    if earliest <= 0:
        return 0
    lines = document.lines
    line = lines.line_of(earliest - 1) + 1
    for candidate in (_stepped(line, _WINDOW_STEP_LINES), line):
        if candidate < lines.count and lines.start(candidate) <= anchor - room // 2:
            return lines.start(candidate)
    return _stepped(earliest, room // 4)


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
    headers: list[str] = []
    for container in reversed(tree.containers_at(offset)):
        header = container.indent + container.header + document.line_end
        if container.span.start < start and len(header) <= room:
            headers.insert(0, header)
            room -= len(header)
    imports: list[str] = []
    for span in tree.imports():
        statement = document.slice(span) + document.line_end
        if span.end <= start and len(statement) <= room:
            imports.append(statement)
            room -= len(statement)
    return "".join([*imports, *headers])
