"""What the names of a scope are bound to: parameters, assignments, loops, definitions."""

import ast
from typing import TYPE_CHECKING

from qwen_lsp.features.type_hints.code import (
    FunctionNode,
    Scope,
    annotation_text,
    is_method,
    parameters_of,
)
from qwen_lsp.features.type_hints.operations import is_any_named, is_named, unpacked
from qwen_lsp.features.type_hints.patterns import HOLE, union

if TYPE_CHECKING:
    from qwen_lsp.features.type_hints.values import Values


def in_scope(values: "Values", name: str, scope: Scope) -> str:
    """Return the type of a name that a scope binds, empty where it does not bind it."""
    found: list[str] = []
    if isinstance(scope, FunctionNode | ast.Lambda):
        kind = _of_parameter(values, name, scope)
        if kind and kind != HOLE:
            return kind
        found += [kind] if kind else []
    for node in values.code.binding_nodes(scope, name):
        if isinstance(node, ast.AnnAssign) and is_named(node.target, name):
            return annotation_text(node.annotation)
        if isinstance(node, ast.Global | ast.Nonlocal) and name in node.names:
            return ""
        found += _bound_by(values, node, name)
    return union(found) if found else ""


def _bound_by(values: "Values", node: ast.AST, name: str) -> list[str]:
    """Return what one node makes of a name, nothing where it leaves it alone."""
    match node:
        case ast.Assign():
            given = [values.of(node.value)] if is_any_named(node.targets, name) else []
            target = node.targets[0]
            if isinstance(target, ast.Tuple):
                given += unpacked(name, target, values.of(node.value))
            return given
        case ast.NamedExpr() if is_named(node.target, name):
            return [values.of(node.value)]
        case ast.For() | ast.comprehension():
            if is_named(node.target, name):
                return [values.element_of(node.iter)]
            if isinstance(node.target, ast.Tuple):
                return unpacked(name, node.target, values.element_of(node.iter))
            return []
        case _:
            return _defined_by(values, node, name)


def _defined_by(values: "Values", node: ast.AST, name: str) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name:
            return [values.as_callable(node)]
        case ast.ClassDef() if node.name == name:
            return [f"type[{name}]"]
        case ast.withitem(optional_vars=ast.Name(id=given)) if given == name:
            return [HOLE]
        case ast.ExceptHandler() if node.name == name:
            is_one = isinstance(node.type, ast.Name | ast.Attribute)
            return [ast.unparse(node.type) if is_one and node.type else "Exception"]
        case _:
            return []


def _of_parameter(values: "Values", name: str, function: FunctionNode | ast.Lambda) -> str:
    names = [one.arg for one in parameters_of(function)]
    owner = values.code.class_of(function)
    if names[:1] == [name] and owner is not None and is_method(values.code, function):
        return f"type[{owner.name}]" if name == "cls" else owner.name
    if name in names:
        return values.knowledge.parameter(function, name)
    given = function.args
    if given.vararg is not None and given.vararg.arg == name:
        return f"tuple[{annotation_text(given.vararg.annotation) or HOLE}, ...]"
    if given.kwarg is not None and given.kwarg.arg == name:
        return f"dict[str, {annotation_text(given.kwarg.annotation) or HOLE}]"
    return ""
