"""What a parameter may be: where it is given, how it is used, and what its like are elsewhere."""

import ast
from collections.abc import Iterator

from qwen_lsp.features.type_hints.code import (
    FunctionNode,
    PythonCode,
    annotation_text,
    is_method,
    parameters_of,
)
from qwen_lsp.features.type_hints.known import SPECIAL_PARAMETERS, TELLING_METHODS
from qwen_lsp.features.type_hints.patterns import HOLE, base, members, union
from qwen_lsp.features.type_hints.values import Values

AnyFunction = FunctionNode | ast.Lambda
_ORDERS = (ast.Eq, ast.NotEq, ast.Gt, ast.Lt, ast.GtE, ast.LtE)


def default_of(function: AnyFunction, name: str) -> ast.expr | None:
    """Return the default value of a parameter, None where it has none."""
    given = function.args
    placed = [*given.posonlyargs, *given.args]
    pairs = list(zip(reversed(placed), reversed(given.defaults), strict=False))
    pairs += [
        (parameter, value)
        for parameter, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if value is not None
    ]
    return next((value for parameter, value in pairs if parameter.arg == name), None)


def from_special_name(code: PythonCode, function: AnyFunction, name: str) -> str:
    """Return what the protocol of a special method says, such as `object` for `__eq__`."""
    if not isinstance(function, FunctionNode) or code.class_of(function) is None:
        return HOLE
    names = [one.arg for one in parameters_of(function)][1:]
    given = SPECIAL_PARAMETERS.get(function.name, ())
    return dict(zip(names, given, strict=False)).get(name, HOLE)


def from_default(values: Values, function: AnyFunction, name: str) -> str:
    """Return the type of the default value, `?` for None."""
    default = default_of(function, name)
    kind = values.of(default) if default is not None else HOLE
    return HOLE if kind == "None" else kind


def from_calls(code: PythonCode, values: Values, function: AnyFunction, name: str) -> str:
    """Return the type of what the calls in this file pass."""
    found: list[str] = []
    for call in code.calls_of(_called_by(code, function)):
        given = argument_of(code, values, call, function, name)
        if given is not None:
            found.append(values.of(given))
    placed = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if isinstance(function, FunctionNode) and placed[:1] == [name]:
        found += [values.as_callable(one) for one in _decorated_by(code, values, function)]
    return union(found) if found else HOLE


def _called_by(code: PythonCode, function: AnyFunction) -> str:
    """Return the name that calls of a function have: of `__init__` it is that of its class."""
    if isinstance(function, ast.Lambda):
        parent = code.parent(function)
        targets = parent.targets if isinstance(parent, ast.Assign) else []
        return next((one.id for one in targets if isinstance(one, ast.Name)), "")
    owner = code.class_of(function)
    return owner.name if function.name == "__init__" and owner is not None else function.name


def _decorated_by(
    code: PythonCode, values: Values, function: FunctionNode
) -> Iterator[FunctionNode]:
    for one in code.functions:
        for decorator in one.decorator_list:
            name = decorator.id if isinstance(decorator, ast.Name) else ""
            if name and values.function_named(name, one) is function:
                yield one


def argument_of(
    code: PythonCode, values: Values, call: ast.Call, function: AnyFunction, name: str
) -> ast.expr | None:
    """Return what a call passes for a parameter, None where it is no call of the function."""
    is_made = isinstance(function, FunctionNode) and function.name == "__init__"
    is_plain = is_made or isinstance(function, ast.Lambda)
    if is_plain and getattr(call.func, "id", "") != _called_by(code, function):
        return None
    if not is_plain and values.function_called(call) is not function:
        return None
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    placed = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    is_bound = is_method(code, function)
    if name not in placed:
        return None
    place = placed.index(name) - is_bound
    before = call.args[: place + 1]
    if place < 0 or len(before) <= place or any(isinstance(one, ast.Starred) for one in before):
        return None
    return call.args[place]


def from_same_name(code: PythonCode, function: AnyFunction, name: str) -> str:
    """Return the annotation that all other parameters of this name in the file have.

    Those of methods of the same name count more: an override takes what the overridden one takes.
    """
    found: dict[str, int] = {}
    alike: dict[str, int] = {}
    own = getattr(function, "name", "")
    for other in code.functions:
        for parameter in parameters_of(other):
            if other is function or parameter.arg != name or parameter.annotation is None:
                continue
            kind = annotation_text(parameter.annotation)
            found[kind] = found.get(kind, 0) + 1
            if other.name == own:
                alike[kind] = alike.get(kind, 0) + 1
    agreed = alike if len(alike) == 1 else found
    return next(iter(agreed)) if len(agreed) == 1 else HOLE


