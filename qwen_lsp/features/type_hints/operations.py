"""Types of constants and operations, and other small rules that need no file."""

import ast

from qwen_lsp.features.type_hints.patterns import HOLE, arguments, base, is_whole, members, union


def of_constant(node: ast.Constant) -> str:
    """Return the type of a literal."""
    if node.value is None:
        return "None"
    is_known = isinstance(node.value, bool | int | float | str | bytes | complex)
    return type(node.value).__name__ if is_known else HOLE


def of_bin_op(operator: ast.operator, left: str, right: str) -> str:
    """Return the type of an operation on two types."""
    sides = {left, right}
    if isinstance(operator, ast.Mod) and left in ("str", "bytes"):
        return left
    if sides <= {"bool", "int", "float", "complex"}:
        if "complex" in sides:
            return "complex"
        return "float" if "float" in sides or isinstance(operator, ast.Div) else "int"
    if isinstance(operator, ast.Add) and "str" in sides:
        return "str"
    if isinstance(operator, ast.Mult) and sides == {"str", "int"}:
        return "str"
    is_kept = isinstance(operator, ast.Add | ast.BitOr) and left == right
    return left if is_kept else HOLE


def unpacked(name: str, target: ast.Tuple, kind: str) -> list[str]:
    """Return the type that unpacking `kind` gives a name of the target, if it is there."""
    given = arguments(kind) if base(kind) == "tuple" else []
    for index, one in enumerate(target.elts):
        if is_named(one, name):
            return [given[index] if len(given) == len(target.elts) else HOLE]
    return []


def is_any_named(nodes: list[ast.expr], name: str) -> bool:
    """Say whether one of the nodes is the plain name."""
    return any(is_named(node, name) for node in nodes)


def callable_type(result: str) -> str:
    """Return the type of a function with this result."""
    return f"Callable[..., {result if is_whole(result) else 'Any'}]"


def is_named(node: ast.expr, name: str) -> bool:
    """Say whether a node is the plain name."""
    return isinstance(node, ast.Name) and node.id == name


def result_of_calling(kind: str) -> str:
    """Return what a call of a value of this type gives."""
    return union(map(_result_of_calling_one, members(kind)))


def _result_of_calling_one(kind: str) -> str:
    given = arguments(kind)
    if base(kind) == "Callable" and given:
        return HOLE if given[-1] == "Any" else given[-1]
    return given[0] if base(kind) == "type" and given else HOLE
