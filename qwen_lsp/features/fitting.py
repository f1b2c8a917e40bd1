"""Fitting code of the model to the file: its indentation and its quotes.

Only what means the same is changed. What cannot be fitted stays, and the checks judge it.
"""

import re
from collections import Counter

from qwen_lsp.languages import Language, SyntaxTree, parse
from qwen_lsp.text import Span, TextEdit, apply_edits

_MARGIN = re.compile(r"^([ \t]*)\S", re.MULTILINE)
# A string that may have either quote, because there is none inside it.
_PLAIN = re.compile(
    r"""(?P<prefix>[a-zA-Z]*)(?P<quote>["'])(?P<inside>(?:[^"'\\\r\n]|\\[^"'\r\n])*)(?P=quote)"""
)
_EITHER_QUOTE = frozenset({"python", "javascript", "typescript", "typescriptreact"})


def fitted(code: str, old: str, file: str, language: Language) -> str:
    """Return `code` with the indentation and the quotes of the code that it replaces.

    Both `code` and `old` stand at the left margin. What the old code does not tell, the text of
    its file does.
    """
    tree = parse(language, code)
    unit = indent_unit(old) or indent_unit(file)
    edits = [*_indents(tree, unit), *_quotes(tree, parse(language, file))]
    return apply_edits(code, edits)


def indent_unit(text: str) -> str:
    """Return what a line is indented by more than the one above it: a tab, or some spaces.

    It is the commonest of all steps, and empty where no line is indented.
    """
    steps: Counter[str] = Counter()
    above = ""
    for match in _MARGIN.finditer(text):
        margin = match[1]
        if len(margin) > len(above) and margin.startswith(above):
            steps[margin[len(above) :]] += 1
        above = margin
    return steps.most_common(1)[0][0] if steps else ""


def quotes_in(tree: SyntaxTree) -> Counter[str]:
    """Return how often each quote stands around strings that could have either."""
    if tree.language.id not in _EITHER_QUOTE:
        return Counter()
    found = (_PLAIN.fullmatch(tree.text, span.start, span.end) for span in tree.strings())
    return Counter(match["quote"] for match in found if match is not None)


def _indents(tree: SyntaxTree, unit: str) -> list[TextEdit]:
    own = indent_unit(tree.text)
    if not own or not unit or own == unit:
        return []
    edits: list[TextEdit] = []
    for match in _MARGIN.finditer(tree.text):
        margin = match[1]
        depth, rest = divmod(len(margin), len(own))
        # Inside a long string the margin is part of the text.
        if margin == own * depth + margin[len(own) * depth :] and not tree.in_string(match.start()):
            edits.append(TextEdit(Span(match.start(), match.end(1)), unit * depth + " " * rest))
    return edits


def _quotes(tree: SyntaxTree, file: SyntaxTree) -> list[TextEdit]:
    used = quotes_in(file)
    if len(used) != 1:
        return []
    (quote,) = used
    edits: list[TextEdit] = []
    for span in tree.strings():
        match = _PLAIN.fullmatch(tree.text, span.start, span.end)
        if match is not None and match["quote"] != quote:
            edits.append(TextEdit(span, match["prefix"] + quote + match["inside"] + quote))
    return edits
