"""Code that is written in another place: its lines get the indentation of the new place."""

import re
from collections import Counter
from collections.abc import Iterable

from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Document, Span, TextEdit, apply_edits

_INDENT = re.compile(r"^([ \t]*)\S", re.MULTILINE)


def indent_of_line(document: Document, offset: int) -> str:
    """Return the white space that the line of `offset` begins with."""
    line = document.lines.text(document.lines.line_of(offset))
    return line[: len(line) - len(line.lstrip(" \t"))]


def indent_unit(document: Document) -> str:
    """Return one level of indentation: the step from line to line that the file has most often."""
    steps: Counter[str] = Counter()
    above = ""
    for match in _INDENT.finditer(document.text):
        if match[1].startswith(above) and match[1] != above:
            steps[match[1][len(above) :]] += 1
        above = match[1]
    usual = "    " if document.language_id == "python" else "  "
    return steps.most_common(1)[0][0] if steps else usual


def moved(
    document: Document, tree: SyntaxTree, span: Span, indent: str, edits: Iterable[TextEdit] = ()
) -> str:
    """Return the text of `span` as it stands behind `indent`, with `edits` made in it.

    The first line comes without its indentation, and what is in strings stays.
    """
    old = indent_of_line(document, span.start)
    lines = document.lines
    changes = [edit for edit in edits if span.contains(edit.span)]
    for line in range(lines.line_of(span.start) + 1, lines.line_of(span.end) + 1):
        start = lines.start(line)
        if lines.text(line).startswith(old) and not tree.in_string(start):
            margin = Span(start, start + len(old))
            changes.append(TextEdit(margin, indent if lines.text(line).strip() else ""))
    shifted = [
        TextEdit(Span(edit.span.start - span.start, edit.span.end - span.start), edit.new_text)
        for edit in changes
    ]
    return apply_edits(document.slice(span), shifted)
