"""The words about a symbol: its signature on one line, its documentation, its type, its bases."""

import re

from tree_sitter import Node

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.names import first_named, first_of_type, node_text, return_type_node

_LONGEST = 200
_SPACES = re.compile(r"\s+")
_AFTER_OPENING = re.compile(r"([(\[{]) ")
_BEFORE_CLOSING = re.compile(r",? ([)\]}])")
_MARKS = re.compile(r"^(?:/\*+!?|\*+/?|//[/!]?|#+|--+\[*)\s*|\s*\*+/$")
_TAG = re.compile(r"</?\w+>")
_STRING = re.compile(r"^[rRuUbB]*(\"\"\"|'''|\"|')")
_SEPARATOR = re.compile(rb"[{(;,]")
_CALLED = re.compile(r"[\w.:$]+")
_BODIES = frozenset({"block", "statement_block", "field_declaration_list", "declaration_list"})
_BASES = frozenset(
    {
        "base_class_clause",
        "base_clause",
        "base_list",
        "class_heritage",
        "class_interface_clause",
        "extends_clause",
        "extends_interfaces",
        "extends_type_clause",
        "implements_clause",
        "super_interfaces",
        "superclass",
        "type_list",
    }
)
_NO_BASES = frozenset({"access_specifier", "keyword_argument", "type_arguments", "comment"})
_CALLS = {
    "call": "function",
    "call_expression": "function",
    "new_expression": "constructor",
    "object_creation_expression": "type",
    "composite_literal": "type",
    "struct_expression": "name",
}


def one_line(text: str) -> str:
    """Return code on one line, white space collapsed, cut to 200 code points."""
    if "\n" in text or "  " in text or "\t" in text:
        text = _SPACES.sub(" ", text)
        text = _BEFORE_CLOSING.sub(r"\1", _AFTER_OPENING.sub(r"\1", text))
    text = text.strip()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def signature_of(language: Language, node: Node, source: bytes) -> str:
    """Return the code of a declaration up to its body, without comments and decorators."""
    start, end = node.start_byte, node.end_byte
    body = _body(node)
    if body is not None:
        end = body.start_byte
    if node.type == "required_parameter" or node.end_point.row > node.start_point.row:
        first = next((c for c in node.children if c.type not in language.attributes), None)
        if first is not None and first.type == "modifiers" and first.named_child_count:
            last = first.named_children[-1]
            start = last.end_byte if last.type in language.attributes else first.start_byte
        elif first is not None:
            start = first.start_byte
    if body is not None and language.id == "python":
        returns = node.child_by_field_name("return_type") or node.child_by_field_name(
            "parameters" if node.type == "function_definition" else "superclasses"
        )
        returns = returns or node.child_by_field_name("name")
        end = returns.end_byte if returns is not None else end
    text = source[start : min(end, start + 4 * _LONGEST)]
    if b"\n" in text and language.line_comment.encode() in text:
        text = _without_comments(language, node, start, end, source)
    prefix = {
        "type_spec": "type ",
        "type_alias": "type ",
        "const_spec": "const ",
        "var_spec": "var ",
    }
    before = prefix.get(node.type, "") if language.id == "go" else ""
    words = before + text.decode(errors="replace").rstrip(" \t\r\n;:{,=")
    if body is None and language.block_style == "end":  # a body with nothing in it has no node
        words = words.removesuffix("end").rstrip()
    return words.removesuffix("=>").rstrip()


def doc_of(language: Language, node: Node, source: bytes) -> str:
    """Return the first line of the documentation of a declaration, empty where it has none."""
    if language.doc_style == "docstring":
        body = node.child_by_field_name("body")
        first = first_named(body) if body is not None else None
        text = first_named(first) if first is not None else None
        if text is None or text.type != "string":
            return ""
        quoted = source[text.start_byte : min(text.end_byte, text.start_byte + 800)].decode(
            errors="replace"
        )
        match = _STRING.match(quoted)
        mark = match[1] if match else ""
        lines = quoted[match.end() if match else 0 :].removesuffix(mark).strip().splitlines()
        return lines[0].strip()[:_LONGEST] if lines else ""
    return _comment_above(language, node, source)


def bases_of(node: Node) -> tuple[str, ...]:
    """Return what a class extends and implements, as written."""
    bases: list[str] = []
    superclasses = node.child_by_field_name("superclasses")
    waiting = [superclasses] if superclasses else [c for c in node.children if c.type in _BASES]
    while waiting:
        clause = waiting.pop(0)
        for child in clause.named_children:
            if child.type in _BASES:
                waiting.append(child)
            elif child.type not in _NO_BASES:
                bases.append(one_line(node_text(child)))
    if node.type == "type_spec":
        bases += _embedded(node)
    return tuple(bases)


