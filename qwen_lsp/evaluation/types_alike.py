"""Whether two annotations say the same.

Quotes, spaces, the order of unions, `Optional[X]` or `X | None`, and `List` or `list` do not count,
nor from which of typing and its like a name is taken.
"""

import ast
from collections.abc import Sequence

_ALIASES = {
    "Callable": "callable",
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "Generator": "generator",
    "List": "list",
    "Nonetype": "None",
    "NoneType": "None",
    "Set": "set",
    "Tuple": "tuple",
    "Type": "type",
}
_MODULES = frozenset({"abc", "builtins", "collections", "t", "typing"})


def same_type(written: str, truth: str) -> bool:
    """Say whether two annotations are the same type."""
    return bool(written) and normalised(written) == normalised(truth)


def same_bases(written: str, types: Sequence[str]) -> bool:
    """Say whether an annotation names just these types, brackets left aside."""
    if not written:
        return False
    wanted = {_base(normalised(one)) for one in types}
    return {_base(one) for one in _members(written)} == wanted


def normalised(annotation: str) -> str:
    """Return an annotation in one of the ways that it can be written."""
    members = _members(annotation)
    return " | ".join(sorted(set(members)))


def _base(kind: str) -> str:
    return kind.partition("[")[0].lower()


def _members(annotation: str) -> list[str]:
    try:
        return _union(ast.parse(annotation.strip().strip("\"'"), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError):
        return [annotation.strip()]


def _union(node: ast.expr) -> list[str]:
    match node:
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union(left) + _union(right)
        case ast.Subscript(value=value, slice=inner):
            name = _name(value)
            given = list(inner.elts) if isinstance(inner, ast.Tuple) else [inner]
            if name == "Optional":
                return [*_union(inner), "None"]
            if name == "Union":
                return [member for one in given for member in _union(one)]
            return [f"{name}[{', '.join(_one(one) for one in given)}]"]
        case ast.Constant(value=str(text)):
            return _members(text)
        case _:
            return [_name(node)]


def _one(node: ast.expr) -> str:
    if isinstance(node, ast.List):
        return f"[{', '.join(map(_one, node.elts))}]"
    return " | ".join(sorted(set(_union(node))))


def _name(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=None):
            return "None"
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _MODULES:
            return _ALIASES.get(name, name)
        case ast.Name(id=name):
            return _ALIASES.get(name, name)
        case _:
            return ast.unparse(node)
