"""Types that are written beside a variable, to be copied and never to be guessed."""

import builtins
import re
from collections.abc import Iterator

from tree_sitter import Node

from qwen_lsp.languages.flow import CLASSES, FUNCTIONS
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Names
from qwen_lsp.languages.variables import Variable

_TYPED = frozenset(
    {
        "assignment",
        "optional_parameter",
        "required_parameter",
        "typed_default_parameter",
        "typed_parameter",
        "variable_declarator",
    }
)
_LITERALS = {
    "false": "boolean",
    "number": "number",
    "string": "string",
    "template_string": "string",
    "true": "boolean",
}


def declared_type(variable: Variable, names: Names, place: int) -> str:
    """Return the one type that a variable is declared with, empty where there is none.

    A type of Python is left out where its names would not be known at the byte `place`.
    """
    found = {text for name in variable.inside + variable.outside if (text := _literal(name.node))}
    for name in (*variable.inside, *variable.outside):
        holder = name.node.parent
        annotation = holder.child_by_field_name("type") if holder is not None else None
        if holder is None or annotation is None or holder.type not in _TYPED:
            continue
        if annotation.start_byte <= name.node.start_byte:
            continue
        if annotation.type == "type" and not _is_known(annotation, names, place):
            continue
        text = node_text(annotation).removeprefix(":").strip()
        if holder.type == "optional_parameter":
            text = f"({text}) | undefined" if "=>" in text else f"{text} | undefined"
        found.add(text)
    return found.pop() if len(found) == 1 else ""


def _literal(name: Node) -> str:
    """Return the type that TypeScript gives to a variable which is declared with a literal."""
    holder = name.parent
    if holder is None or holder.type != "variable_declarator":
        return ""
    value = holder.child_by_field_name("value")
    if value is None or holder.child_by_field_name("type") is not None or name == value:
        return ""
    return _LITERALS.get(value.type, "")


def _is_known(annotation: Node, names: Names, place: int) -> bool:
    for name in names.within(annotation.start_byte, annotation.end_byte):
        if name.home is None:
            known = hasattr(builtins, name.text)
        else:
            known = name.home is names.module and any(
                one.writes and one.text == name.text and one.home is names.module
                for one in names.within(0, place)
            )
        if not known:
            return False
    return True


def result_type(function: Node | None, is_python: bool) -> str:
    """Return the type of what a function returns, as it is written."""
    found = function.child_by_field_name("return_type") if function is not None else None
    if function is None or found is None or found.type not in {"type", "type_annotation"}:
        return ""
    is_async = any(child.type == "async" for child in function.children)
    if is_async and not is_python:
        return ""  # It is the type of a promise.
    return node_text(found).removeprefix(":").strip()


def type_parameters(nodes: list[Node], types: list[str], member: Node | None) -> str:
    """Return the type parameters of TypeScript that a function needs, as in `<T, U>`.

    A method of a class (`member`) knows those of its class.
    """
    used = {node_text(node) for node in _types(nodes)} | set(re.findall(r"\w+", " ".join(types)))
    found: list[str] = []
    around = nodes[0].parent
    while around is not None:
        is_known = member is not None and around.type in CLASSES
        if around.type in FUNCTIONS | CLASSES and not is_known:
            given = around.child_by_field_name("type_parameters")
            for one in given.named_children if given is not None else []:
                name = one.child_by_field_name("name")
                if name is not None and node_text(name) in used:
                    found.append(node_text(one))
        around = around.parent
    return f"<{', '.join(found)}>" if found else ""


def _types(nodes: list[Node]) -> Iterator[Node]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node.type == "type_identifier":
            yield node
        waiting += node.named_children
