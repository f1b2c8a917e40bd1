"""The names of a function and what they are, as far as the code says it."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from qwen_lsp.languages.names import node_text

_NAME_FIELDS = ("name", "pattern", "left", "declarator")
_VALUE_FIELDS = ("value", "right")
_NAME = re.compile(r"\$?\w+")
# What stands between a type and its name in some grammars: `: T`, `&mut T`, `*T`.
_TYPE_MARKS = re.compile(r"\A[:&*\s]+(?:mut\s+)?")
_LONGEST_VALUE = 200
_MOST_NODES = 5000


def bindings_before(root: Node, function_types: frozenset[str], byte: int) -> dict[str, str]:
    """Return what the parameters and variables around `byte` are.

    The values are the types as written, or the expressions that the names were last given. Nested
    functions see the names of the outer ones.
    """
    found: dict[str, str] = {}
    around = [node for node in _path(root, byte) if node.type in function_types]
    for function in around:
        for node in _nodes(function, function_types, byte):
            name, value = _binding(node)
            if name and value:
                found[name] = value
    return found


def _path(root: Node, byte: int) -> Iterator[Node]:
    node: Node | None = root
    while node is not None:
        yield node
        node = next(
            (child for child in node.children if child.start_byte <= byte <= child.end_byte), None
        )


def _nodes(function: Node, function_types: frozenset[str], byte: int) -> Iterator[Node]:
    """Yield the nodes of a function before `byte`, without the insides of other functions."""
    waiting = list(reversed(function.named_children))
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if node.start_byte > byte:
            continue
        yield node
        if node.type not in function_types:
            waiting += reversed(node.named_children)


def _binding(node: Node) -> tuple[str, str]:
    if node.type == "as_pattern":  # Python: `with open_it() as file`
        value, target = node.named_child(0), node.named_child(node.named_child_count - 1)
        return _texts(target, value)
    given = node.child_by_field_name("type")
    name = next(
        (found for field in _NAME_FIELDS if (found := node.child_by_field_name(field))), None
    )
    if name is None and node.type == "typed_parameter":
        name = node.named_child(0)
    if given is not None:
        name_text, type_text = _texts(name, given)
        return name_text, _TYPE_MARKS.sub("", type_text)
    value = next(
        (found for field in _VALUE_FIELDS if (found := node.child_by_field_name(field))), None
    )
    return _texts(name, value)


def _texts(name: Node | None, value: Node | None) -> tuple[str, str]:
    if name is None or value is None or value.end_byte - value.start_byte > _LONGEST_VALUE:
        return "", ""
    match = _NAME.fullmatch(node_text(name))
    return (match[0], " ".join(node_text(value).split())) if match else ("", "")
