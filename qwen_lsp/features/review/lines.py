"""The functions that are reviewed, and the lines of each that a finding can quote."""

import re

from qwen_lsp.features.actions.base import Site, Target
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document, Span

_MOST_LINES = 200


def functions_to_review(document: Document) -> list[Target]:
    """Return the functions of a file; one inside another is reviewed as part of the outer one."""
    language = language_for_id(document.language_id)
    if language is None:
        return []
    tree = parse(language, document.text)
    targets: list[Target] = []
    for function in tree.functions():
        # They come in the order of the text, so only the last one can hold the next.
        inside = targets and targets[-1].function.span.contains(function.span)
        if function.body_span is not None and not inside:
            site = Site(document, language, tree, function.definition_span)
            targets.append(Target(site, function))
    return targets


def quotable_lines(target: Target) -> list[Span]:
    """Return the lines of a function's body that say something, without their indentation.

    None where the function is too long to be reviewed as a whole.
    """
    document, span = target.document, target.function.definition_span
    lines = document.lines
    found: list[Span] = []
    docstring = target.function.docstring_span
    body = target.function.body_span or span
    for line in range(lines.line_of(body.start), lines.line_of(body.end) + 1):
        text = lines.text(line)
        start = lines.start(line) + len(text) - len(text.lstrip())
        quote = text.strip()
        if len(re.sub(r"\W", "", quote)) < 2 or target.tree.in_comment(start + 1):
            continue
        if start < body.start or (docstring is not None and docstring.touches(start)):
            continue
        found.append(Span(start, start + len(quote)))
    return found if len(found) <= _MOST_LINES else []
