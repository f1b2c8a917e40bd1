"""Calls of functions of the same file: which function, and which argument is which parameter."""

from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.flow import CLASSES, FUNCTIONS
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Names
from qwen_lsp.languages.selections import function_around
from qwen_lsp.languages.variables import CannotMoveError

_CALLS = frozenset({"call", "call_expression"})
_MEMBERS = frozenset({"attribute", "member_expression"})
_RECEIVERS = frozenset({"self", "cls", "this"})
_SEPARATORS = frozenset({"keyword_separator", "positional_separator", "comment"})


@dataclass(frozen=True)
class Call:
    """A call, the name in it, and what stands before its dot, None where it has none."""

    node: Node
    name: Node
    receiver: Node | None


@dataclass(frozen=True)
class Parameter:
    """A parameter and what it gets: an argument, a default, or nothing (JavaScript)."""

    name: Node
    value: Node | None


def call_at(root: Node, start: int, end: int) -> Call | None:
    """Return the call whose name, or whose receiver, holds the bytes; they may be the same."""
    node = root.descendant_for_byte_range(start, end)
    for _ in range(2):
        if node is None or node.parent is None or node.type in _CALLS:
            break
        if node.parent.type not in _CALLS | _MEMBERS:
            return None
        node = node.parent
    if node is None or node.type not in _CALLS:
        return None
    callee = node.child_by_field_name("function")
    if callee is None or not callee.start_byte <= start <= end <= callee.end_byte:
        return None
    if callee.type == "identifier":
        return Call(node, callee, None)
    receiver = callee.child_by_field_name("object")
    name = callee.child_by_field_name("attribute") or callee.child_by_field_name("property")
    if name is None or receiver is None or node_text(receiver) not in _RECEIVERS:
        return None
    return Call(node, name, receiver)


def definition_of(call: Call, names: Names) -> Node:
    """Return the function that is called; raises CannotMoveError where that is not sure."""
    text = node_text(call.name)
    if call.receiver is not None:
        return _method(call, text)
    here = [name for name in names.all if name.node == call.name]
    home = here[0].home if here else None
    writes = [
        name
        for name in names.all
        if name.text == text and name.home is home and name.access != "read"
    ]
    if home is None or len(writes) != 1:
        raise CannotMoveError(f"{text} is not defined once in this file")
    found = _function_named_by(writes[0].node)
    if found is None:
        raise CannotMoveError(f"{text} is no plain function")
    return found


def _function_named_by(name: Node) -> Node | None:
    parent = name.parent
    if parent is not None and parent.type == "variable_declarator":
        value = parent.child_by_field_name("value")
        return value if value is not None and value.type in FUNCTIONS else None
    if parent is None or parent.type not in FUNCTIONS:
        return None
    return parent if parent.child_by_field_name("name") == name else None


def _method(call: Call, text: str) -> Node:
    around = function_around(call.node)
    while around is not None and around.type not in CLASSES:
        around = function_around(around)
    body = None if around is None else around.child_by_field_name("body")
    if body is None:
        raise CannotMoveError(f"{text} is called outside of a class")
    members = [child.child_by_field_name("definition") or child for child in body.named_children]
    named = [member for member in members if _is_named(member, text)]
    if len(named) != 1 or named[0].type not in FUNCTIONS:
        raise CannotMoveError(f"{text} is not defined once in this class")
    if any(child.type in {"get", "set"} for child in named[0].children):
        raise CannotMoveError(f"{text} is no plain method")
    return named[0]


def _is_named(member: Node, text: str) -> bool:
    name = member.child_by_field_name("name") or member.child_by_field_name("property")
    return name is not None and node_text(name) == text


def bound_parameters(definition: Node, call: Call, *, is_static: bool) -> list[Parameter]:
    """Return the parameters with what they get; raises CannotMoveError where they do not fit.

    In Python the receiver is the first one, unless the method is static.
    """
    is_python = call.node.type == "call"
    positional, by_name = _given(call.node)
    if call.receiver is not None and is_python and not is_static:
        positional.insert(0, call.receiver)
    bound: list[Parameter] = []
    for parameter, default in _declared(definition):
        value = positional.pop(0) if positional else by_name.pop(node_text(parameter), None)
        if default is not None and value is not None and not is_python:
            raise CannotMoveError(f"{node_text(parameter)} has a default for undefined")
        if value is None and default is None and is_python:
            raise CannotMoveError("the arguments do not fit the parameters")
        bound.append(Parameter(parameter, value or default))
    if positional or by_name:
        raise CannotMoveError("the arguments do not fit the parameters")
    return bound


def _given(call: Node) -> tuple[list[Node], dict[str, Node]]:
    """Return the arguments without a name, and those with one."""
    arguments = call.child_by_field_name("arguments")
    if arguments is not None and arguments.type == "generator_expression":
        return [arguments], {}
    if arguments is None or arguments.type not in {"argument_list", "arguments"}:
        raise CannotMoveError("the call has no plain arguments")
    positional: list[Node] = []
    by_name: dict[str, Node] = {}
    for argument in arguments.named_children:
        if argument.type in {"list_splat", "dictionary_splat", "spread_element"}:
            raise CannotMoveError("the call unpacks its arguments")
        name = argument.child_by_field_name("name")
        value = argument.child_by_field_name("value")
        if argument.type == "keyword_argument" and name is not None and value is not None:
            by_name[node_text(name)] = value
        elif argument.type != "comment":
            positional.append(argument)
    return positional, by_name


def _declared(definition: Node) -> list[tuple[Node, Node | None]]:
    """Return the names of the parameters with their defaults."""
    single = definition.child_by_field_name("parameter")
    if single is not None:
        return [(single, None)]
    parameters = definition.child_by_field_name("parameters")
    found: list[tuple[Node, Node | None]] = []
    for one in parameters.named_children if parameters is not None else []:
        if one.type in _SEPARATORS:
            continue
        name = one.child_by_field_name("name") or one.child_by_field_name("pattern")
        name = name or one.child_by_field_name("left")
        if one.type == "typed_parameter":
            name = one.named_children[0]
        name = name or one
        if name.type != "identifier":
            raise CannotMoveError("its parameters are no plain names")
        default = one.child_by_field_name("value") or one.child_by_field_name("right")
        found.append((name, default))
    return found
