"""Importing names of Python's `typing` that new annotations use."""

import re

from qwen_lsp.features.actions.base import Target
from qwen_lsp.text import Span, TextEdit

TYPING_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    Any AnyStr AsyncGenerator AsyncIterable AsyncIterator Awaitable BinaryIO Callable ClassVar
    Collection Container Coroutine DefaultDict Deque Dict Final FrozenSet Generator Generic
    Hashable IO Iterable Iterator List Literal Mapping MutableMapping MutableSequence MutableSet
    NamedTuple NoReturn Optional OrderedDict Pattern Protocol Reversible Sequence Set Sized
    SupportsFloat SupportsIndex SupportsInt TextIO Tuple Type TypedDict Union
    """,
    )
)
TOP_LEVEL_CLASS = re.compile(r"^class\s+(\w+)", re.MULTILINE)
_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_PLAIN_IMPORT = re.compile(r"from typing import (\w+(?:, \w+)*)")
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


def imported_names(target: Target) -> set[str]:
    """Return every word of the file's import statements."""
    text = target.document.text
    return {
        name
        for span in target.tree.imports()
        for name in re.findall(r"\w+", text[span.start : span.end])
    }


def typing_import(types: list[str], target: Target) -> tuple[TextEdit, ...]:
    """Return the edit that imports the names of `typing` in `types` which the file lacks.

    It stands behind the imports above the function, else behind the module's docstring.
    """
    if target.language.id != "python":
        return ()
    used = {name for one in types for name in _NAME.findall(one)}
    classes = TOP_LEVEL_CLASS.findall(target.document.text)
    missing = (used & TYPING_NAMES).difference(imported_names(target), classes)
    return (_edit(missing, target),) if missing else ()


def _edit(names: set[str], target: Target) -> TextEdit:
    document = target.document
    above = [
        span
        for span in target.tree.imports()
        if document.lines.start(document.lines.line_of(span.start)) == span.start
        and span.end <= target.function.span.start
    ]
    for span in above:
        plain = _PLAIN_IMPORT.fullmatch(document.slice(span))
        if plain is not None:
            return TextEdit(span, _statement({*plain[1].split(", "), *names}))
    line_end, statement = document.line_end, _statement(names)
    if above:
        end = document.lines.end(document.lines.line_of(above[-1].end))
        return TextEdit(Span(end, end), line_end + statement)
    docstring = _DOCSTRING.match(document.text)
    if docstring is not None and docstring.end() <= target.function.span.start:
        end = document.lines.end(document.lines.line_of(docstring.end()))
        return TextEdit(Span(end, end), line_end * 2 + statement)
    header = _HEADER.match(document.text)
    end = header.end() if header is not None else 0
    if document.text.startswith(("\n", "\r"), end) and end:
        return TextEdit(Span(end, end), line_end + statement + line_end)
    return TextEdit(Span(end, end), statement + line_end * 3)


def _statement(names: set[str]) -> str:
    return f"from typing import {', '.join(sorted(names))}"
