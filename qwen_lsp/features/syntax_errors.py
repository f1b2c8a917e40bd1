"""How broken is a text?

The tree-sitter grammars forgive a lot; the one of Python takes any indentation. So Python is also
read by Python itself, which this program runs on anyway.
"""

import ast
import warnings

from qwen_lsp.languages import Language, parse


def count_errors(language: Language, text: str) -> int:
    """Return how many syntax errors `text` has, to be compared with another version of it."""
    errors = len(parse(language, text).error_spans())
    return errors + (language.id == "python" and not _is_python(text))


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an unknown escape in a string of the user
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
