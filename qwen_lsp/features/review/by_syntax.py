"""Findings that the syntax of a Python function shows, without a model.

Only what is hardly ever meant: a rule belongs here if it is silent on working code. What linters
call style, such as an unused name, is left to them.
"""

import ast
import itertools
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from qwen_lsp.context.function import without_indent
from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.review.finding import CATEGORIES, Finding
from qwen_lsp.features.review.lines import quotable_lines
from qwen_lsp.features.review.sentences import sentence

_LEAVES = (ast.Return, ast.Raise, ast.Break, ast.Continue)


class Shown(NamedTuple):
    """What a rule found: the code, the name of its sentence, and the code that shows it."""

    code: str
    rule: str
    node: ast.AST


def find_by_syntax(target: Target, language: str) -> list[Finding]:
    """Return what the syntax of a function shows, in the order of its lines."""
    function = _parsed(target)
    if function is None:
        return []
    lines = target.document.lines
    first = lines.line_of(target.function.definition_span.start)
    quotable = {lines.line_of(span.start): span for span in quotable_lines(target)}
    findings: list[Finding] = []
    for shown in _shown(function):
        span = quotable.get(first + getattr(shown.node, "lineno", 0) - 1)
        if span is None:
            continue
        message = sentence(language, shown.rule, code=ast.unparse(shown.node).partition("\n")[0])
        name, quote = target.function.qualified_name, target.document.slice(span)
        findings.append(Finding(shown.code, CATEGORIES[shown.code][0], message, span, quote, name))
    return sorted(findings, key=lambda finding: finding.span)


def _parsed(target: Target) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    if target.language.id != "python":
        return None
    code = target.document.slice(target.function.definition_span)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            found = ast.parse(without_indent(code, target.function.indent)).body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
        return None
    return found if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef) else None


def _shown(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Shown]:
    for node in ast.walk(function):
        match node:
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                yield from _comparison(node, left, operator, right)
            case ast.Expr(value=ast.Compare()):
                yield Shown("no-effect", "compared for nothing", node.value)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id=same)) if name == same:
                yield Shown("no-effect", "assigned to itself", node)
            case ast.If():
                yield from _repeated_conditions(node)
            case ast.For(target=ast.Name(id=name)):
                yield from _index_too_large(node, name)
            case _:
                pass
        for block in ("body", "orelse", "finalbody"):
            yield from _unreachable(getattr(node, block, None))
    yield from _endless_recursion(function)


def _comparison(
    node: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr
) -> Iterator[Shown]:
    is_name = isinstance(left, ast.Name | ast.Attribute | ast.Subscript)
    # `x != x` asks whether x is not a number.
    if is_name and not isinstance(operator, ast.NotEq) and ast.dump(left) == ast.dump(right):
        yield Shown("wrong-condition", "compared with itself", node)
    is_identity = isinstance(operator, ast.Is | ast.IsNot)
    if is_identity and (_is_text_or_number(left) or _is_text_or_number(right)):
        yield Shown("wrong-condition", "identity of a literal", node)


def _is_text_or_number(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str | int | float | bytes) and not isinstance(value, bool)


def _repeated_conditions(node: ast.If) -> Iterator[Shown]:
    """Yield the first condition of an `elif` that a branch above it has asked already."""
    wanted = ast.dump(node.test)
    if any(isinstance(part, ast.Call | ast.NamedExpr | ast.Await) for part in ast.walk(node.test)):
        return  # its value may have changed
    below = node.orelse
    while len(below) == 1 and isinstance(below[0], ast.If):
        if ast.dump(below[0].test) == wanted:
            yield Shown("wrong-condition", "asked twice", below[0].test)
            return
        below = below[0].orelse


def _index_too_large(node: ast.For, name: str) -> Iterator[Shown]:
    """Yield `for i in range(len(x) + 1)` where the loop reads `x[i]` whatever i is."""
    match node.iter:
        case ast.Call(
            func=ast.Name(id="range"),
            args=[
                *_,
                ast.BinOp(
                    left=ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=items)]),
                    op=ast.Add(),
                    right=ast.Constant(value=1),
                ),
            ],
        ) if len(node.iter.args) < 3:
            pass
        case _:
            return
    for statement in node.body:
        if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign | ast.Return):
            for part in ast.walk(statement):
                match part:
                    case ast.Subscript(value=ast.Name(id=read), slice=ast.Name(id=index)) if (
                        read == items and index == name
                    ):
                        yield Shown("off-by-one", "index too large", node.iter)
                        return
                    case _:
                        pass


def _unreachable(block: Any) -> Iterator[Shown]:
    if not isinstance(block, list):
        return
    statements = cast("list[ast.stmt]", block)
    for statement, below in itertools.pairwise(statements):
        if isinstance(statement, _LEAVES):
            # A `yield` behind the end makes a generator of the function.
            is_meant = any(isinstance(part, ast.Yield) for part in ast.walk(below))
            if not is_meant and not isinstance(below, ast.Break | ast.Continue | ast.Pass):
                yield Shown("no-effect", "never reached", below)
            return


def _endless_recursion(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Shown]:
    """Yield a call of the function with its own arguments as they came, never changed."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args)]
    changed = {
        part.id
        for part in ast.walk(function)
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)
    }
    if not names or given.vararg or given.kwonlyargs or given.kwarg or changed & set(names):
        return
    for statement in function.body:
        for part in ast.walk(statement):
            match part:
                case ast.Call(func=ast.Name(id=called), args=passed, keywords=[]) if (
                    called == function.name
                    and [one.id for one in passed if isinstance(one, ast.Name)] == names
                    and len(passed) == len(names)
                ):
                    yield Shown("crash", "endless recursion", part)
                    return
                case _:
                    pass
