"""Counting syntax errors, so that an edit can be held to bring no new ones."""

import ast
import warnings

from qwen_lsp.languages import Language, parse


def count_syntax_errors(language: Language, text: str) -> int:
    """Return how many places of `text` cannot be read.

    The tree-sitter grammar of Python takes what Python does not, wrong indentation above all, so
    a text without other errors is shown to Python too.
    """
    errors = len(parse(language, text).error_spans())
    if errors == 0 and language.id == "python":
        return 0 if _is_python(text) else 1
    return errors


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
