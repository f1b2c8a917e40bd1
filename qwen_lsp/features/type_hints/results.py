"""What a Python function gives back, from its returns and yields."""

import ast

from qwen_lsp.features.type_hints.code import FunctionNode, PythonCode, decorators_of
from qwen_lsp.features.type_hints.known import SPECIAL_RESULTS
from qwen_lsp.features.type_hints.patterns import HOLE, members, union
from qwen_lsp.features.type_hints.values import Values

_WITHOUT_BODY = frozenset({"abstractmethod", "overload"})


def result_of(code: PythonCode, values: Values, function: FunctionNode) -> str:
    """Return the type that a missing result annotation should be, `?` where nothing is known."""
    special = SPECIAL_RESULTS.get(function.name)
    if special is not None and code.class_of(function) is not None:
        return special
    if _is_stub(function):
        return HOLE
    nodes = code.own_nodes(function)
    returns = [node for node in nodes if isinstance(node, ast.Return)]
    yields = [node for node in nodes if isinstance(node, ast.Yield | ast.YieldFrom)]
    if yields:
        return _generator(values, function, yields, returns)
    if not returns:
        always_raises = isinstance(function.body[-1], ast.Raise)
        return HOLE if always_raises else "None"
    found = [values.of(node.value) for node in returns]
    if can_end(function.body):
        found.append("None")
    return union(found)


def _generator(
    values: Values,
    function: FunctionNode,
    yields: list[ast.Yield | ast.YieldFrom],
    returns: list[ast.Return],
) -> str:
    found = [
        values.element_of(node.value) if isinstance(node, ast.YieldFrom) else values.of(node.value)
        for node in yields
    ]
    element = union(found)
    element = HOLE if HOLE in members(element) else element
    if isinstance(function, ast.AsyncFunctionDef):
        return f"AsyncIterator[{element}]"
    result = union(
        [values.of(node.value) for node in returns if node.value is not None] or ["None"]
    )
    if result != "None":
        return f"Generator[{element}, {HOLE}, {result}]"
    return f"Iterator[{element}]"


def _is_stub(function: FunctionNode) -> bool:
    """Say whether the body of a function says nothing of what others give for it."""
    body = [
        node
        for node in function.body
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
    ]
    raised = body[-1] if body and isinstance(body[-1], ast.Raise) else None
    is_missing = raised is not None and "NotImplemented" in ast.unparse(raised)
    return not body or is_missing or bool(decorators_of(function) & _WITHOUT_BODY)


def can_end(body: list[ast.stmt]) -> bool:
    """Say whether a block can be left at its end."""
    last = body[-1]
    match last:
        case ast.Return() | ast.Raise() | ast.Continue() | ast.Break():
            return False
        case ast.If():
            return not last.orelse or can_end(last.body) or can_end(last.orelse)
        case ast.While(test=ast.Constant(value=True)):
            return any(isinstance(node, ast.Break) for node in ast.walk(last))
        case ast.With() | ast.AsyncWith():
            return can_end(last.body)
        case ast.Try():
            if last.finalbody and not can_end(last.finalbody):
                return False
            tried = last.orelse or last.body
            return can_end(tried) or any(can_end(one.body) for one in last.handlers)
        case ast.Match():
            is_whole = any(
                isinstance(one.pattern, ast.MatchAs)
                and one.pattern.pattern is None
                and not one.guard
                for one in last.cases
            )
            return not is_whole or any(can_end(one.body) for one in last.cases)
        case _:
            return True
