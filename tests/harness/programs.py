"""Python programs that print what they compute, to be run before and after a refactoring."""

import ast
import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

from qwen_lsp.text import Document, Span

PROGRAMS = sorted((Path(__file__).parents[2] / "fixtures" / "programs").glob("*.py"))


def program(path: Path) -> Document:
    return Document(path.as_uri(), path.name, "python", 1, path.read_text(encoding="utf-8"))


def output(text: str) -> str:
    """Return what a program prints, and the exception it ends in."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(text, "program", "exec"), {"__name__": "program"})  # noqa: S102 - our own
        except Exception as error:  # noqa: BLE001 - whatever it is, it must stay the same
            printed.write(f"{type(error).__name__}: {error}")
    return printed.getvalue()


def statement_ranges(document: Document) -> Iterator[Span]:
    """Yield every run of neighbouring statements in every block."""
    for node in ast.walk(ast.parse(document.text)):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if not isinstance(block, list):
                continue
            for first in range(len(block)):
                for last in range(first, len(block)):
                    yield Span(_start(document, block[first]), _end(document, block[last]))


def expressions(document: Document) -> Iterator[Span]:
    """Yield every expression."""
    for node in ast.walk(ast.parse(document.text)):
        if isinstance(node, ast.expr):
            yield Span(_start(document, node), _end(document, node))


def calls(document: Document) -> Iterator[int]:
    """Yield the offset at which each called name ends."""
    for node in ast.walk(ast.parse(document.text)):
        if isinstance(node, ast.Call):
            yield _end(document, node.func)


def _start(document: Document, node: ast.stmt | ast.expr) -> int:
    decorators = getattr(node, "decorator_list", [])
    first = decorators[0] if decorators else node
    return _offset(document, first.lineno, first.col_offset) - bool(decorators)


def _end(document: Document, node: ast.stmt | ast.expr) -> int:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return _offset(document, node.end_lineno, node.end_col_offset)


def _offset(document: Document, line: int, column_bytes: int) -> int:
    """Return the offset of a place of `ast`, whose columns are bytes of UTF-8."""
    before = document.lines.text(line - 1).encode()[:column_bytes]
    return document.lines.start(line - 1) + len(before.decode())
