"""What is wrong with a text by itself, so that an edit can be held to bring nothing of it.

Syntax errors are found in all languages, names that nothing defines in Python.
"""

import ast
import builtins
import symtable
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

from qwen_lsp.languages import SyntaxTree

_Result = TypeVar("_Result")
# What a module has without anybody defining it.
_GIVEN = frozenset(dir(builtins)) | {
    "__annotations__",
    "__builtins__",
    "__class__",
    "__file__",
    "__path__",
    "WindowsError",
    "reveal_type",
}


def count_syntax_errors(tree: SyntaxTree) -> int:
    """Return how many places of a text cannot be read.

    The tree-sitter grammar of Python takes what Python does not, wrong indentation above all, so
    a text without other errors is shown to Python too.
    """
    errors = len(tree.error_spans())
    if errors == 0 and tree.language.id == "python":
        return int(_read(lambda: ast.parse(tree.parsed_text)) is None)
    return errors


def newly_undefined(before: str, after: str) -> set[str]:
    """Return the names that a Python file uses undefined after an edit, and did not before.

    Empty where that cannot be known: one of the texts cannot be read, or imports all that a module
    has.
    """
    old, new = _undefined_names(before), _undefined_names(after)
    return new - old if old is not None and new is not None else set[str]()


def _undefined_names(python: str) -> set[str] | None:
    top = _read(lambda: symtable.symtable(python, "file", "exec"))
    tree = _read(lambda: ast.parse(python))
    if top is None or tree is None:
        return None
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    if any(alias.name == "*" for node in imports for alias in node.names):
        return None
    used, defined = set[str](), set[str]()
    for table in _tables(top):
        for symbol in table.get_symbols():
            is_of_module = table is top or symbol.is_global()
            if is_of_module and (symbol.is_assigned() or symbol.is_imported()):
                defined.add(symbol.get_name())
            if is_of_module and symbol.is_referenced():
                used.add(symbol.get_name())
    return used - defined - _GIVEN


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)


def _read(read: Callable[[], _Result]) -> _Result | None:
    """Return what Python makes of a text, None where it cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
