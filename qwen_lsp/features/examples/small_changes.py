"""Other ways to write one line of Python that differ in a single place, as bugs do.

A sign for another of its kind, a number one more or less, another name of the function, two
arguments the other way round, a word that is too much. It is what mutation testing changes.
"""

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence

_KINDS: tuple[tuple[str, ...], ...] = (
    ("<", "<=", ">", ">=", "==", "!="),
    ("+", "-", "*", "/", "//", "%", "**"),
    ("+=", "-=", "*=", "//="),
    ("and", "or"),
    ("True", "False"),
    ("any", "all"),
    ("min", "max"),
    ("lower", "upper"),
    ("startswith", "endswith"),
    ("in", "not in"),
    ("is", "is not"),
)
_SIGNS = frozenset({"+", "-", "*", "/", "%", "**"})
_ENDS = _SIGNS.union(*_KINDS, {",", "=", ":", "return", "for", "if", "elif", "while", "not"})
_SEPARATORS = frozenset({",", ")", "]", ":", ""})
_LONGEST_TEXT, _MOST_TEXTS = 12, 8


def small_changes(line: str, function: str) -> list[str]:
    """Return other ways to write `line`, which has no indentation, each once.

    `function` is the code of the function, whose names and texts may stand in it instead.
    """
    tokens = _tokens(line)
    names, texts = _names_and_texts(function)
    found = dict.fromkeys(
        line[:start] + new + line[end:] for start, end, new in _edits(line, tokens, names, texts)
    )
    found.pop(line, None)
    return [*found, "pass"]


def _names_and_texts(function: str) -> tuple[list[str], list[str]]:
    """Return the parameters and variables of a function, and its short texts in quotes."""
    names: dict[str, None] = {}
    texts = {"''": None}
    for node in ast.walk(ast.parse(function)):
        match node:
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                names[name] = None
            case ast.Constant(value=str(text)) if len(text) <= _LONGEST_TEXT:
                texts[repr(text)] = None
            case _:
                pass
    return list(names), list(texts)[:_MOST_TEXTS]


def _edits(
    line: str, tokens: Sequence[tokenize.TokenInfo], names: Sequence[str], texts: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    for index, token in enumerate(tokens):
        start, end, text = token.start[1], token.end[1], token.string
        before = tokens[index - 1].string if index else ""
        after = tokens[index + 1].string if index + 1 < len(tokens) else ""
        for kind in _KINDS:
            if text in kind:
                yield from ((start, end, other) for other in kind if other != text)
        if text == "not":
            yield start, end + (line[end : end + 1] == " "), ""
        yield from _other_values(token, before, after, names, texts)
        if text in _SIGNS and index:
            # An operand that is too much, in front of the sign or behind it.
            yield tokens[index - 1].start[1], end, ""
            if after:
                yield tokens[index - 1].end[1], tokens[index + 1].end[1], ""
    yield from _swapped(line, tokens)


def _other_values(
    token: tokenize.TokenInfo, before: str, after: str, names: Sequence[str], texts: Sequence[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield what may stand in the place of a number, a name or a text, or be added to it."""
    start, end, text = token.start[1], token.end[1], token.string
    if token.type == tokenize.NUMBER and text.isdecimal():
        yield from ((start, end, str(int(text) + step)) for step in (1, -1, 2))
    if token.type == tokenize.NAME and text in names and after not in ("(", "="):
        yield from ((start, end, name) for name in names)
    if token.type == tokenize.STRING:
        yield from ((start, end, other) for other in texts)
    is_operand = token.type in (tokenize.NAME, tokenize.NUMBER) or text in (")", "]")
    if is_operand and after in _SEPARATORS and before != "=":
        yield from ((end, end, step) for step in (" + 1", " - 1"))


def _swapped(line: str, tokens: Sequence[tokenize.TokenInfo]) -> Iterator[tuple[int, int, str]]:
    """Yield two neighbours of a list in brackets, or operands of a sign, the other way round."""
    for index, token in enumerate(tokens[1:-1], 1):
        if token.string in (",", "+", "-", "/", "//", "%"):
            left, right = _left(tokens, index), _right(tokens, index)
            if left < right:
                start, middle = tokens[left].start[1], tokens[index - 1].end[1]
                second, end = tokens[index + 1].start[1], tokens[right].end[1]
                yield start, end, line[second:end] + line[middle:second] + line[start:middle]


def _left(tokens: Sequence[tokenize.TokenInfo], index: int) -> int:
    """Return the first token of the operand that ends before `index`."""
    return _edge(tokens, range(index - 1, -1, -1), ")]}", "([{")


def _right(tokens: Sequence[tokenize.TokenInfo], index: int) -> int:
    """Return the last token of the operand that begins behind `index`."""
    return _edge(tokens, range(index + 1, len(tokens)), "([{", ")]}")


def _edge(tokens: Sequence[tokenize.TokenInfo], places: range, opening: str, closing: str) -> int:
    depth, last = 0, places[0] if places else 0
    for place in places:
        text = tokens[place].string
        depth += text in opening if text else 0
        depth -= text in closing if text else 0
        ends = text in _ENDS
        if depth < 0 or (depth == 0 and ends):
            break
        last = place
    return last


def _tokens(line: str) -> list[tokenize.TokenInfo]:
    """Return the tokens of a line, as far as it can be read by itself."""
    found: list[tokenize.TokenInfo] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(line).readline):
            found.append(token)  # noqa: PERF402 - what comes before an error is kept
    except (tokenize.TokenError, IndentationError):
        pass  # a bracket that is closed on a later line
    kinds = (tokenize.NAME, tokenize.NUMBER, tokenize.OP, tokenize.STRING)
    return [token for token in found if token.type in kinds and token.start[0] == 1 == token.end[0]]
