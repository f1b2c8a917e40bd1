"""Is an edit what its action promises? Judged without the checks that let it through.

Python is judged by Python's own parser. Other languages have their grammars alone: what must stay
the same is compared as text.
"""

import ast
import re
import warnings

from qwen_lsp.features.actions import Site
from qwen_lsp.languages import Function, Language, parse

_COMMENT = re.compile(r"\s*(?:///?|#|--|/\*\*|\*|\*/).*|\s*")

# Actions that rewrite one function, that move code out of it or into it, and those that keep the
# signatures in it.
_REWRITES = ("simplify", "error_handling", "custom")
_MOVES = ("extract_function", "inline_function")
_SAME_SIGNATURE = ("simplify", "error_handling")
# What annotations may need imports from.
_OF_TYPES = ("typing", "collections.abc")


def broken(site: Site, action: str, after: str) -> str:
    """Return what is wrong with a file after an edit, empty where nothing is."""
    before, language = site.document.text, site.language
    errors = [_errors(language, text) for text in (before, after)]
    if errors[1] > errors[0]:
        return f"{errors[1]} syntax errors in a file that had {errors[0]}"
    if after == before:
        return "nothing changed"
    target = site.target
    if action == "add_type_hints":
        return _more_than_annotations(language, before, after)
    if target is None:
        return ""
    if action == "add_docstring":
        return _more_than_documentation(language, before, after)
    if action in _MOVES and not _lines_outside_stay(target.function, before, after):
        return "a line outside of the function is gone"
    if action in _REWRITES and not _is_inside(target.function, before, after):
        return "something outside of the function changed"
    if action in _SAME_SIGNATURE and _signatures(language, before) != _signatures(language, after):
        return "the signatures are not the same"
    return ""


def _errors(language: Language, text: str) -> int:
    found = len(parse(language, text).error_spans())
    if language.id == "python" and not found:
        found = int(_tree(text) is None)
    return found


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _more_than_annotations(language: Language, before: str, after: str) -> str:
    if language.id == "python":
        trees = [_tree(text) for text in (before, after)]
        dumps = [_without_annotations(tree) for tree in trees if tree is not None]
        same = len(dumps) == 2 and dumps[0] == dumps[1]
    else:
        # Annotations are put in, so the old text is left if some of the new one is taken out.
        same = _is_within(before, after)
    return "" if same else "more than annotations changed"


def _without_annotations(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    tree.body = [
        each
        for each in tree.body
        if not (isinstance(each, ast.ImportFrom) and each.module in _OF_TYPES)
    ]
    return ast.dump(tree)


def _more_than_documentation(language: Language, before: str, after: str) -> str:
    if language.id == "python":
        trees = [_tree(text) for text in (before, after)]
        dumps = [_without_docstrings(tree) for tree in trees if tree is not None]
        same = len(dumps) == 2 and dumps[0] == dumps[1]
    else:
        start, end = _same_ends(before, after)
        put_in = after[start : len(after) - end]
        same = start + end == len(before) and all(map(_COMMENT.fullmatch, put_in.split("\n")))
    return "" if same else "more than documentation changed"


def _without_docstrings(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def _is_inside(function: Function, before: str, after: str) -> bool:
    head, rest = before[: function.span.start], before[function.span.end :]
    return after.startswith(head) and after[len(head) :].endswith(rest)


def _lines_outside_stay(function: Function, before: str, after: str) -> bool:
    """Say whether all lines above and below the function are there, in their order.

    Others may have come between them.
    """
    above, below = before[: function.span.start], before[function.span.end :]
    outside = [*above.split("\n")[:-1], *below.split("\n")[1:]]
    rest = iter(after.split("\n"))
    return all(line in rest for line in outside if line.strip())


def _signatures(language: Language, text: str) -> list[str]:
    spans = [function.signature_span for function in parse(language, text).functions()]
    return [" ".join(text[span.start : span.end].split()) for span in spans]


def _same_ends(before: str, after: str) -> tuple[int, int]:
    """Return how many code points are the same at the beginning, and behind them at the end."""
    most = min(len(before), len(after))
    start = next((at for at in range(most) if before[at] != after[at]), most)
    rest = most - start
    end = next((at for at in range(rest) if before[-1 - at] != after[-1 - at]), rest)
    return start, end


def _is_within(before: str, after: str) -> bool:
    """Say whether `before` is left of `after` where some of its characters are taken out."""
    rest = iter(after)
    return all(sign in rest for sign in before)