def from_starred(code: PythonCode, function: AnyFunction, name: str) -> str:
    """Return the annotation that all other `*name` or `**name` of the file have."""
    found = {
        annotation_text(one.annotation)
        for other in code.functions
        if other is not function
        for one in (other.args.vararg, other.args.kwarg)
        if one is not None and one.arg == name and one.annotation is not None
    }
    return found.pop() if len(found) == 1 else HOLE


def from_passing_on(code: PythonCode, values: Values, function: AnyFunction, name: str) -> str:
    """Return what the functions of this file take to which the parameter is passed on."""
    found: list[str] = []
    for node in code.own_nodes(function):
        if not isinstance(node, ast.Call):
            continue
        called = values.function_called(node)
        if called is None and isinstance(node.func, ast.Name) and node.func.id in code.classes:
            called = code.method(code.classes[node.func.id], "__init__")
        if called is None or called is function:
            continue
        for parameter in parameters_of(called):
            given = argument_of(code, values, node, called, parameter.arg)
            if isinstance(given, ast.Name) and given.id == name and parameter.annotation:
                found.append(annotation_text(parameter.annotation))
    return found[0] if len(set(found)) == 1 else HOLE


def from_storing(code: PythonCode, function: AnyFunction, name: str) -> str:
    """Return the annotation of the attribute that the parameter is stored in."""
    owner = code.class_around(function)
    for node in code.own_nodes(function):
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        value = getattr(node, "value", None)
        if not (isinstance(value, ast.Name) and value.id == name):
            continue
        if isinstance(node, ast.AnnAssign):
            return annotation_text(node.annotation)
        for target in targets:
            if isinstance(target, ast.Attribute) and owner is not None:
                given = _declared(code, owner, target.attr)
                if given:
                    return given
    return HOLE


def _declared(code: PythonCode, owner: ast.ClassDef, name: str) -> str:
    for one in code.family(owner):
        for node in one.body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
                return annotation_text(node.annotation)
    return ""


def from_checks(code: PythonCode, function: AnyFunction, name: str) -> str:
    """Return the classes that `isinstance` looks for."""
    found: list[str] = []
    for node in code.own_nodes(function):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) != "isinstance":
            continue
        if len(node.args) == len(("value", "class")) and ast.unparse(node.args[0]) == name:
            kinds = node.args[1]
            found += [ast.unparse(one) for one in getattr(kinds, "elts", [kinds])]
    return union(found) if found else HOLE


def from_use(code: PythonCode, values: Values, function: AnyFunction, name: str) -> str:
    """Return the type whose methods are called, or what the parameter is compared with."""
    found = list(_uses(code, values, function, name))
    return union(found) if found and len(set(found)) == 1 else HOLE


def _uses(code: PythonCode, values: Values, function: AnyFunction, name: str) -> Iterator[str]:
    for node in code.own_nodes(function):
        match node:
            case ast.Call():
                yield from _use_in_call(node, name)
            case ast.Compare(left=left, ops=[operator], comparators=[other]):
                if _is(left, name) and isinstance(operator, _ORDERS):
                    yield from _plain(values.of(other))
                is_listed = isinstance(other, ast.List | ast.Tuple | ast.Set)
                if _is(left, name) and isinstance(operator, ast.In | ast.NotIn) and is_listed:
                    yield from _plain(values.element_of(other))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                if _is(left, name):
                    yield from _plain(values.of(right))
                elif _is(right, name):
                    yield from _plain(values.of(left))
            case _:
                pass


def _use_in_call(node: ast.Call, name: str) -> Iterator[str]:
    match node.func:
        case ast.Attribute(value=value, attr=method) if _is(value, name):
            if method in TELLING_METHODS:
                yield TELLING_METHODS[method]
        case ast.Name(id="range"):
            if any(_is(one, name) for one in node.args):
                yield "int"
        case ast.Name(id=called) if called == name:
            yield "Callable[..., Any]"
        case _:
            pass


def _is(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _plain(kind: str) -> Iterator[str]:
    if all(base(one) in ("str", "bytes", "int", "float") for one in members(kind)):
        yield kind
