"""What is wrong with a text by itself, so that an edit can be held to bring nothing of it.

Syntax errors are found in all languages, names that nothing defines in Python.
"""

import ast
import builtins
import symtable
import warnings
from collections.abc import Iterator

from qwen_lsp.languages import SyntaxTree

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
        return 0 if _is_python(tree.parsed_text) else 1
    return errors


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def undefined_names(python: str) -> set[str] | None:
    """Return the names that a Python file uses and nothing in it defines.

    None where that cannot be known: the file cannot be read, or imports all that a module has.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            top = symtable.symtable(python, "file", "exec")
            imports = (
                node for node in ast.walk(ast.parse(python)) if isinstance(node, ast.ImportFrom)
            )
            if any(alias.name == "*" for node in imports for alias in node.names):
                return None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
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
