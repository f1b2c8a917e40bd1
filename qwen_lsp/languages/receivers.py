"""Whether code belongs to an object: `self` and `cls` in Python, `this` in JavaScript."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.flow import CLASSES, FUNCTIONS
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Names
from qwen_lsp.languages.selections import Selected, function_around
from qwen_lsp.languages.variables import CannotMoveError

# Python gives these the class, without a decorator.
_OF_THE_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_FIELDS = frozenset({"field_definition", "public_field_definition"})


@dataclass(frozen=True)
class Receiver:
    """What a method is called on, and the member of the class that it now stands in.

    `prefix` is what its definition begins with: a decorator, or `static`.
    """

    text: str
    member: Node
    prefix: str = ""


def python_receiver(names: Names, selected: Selected) -> Receiver | None:
    """Return the object that a selection needs, None where it needs none."""
    method = function_around(selected.nodes[0])
    while method is not None:
        around = function_around(method)
        if around is not None and around.type in CLASSES:
            break
        method = around
    if method is None or method.type != "function_definition":
        return None
    parameters = method.child_by_field_name("parameters")
    first = parameters.named_children[0] if parameters and parameters.named_child_count else None
    while first is not None and first.type == "typed_parameter":
        first = first.named_children[0]
    scope = names.scope_at(method)
    text = node_text(first) if first is not None and first.type == "identifier" else ""
    found = [
        name
        for name in names.within(selected.start, selected.end)
        if name.text in {"super", "__class__"} or (name.text == text and name.home is scope)
    ]
    if not found and not _private_names(selected):
        return None
    decorators = _decorators(method)
    if not text or "staticmethod" in decorators:
        raise CannotMoveError("it uses private names of a class without its object")
    if any(name.writes for name in names.all if name.text == text and name.home is scope) and any(
        name.writes for name in found
    ):
        raise CannotMoveError(f"it sets {text}")
    name = method.child_by_field_name("name")
    of_class = "classmethod" in decorators or (name and node_text(name) in _OF_THE_CLASS)
    return Receiver(text, method, "@classmethod" if of_class else "")


def _private_names(selected: Selected) -> bool:
    """Say whether there are names that Python changes inside of a class."""
    texts = (node_text(node) for node in _walk(selected.nodes) if node.type == "identifier")
    return any(text.startswith("__") and not text.endswith("__") for text in texts)


def _decorators(function: Node) -> set[str]:
    around = function.parent
    if around is None or around.type != "decorated_definition":
        return set()
    return {node_text(one).lstrip("@ ") for one in around.children if one.type == "decorator"}


def ecmascript_receiver(selected: Selected) -> Receiver | None:
    """Return the class that a selection needs `this` of, None where it needs none."""
    found = [node for node in _walk(selected.nodes, own_this=True) if _needs_object(node)]
    if any(node.type == "meta_property" or node_text(node) == "arguments" for node in found):
        raise CannotMoveError("it uses what only its own function has")
    if not found:
        return None
    for node in found:
        if (
            node.type == "super"
            and node.parent is not None
            and node.parent.type == "call_expression"
        ):
            raise CannotMoveError("it calls the constructor of the class above")
    member = selected.nodes[0].parent
    while member is not None and member.type not in (FUNCTIONS - {"arrow_function"}) | _FIELDS:
        member = member.parent
    body = member.parent if member is not None else None
    if member is None or body is None or body.type != "class_body":
        raise CannotMoveError("its `this` is not the object of a class")
    is_static = any(child.type == "static" for child in member.children)
    return Receiver("this", member, "static" if is_static else "")


def _needs_object(node: Node) -> bool:
    return node.type in {"this", "super", "private_property_identifier", "meta_property"} or (
        node.type == "identifier" and node_text(node) == "arguments"
    )


def _walk(nodes: list[Node], *, own_this: bool = False) -> Iterator[Node]:
    """Yield all nodes inside; with `own_this`, not those in functions with one of their own."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        if own_this and node.type in (FUNCTIONS | CLASSES) - {"arrow_function"}:
            continue
        waiting += node.children
