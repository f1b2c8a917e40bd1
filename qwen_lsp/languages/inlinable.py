"""Whether the body of a function would do the same in the place of a call."""

from tree_sitter import Node

from qwen_lsp.languages.calls import Call
from qwen_lsp.languages.flow import CLASSES, find_exits
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Names, Scope, find_home
from qwen_lsp.languages.selections import function_around
from qwen_lsp.languages.variables import CannotMoveError

_LOOK_AROUND = frozenset({"arguments", "dir", "eval", "exec", "locals", "super", "vars"})


def refuse_body(call: Call, definition: Node, names: Names, site: Scope) -> None:
    """Raise CannotMoveError with a clause where a body cannot stand in the scope `site`."""
    if lies_in(call.node, definition):
        raise CannotMoveError("it is called by itself")
    is_decorated = definition.parent is not None and definition.parent.type == _DECORATED
    if is_decorated and not is_static(definition):
        raise CannotMoveError("its decorator may change it")
    has_star = any(child.type == "*" for child in definition.children)
    body = definition.child_by_field_name("body")
    if body is None or has_star or find_exits([body]).yields:
        raise CannotMoveError("it is a generator" if body is not None else "it has no body")
    around = function_around(call.node)
    if site.kind == "class" or (around is not None and around.type in CLASSES):
        raise CannotMoveError("the call stands in the body of a class")
    _refuse_nodes(call, definition, body)
    _refuse_names(call, body, names, names.scope_at(definition), site)


_DECORATED = "decorated_definition"


def _refuse_nodes(call: Call, definition: Node, body: Node) -> None:
    name = node_text(call.name)
    is_generic = definition.child_by_field_name("type_parameters") is not None
    for node in nodes_in(body):
        if node.type in {"global_statement", "nonlocal_statement"}:
            raise CannotMoveError("it sets variables of others")
        is_member = call.receiver and node.type in {"attribute", "property_identifier"}
        if is_member and node_text(node).rpartition(".")[2] == name:
            raise CannotMoveError("it calls itself")
        is_bound = node.type in {"super", "meta_property"}
        if is_bound or (node.type == "this" and call.receiver is None):
            raise CannotMoveError("it needs the object that it is called on")
        if is_generic and node.type == "type_identifier":
            raise CannotMoveError("it has type parameters")


def _refuse_names(call: Call, body: Node, names: Names, scope: Scope, site: Scope) -> None:
    for one in names.within(body.start_byte, body.end_byte):
        if one.text in _LOOK_AROUND and one.home is None:
            raise CannotMoveError(f"it uses {one.text}")
        if one.home is not None and one.home.lies_in(scope):
            if one.runs_later_than(one.home) and not _is_later(one.home, scope):
                raise CannotMoveError(f"a function in it uses {one.text}")
        elif one.text == node_text(call.name) and call.receiver is None:
            raise CannotMoveError("it calls itself")
        elif find_home(one.text, site) is not one.home:
            raise CannotMoveError(f"{one.text} means something else where it is called")


def _is_later(home: Scope, scope: Scope) -> bool:
    """Say whether a scope lies in a function inside of `scope`."""
    current: Scope | None = home
    while current is not None and current is not scope:
        if current.runs_later:
            return True
        current = current.parent
    return False


def is_static(definition: Node) -> bool:
    """Say whether a method of Python is a static one, without other decorators."""
    around = definition.parent
    if around is None or around.type != _DECORATED:
        return False
    decorators = [node_text(one) for one in around.children if one.type == "decorator"]
    return [one.strip("@ ") for one in decorators] == ["staticmethod"]


def lies_in(node: Node, other: Node) -> bool:
    """Say whether `node` begins inside of `other`."""
    return other.start_byte <= node.start_byte < other.end_byte


def nodes_in(root: Node) -> list[Node]:
    """Return a node and all below it."""
    found = [root]
    for node in found:
        found += node.named_children
    return found
