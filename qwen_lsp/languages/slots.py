"""Where a function's missing type annotations go."""

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.byte_offsets import ByteOffsets
from qwen_lsp.languages.names import node_text
from qwen_lsp.text import Span

_RECEIVERS = frozenset({"self", "cls"})
_STARRED = frozenset({"list_splat_pattern", "dictionary_splat_pattern"})
_WITHOUT_RESULT = frozenset({"constructor"})


@dataclass(frozen=True)
class Slot:
    """A place for one annotation: `opening + type + closing` replaces `span`.

    `name` is the parameter's, and empty for the result.
    """

    name: str
    span: Span
    opening: str
    closing: str = ""


def find_slots(function: Node, offsets: ByteOffsets) -> Iterator[Slot]:
    """Yield the slots of a Python or TypeScript function in the order of the text."""
    parameters = function.child_by_field_name("parameters")
    if parameters is None:
        return
    for index, parameter in enumerate(parameters.named_children):
        name = node_text(parameter)
        if parameter.type == "identifier":
            if index or name not in _RECEIVERS:
                yield Slot(name, _at(parameter.end_byte, offsets), ": ")
        elif parameter.type in _STARRED:
            yield Slot(name.lstrip("*"), _at(parameter.end_byte, offsets), ": ")
        elif parameter.type == "default_parameter":
            yield from _default(parameter, offsets)
        elif parameter.type in ("required_parameter", "optional_parameter"):
            yield from _typescript(parameter, offsets)
    if function.child_by_field_name("return_type") is None:
        is_python = function.type == "function_definition"
        name = function.child_by_field_name("name")
        is_setter = any(child.type == "set" for child in function.children)
        if not is_setter and not (name and node_text(name) in _WITHOUT_RESULT):
            yield Slot("", _at(parameters.end_byte, offsets), " -> " if is_python else ": ")


def _at(place: int, offsets: ByteOffsets) -> Span:
    return offsets.span(place, place)


def _default(parameter: Node, offsets: ByteOffsets) -> Iterator[Slot]:
    name = parameter.child_by_field_name("name")
    value = parameter.child_by_field_name("value")
    if name is not None and value is not None:
        # PEP 8 writes spaces around the equal sign once there is an annotation.
        yield Slot(node_text(name), offsets.span(name.end_byte, value.start_byte), ": ", " = ")


def _typescript(parameter: Node, offsets: ByteOffsets) -> Iterator[Slot]:
    pattern = parameter.child_by_field_name("pattern")
    if pattern is None or parameter.child_by_field_name("type") or node_text(pattern) == "this":
        return
    marks = [child for child in parameter.children if child.type == "?"]
    end = marks[0].end_byte if marks else pattern.end_byte
    yield Slot(node_text(pattern).lstrip("."), _at(end, offsets), ": ")
