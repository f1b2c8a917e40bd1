"""Counting syntax errors, so that an edit can be held to bring no new ones."""

import ast
import warnings

from qwen_lsp.languages import SyntaxTree


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