def _embedded(node: Node) -> list[str]:
    """Return the embedded structs and interfaces of a type in Go."""
    kind = node.child_by_field_name("type")
    parts = kind.named_children if kind is not None else []
    parts = [part for outer in parts for part in (outer, *outer.named_children)]
    return [
        node_text(part).lstrip("*")
        for part in parts
        if part.type == "type_elem"
        or (part.type == "field_declaration" and part.child_by_field_name("name") is None)
    ]


def result_type(node: Node) -> str:
    """Return what a function gives, as written, empty where it does not say."""
    returns = return_type_node(node)
    return node_text(returns) if returns is not None else ""


def value_type(node: Node, value: Node | None, function: Node | None) -> str:
    """Return the type of a variable or field: declared, of the class called, or of a parameter."""
    declared = _declared_type(node)
    if declared:
        return declared
    if value is None:
        return ""
    if value.type in {"expression_list", "unary_expression"} and value.named_child_count == 1:
        value = first_named(value) or value
    if value.type == "identifier" and function is not None:
        return _parameter_type(function, node_text(value))
    field = _CALLS.get(value.type)
    if field is None:
        return ""
    called = value.child_by_field_name(field) or value.child_by_field_name("receiver")
    if called is None:
        called = first_named(value)
    name = node_text(called) if called is not None else ""
    return name if _CALLED.fullmatch(name) else ""


def _declared_type(node: Node) -> str:
    found = node.child_by_field_name("type")
    if found is None and node.type == "field_declaration":  # C#: a declaration in the declaration
        inner = first_of_type(node, "variable_declaration")
        found = inner.child_by_field_name("type") if inner is not None else None
    if found is None:
        return ""
    text = node_text(found)
    return text.lstrip(": ") if found.type.endswith("_annotation") else text


def is_property(node: Node) -> str:
    """Return `getter` or `setter` where a method of Python is a property, empty where not."""
    parent = node.parent
    if parent is None or parent.type != "decorated_definition":
        return ""
    for child in parent.children:
        if child.type == "decorator":
            text = node_text(child).rstrip()
            if text.endswith("property"):
                return "getter"
            if text.endswith((".setter", ".deleter")):
                return "setter"
    return ""


def _body(node: Node) -> Node | None:
    body = node.child_by_field_name("body") or node.child_by_field_name("accessors")
    inner = node.child_by_field_name("type")
    if body is None and inner is not None and inner.type.endswith(("_type", "_specifier")):
        # The body of a typedef and of a Go type stands in its type.
        body = inner.child_by_field_name("body") or next(
            (child for child in inner.children if child.type in _BODIES or child.type == "{"), None
        )
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    if body is not None and body.type == "ordered_field_declaration_list":
        return None  # the unnamed fields of Rust say what it is
    if body is None and value is not None:
        return value.child_by_field_name("body")
    return body


def _without_comments(language: Language, node: Node, start: int, end: int, source: bytes) -> bytes:
    kept: list[bytes] = []
    place = start
    inner = [part for outer in node.children for part in (outer, *outer.children)]
    for child in inner:
        if child.type in language.comments and place <= child.start_byte < end:
            kept.append(source[place : child.start_byte])
            place = child.end_byte
    kept.append(source[place : max(end, place)])
    return b"".join(kept)[: 4 * _LONGEST]


def _comment_above(language: Language, node: Node, source: bytes) -> str:
    """Return the first line of the comment that ends on the line above a declaration.

    The lines are read backwards, since asking a node for its neighbour costs a walk over all.
    """
    mark = language.line_comment.encode()
    line_start = source.rfind(b"\n", 0, node.start_byte) + 1
    if _SEPARATOR.search(source, line_start, node.start_byte):
        return ""  # the comment is about what stands before it on the line
    end = source.rfind(b"\n", 0, node.start_byte)
    first = b""
    while end > 0:
        start = source.rfind(b"\n", 0, end) + 1
        line = source[start:end].strip()
        if line.startswith((b"#[", b"@")) or (line.startswith(b"[") and line.endswith(b"]")):
            pass  # an attribute or annotation stands between
        elif line.endswith(b"*/"):
            opening = source.rfind(b"/*", 0, end)
            return _first_line(source[max(opening, 0) : min(end, opening + 800)])
        elif line.startswith(mark) and not line.startswith(b"#!"):
            first = line + b"\n" + first[:800]
        else:
            break
        end = start - 1
    return _first_line(first)


def _first_line(comment: bytes) -> str:
    for line in comment.decode(errors="replace").splitlines():
        text = _MARKS.sub("", _MARKS.sub("", line.strip()))
        text = _TAG.sub("", text).strip()
        if text:
            return "" if text.startswith("@") else text[:_LONGEST]
    return ""


def _parameter_type(function: Node, name: str) -> str:
    parameters = function.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters is not None else []:
        kind = parameter.child_by_field_name("type")
        own = parameter.child_by_field_name("name") or first_named(parameter)
        if kind is not None and own is not None and node_text(own) == name:
            return node_text(kind).lstrip(": ")
    return ""
