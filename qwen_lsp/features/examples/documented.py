"""Examples in the text of a docstring: a call of the function with literals, and its result.

Read are doctests (`>>> f(2)` with the result on the next line) and what people write besides:
`f(2) == 4`, `f(2) -> 4`, `f(2) => 4`, `f(2) # returns 4`, `f(2) should return 4`. Whatever is not
certain, such as a result that is no literal, is no example.
"""

import ast
import re
from dataclasses import dataclass
from typing import Any

_RESULT = re.compile(
    r"[ \t]*(?:#[ \t]*)?(?:={1,3}>?|[-=]+>|➞|→|↦|returns?|should return|gives)[ \t]*", re.IGNORECASE
)
_NEXT_LINE = re.compile(r"[ \t]*\n[ \t]*")
_PROMPT = re.compile(r">>>[ \t]*\Z")
_MOST_EXAMPLES = 12
_MOST_LENGTH = 2000


@dataclass(frozen=True)
class Example:
    """A call as it is written, and the literal that it should return."""

    call: str
    expected: str


def documented_examples(docstring: str, function: str) -> list[Example]:
    """Return the examples of `function` in the text of its docstring.

    Two examples of the same call that differ say nothing, and are both left out.
    """
    found: dict[str, set[str]] = {}
    for match in re.finditer(rf"(?<![\w.]){re.escape(function)}\(", docstring):
        end = _end_of_literals(docstring, match.start())
        result = _result(docstring, match.start(), end) if end else None
        if result is not None:
            found.setdefault(docstring[match.start() : end], set()).add(result)
    examples = [
        Example(call, results.pop()) for call, results in found.items() if len(results) == 1
    ]
    return examples[:_MOST_EXAMPLES]


def _end_of_literals(text: str, start: int) -> int:
    """Return where a call with literals alone ends, 0 where there is none."""
    end = start
    while (end := text.find(")", end, start + _MOST_LENGTH) + 1) > 0:
        call = _expression(text[start:end])
        if call is not None:
            is_plain = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            parts = [*call.args, *(one.value for one in call.keywords)] if is_plain else [call]
            return end if all(_is_literal(part) for part in parts) else 0
    return 0


def _result(text: str, start: int, end: int) -> str | None:
    """Return the literal that stands behind the call from `start` to `end`."""
    is_doctest = _PROMPT.search(text[:start].rpartition("\n")[2]) is not None
    sign = (_NEXT_LINE if is_doctest else _RESULT).match(text, end)
    if sign is None:
        return None
    line = text[sign.end() :].partition("\n")[0].strip()
    code = line.partition("#")[0].strip()
    # Behind the result there may be the end of a sentence, or a remark.
    for candidate in (code.rstrip(".,;"), line.rstrip(".,;")):
        value = _expression(candidate)
        if value is not None and _is_literal(value):
            return candidate
    return None


def _expression(text: str) -> Any:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True
