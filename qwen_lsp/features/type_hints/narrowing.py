"""Where a name cannot be None: behind `if name is None: return`, and under `if name:`."""

import ast
from collections.abc import Sequence

from qwen_lsp.features.type_hints.code import FunctionNode, PythonCode

_EXITS = (ast.Return, ast.Raise, ast.Continue, ast.Break)


def is_not_none(code: PythonCode, name: str, node: ast.AST) -> bool:
    """Say whether the code around a use of a name has made sure that it is not None there."""
    inner: ast.AST = node
    outer = code.parent(inner)
    while outer is not None and not isinstance(outer, FunctionNode):
        if isinstance(outer, ast.If | ast.IfExp | ast.While) and inner is not outer.test:
            otherwise = outer.orelse if isinstance(outer.orelse, list) else [outer.orelse]
            is_else = inner in otherwise
            if (_when_false if is_else else _when_true)(outer.test, name):
                return True
        if _left_before(outer, inner, name):
            return True
        inner, outer = outer, code.parent(outer)
    return outer is not None and _left_before(outer, inner, name)


def _left_before(block: ast.AST, inner: ast.AST, name: str) -> bool:
    """Say whether a statement before `inner` in a block leaves it where the name is None."""
    body: Sequence[ast.AST] = (
        block.body if isinstance(block, ast.If | FunctionNode | ast.For) else []
    )
    places = [index for index, one in enumerate(body) if one is inner]
    before = body[: places[0]] if places else []
    return any(
        isinstance(one, ast.If)
        and not one.orelse
        and isinstance(one.body[-1], _EXITS)
        and _when_false(one.test, name)
        for one in before
    )


def _when_true(test: ast.expr, name: str) -> bool:
    """Say whether a test that holds means that the name is not None."""
    match test:
        case ast.Name(id=given):
            return given == name
        case ast.Compare(left=ast.Name(id=given), ops=[ast.IsNot()]):
            return given == name
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=given), _]):
            return given == name
        case ast.BoolOp(op=ast.And()):
            return any(_when_true(one, name) for one in test.values)
        case ast.UnaryOp(op=ast.Not()):
            return _when_false(test.operand, name)
        case _:
            return False


def _when_false(test: ast.expr, name: str) -> bool:
    """Say whether a test that does not hold means that the name is not None."""
    match test:
        case ast.Compare(left=ast.Name(id=given), ops=[ast.Is()]):
            return given == name
        case ast.BoolOp(op=ast.Or()):
            return any(_when_false(one, name) for one in test.values)
        case ast.UnaryOp(op=ast.Not()):
            return _when_true(test.operand, name)
        case _:
            return False
