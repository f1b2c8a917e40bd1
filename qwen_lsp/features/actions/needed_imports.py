"""Python imports that a model has written above its function, for what the function uses.

They come into the function, because nothing outside of it is touched; without them the edit would
bring names that nothing defines.
"""

import ast
import re

from qwen_lsp.features.soundness import newly_undefined

_IMPORT = re.compile(r"^(?:import|from)\b.+$", re.MULTILINE)


def needed_imports(reply: str, before: str, after: str) -> list[str]:
    """Return the import lines of a reply that define what a file lacks `after` an edit alone."""
    lines: list[str] = _IMPORT.findall(reply)
    missing = newly_undefined(before, after) if lines else set[str]()
    return [line for line in lines if missing & _bound_by(line)]


def with_imports(code: str, imports: list[str]) -> str:
    """Return a function with imports at the beginning of its body, below the documentation.

    One whose body stands on its first line is left as it is.
    """
    function = ast.parse(code).body[0]
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        return code
    first = function.body[0]
    if first.lineno == function.lineno:
        return code
    has_docstring = ast.get_docstring(function, clean=False) is not None
    row = (first.end_lineno or first.lineno) if has_docstring else first.lineno - 1
    lines = code.split("\n")
    added = [" " * first.col_offset + line for line in imports]
    return "\n".join([*lines[:row], *added, *lines[row:]])


def _bound_by(line: str) -> set[str]:
    try:
        (statement,) = ast.parse(line).body
    except (SyntaxError, ValueError):
        return set()
    if not isinstance(statement, ast.Import | ast.ImportFrom):
        return set()
    return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
