"""The code around the cursor, cut so that typing only appends.

The text before the cursor is split at the *anchor*, the start of a line some lines up: what stands
before it is `prefix`, what stands behind it `middle`. The prompt puts the middle last, so a typed
character changes nothing but its end. The anchor and the start of the window move in steps of
several lines, so they stay where they are from one line to the next.
"""

from dataclasses import dataclass

from qwen_lsp.context.budget import code_points
from qwen_lsp.languages.syntax import SyntaxTree
from qwen_lsp.text import Document

# The anchor is 4 to 11 lines above the cursor and moves every 8 lines.
_LEAST_LINES_BEHIND_ANCHOR = 4
_ANCHOR_STEP_LINES = 8
_WINDOW_STEP_LINES = 16
_SUFFIX_SHARE = 0.2
_SCOPE_SHARE = 0.15


@dataclass(frozen=True)
class CursorContext:
    """What the model needs to go on at the cursor.

    `scope` is what the cursor stands in but the window does not reach: imports and the headers of
    the enclosing classes and functions.
    """

    scope: str
    prefix: str
    middle: str
    suffix: str


def cursor_context(
    document: Document, tree: SyntaxTree | None, offset: int, max_tokens: int
) -> CursorContext:
    """Return the context of `offset` within about `max_tokens`."""
    budget = code_points(max_tokens)
    lines, text = document.lines, document.text
    line = lines.line_of(offset)
    anchor_line = max(0, line - _LEAST_LINES_BEHIND_ANCHOR)
    anchor_line -= anchor_line % _ANCHOR_STEP_LINES
    anchor = lines.start(anchor_line)
    middle = text[anchor:offset]
    longest_middle = budget // 2
    if len(middle) > longest_middle:
        # One very long line: cut in steps, so that the cut stays while a few characters are typed.
        cut = len(middle) - longest_middle
        anchor += cut + (-cut % 256)
        middle = text[anchor:offset]
    suffix_budget = int(budget * _SUFFIX_SHARE)
    scope_budget = int(budget * _SCOPE_SHARE)
    room = max(0, budget - longest_middle // 2 - suffix_budget - scope_budget)
    start = _window_start(document, anchor_line, anchor, room)
    return CursorContext(
        scope=_scope(document, tree, offset, start, scope_budget),
        prefix=text[start:anchor],
        middle=middle,
        suffix=_suffix(document, offset, suffix_budget),
    )


def _window_start(document: Document, anchor_line: int, anchor: int, room: int) -> int:
    lines = document.lines
    first = anchor_line
    while first > 0 and anchor - lines.start(first - 1) <= room:
        first -= 1
    if first > 0:
        first = min(anchor_line, first + (-first % _WINDOW_STEP_LINES))
    return min(lines.start(first), anchor)


def _suffix(document: Document, offset: int, room: int) -> str:
    lines = document.lines
    line = lines.line_of(offset)
    end = lines.end(line)
    while line + 1 < lines.count and lines.end(line + 1) - offset <= room:
        line += 1
        end = lines.end(line)
    return document.text[offset : min(end, offset + room)]


def _scope(document: Document, tree: SyntaxTree | None, offset: int, start: int, room: int) -> str:
    if tree is None or start == 0:
        return ""
    headers = [
        container.indent + container.header
        for container in tree.containers_at(offset)
        if container.span.start < start
    ]
    pieces: list[str] = []
    left = room - sum(len(header) + 1 for header in headers)
    for span in tree.imports():
        if span.end <= start and len(document.slice(span)) < left:
            pieces.append(document.slice(span))
            left -= len(pieces[-1]) + 1
    pieces += [header for header in headers if len(header) < room]
    return "".join(f"{piece}\n" for piece in pieces)
