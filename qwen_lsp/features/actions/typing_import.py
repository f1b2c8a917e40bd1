"""Importing the names of `typing` and `collections.abc` that new annotations use."""

import re

from qwen_lsp.features.type_hints.names import (
    ABSTRACT_NAMES,
    TYPING_NAMES,
    defined_types,
    imported_names,
)
from qwen_lsp.features.type_hints.style import Style
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Document, Span, TextEdit

_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_LINE_END = r"(?:\r\n|\n|\r)"
# The first lines and the comments that belong to the file and not to the code below them.
_HEADER = re.compile(
    rf"(?:#!.*?{_LINE_END})?(?:#.*?coding[:=].*?{_LINE_END})?(?:(?:#.*?{_LINE_END})+(?=[\r\n]))?"
)
_DOCSTRING = re.compile(
    r"(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*[rRuU]?"
    r'(?:"""(?:\\[\s\S]|[^\\])*?"""|'
    r"'''(?:\\[\s\S]|[^\\])*?'''|"
    r'"(?!"")(?:\\.|[^"\\\r\n])*"|'
    r"'(?!'')(?:\\.|[^'\\\r\n])*')"
)


def typing_imports(
    types: list[str], document: Document, tree: SyntaxTree, style: Style, above: int
) -> tuple[TextEdit, ...]:
    """Return the edits that import the names in `types` which the file lacks.

    They join an import that is there; else they stand behind the imports above the offset `above`,
    else behind the module's docstring.
    """
    used = {name for one in types for name in _NAME.findall(one)}
    missing = (used & TYPING_NAMES) - imported_names(tree) - defined_types(document.text).keys()
    modules = _by_module(missing, document, tree, style)
    spans = [
        span
        for span in tree.imports()
        if document.lines.start(document.lines.line_of(span.start)) == span.start
        and span.end <= above
    ]
    edits: list[TextEdit] = []
    statements: list[str] = []
    for module, names in sorted(modules.items()):
        joined = _joined(module, names, spans, document)
        if joined is not None:
            edits.append(joined)
        else:
            statements.append(_statement(module, names))
    if statements:
        edits.append(_new(document.line_end.join(statements), spans, document, above))
    return tuple(edits)


def _by_module(
    names: set[str], document: Document, tree: SyntaxTree, style: Style
) -> dict[str, set[str]]:
    """Return the names with the modules that the file takes such names from."""
    imports = "\n".join(document.slice(span) for span in tree.imports())
    is_abstract = style.has_unions
    if "collections.abc" in imports:
        is_abstract = True
    elif any(one.member in ABSTRACT_NAMES for one in tree.declarations().imports):
        is_abstract = False
    abstract = names & ABSTRACT_NAMES if is_abstract else set[str]()
    found = {"collections.abc": abstract, "typing": names - abstract}
    return {module: some for module, some in found.items() if some}


def _joined(module: str, names: set[str], spans: list[Span], document: Document) -> TextEdit | None:
    plain = re.compile(rf"from {re.escape(module)} import (\w+(?:, \w+)*)")
    for span in spans:
        match = plain.fullmatch(document.slice(span))
        if match is not None:
            return TextEdit(span, _statement(module, {*match[1].split(", "), *names}))
    return None


def _new(statements: str, spans: list[Span], document: Document, above: int) -> TextEdit:
    line_end = document.line_end
    if spans:
        end = document.lines.end(document.lines.line_of(spans[-1].end))
        return TextEdit(Span(end, end), line_end + statements)
    docstring = _DOCSTRING.match(document.text)
    if docstring is not None and docstring.end() <= above:
        end = document.lines.end(document.lines.line_of(docstring.end()))
        return TextEdit(Span(end, end), line_end * 2 + statements)
    header = _HEADER.match(document.text)
    end = header.end() if header is not None else 0
    if document.text.startswith(("\n", "\r"), end) and end:
        return TextEdit(Span(end, end), line_end + statements + line_end)
    return TextEdit(Span(end, end), statements + line_end * 3)


def _statement(module: str, names: set[str]) -> str:
    return f"from {module} import {', '.join(sorted(names))}"
