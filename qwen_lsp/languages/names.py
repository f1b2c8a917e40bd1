"""Reading names, parameters and return types off the nodes of all grammars.

Grammars agree on most field names; what differs is handled here in one place. Every walk is a
loop, because a hostile text can nest deeper than Python can recurse.
"""

import re

from tree_sitter import Node

_PATTERNS = frozenset(
    {"array_pattern", "object_pattern", "slice_pattern", "struct_pattern", "tuple_pattern"}
)
_LEAVES = frozenset({"self", "this"})
_UNNAMED_DECLARATORS = frozenset(
    {"attributed_declarator", "parenthesized_declarator", "reference_declarator"}
)
_RECEIVER_TYPE = re.compile(r"(\w+)\s*(?:\[[^()]*\])?\s*\)$")
_TYPE_ARGUMENTS = re.compile(r"<[^<>]*>")


def name_parts(node: Node, bindings: list[Node], is_container: bool) -> tuple[str, ...]:
    """Return the name of a definition with the scopes it spells out, empty where it has none.

    `bindings` are the nodes around it that can name it, innermost first.
    """
    found = _own_name(node, is_container)
    for binding in bindings:
        found = found or _bound_name(binding)
    if found is None:
        return ()
    parts = _split_name(found)
    receiver = node.child_by_field_name("receiver")
    match = _RECEIVER_TYPE.search(node_text(receiver)) if receiver else None
    return (match[1], *parts) if match else parts


def parameters_node(node: Node) -> Node | None:
    """Return the parameter list of a function, or its only parameter where that stands bare."""
    found = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    if found is None:
        for declarator in _declarators(node):
            found = declarator.child_by_field_name("parameters") or found
    return found


def parameter_names(parameters: Node, comments: frozenset[str]) -> tuple[str, ...]:
    """Return the names of the parameters without stars, types and defaults."""
    if not parameters.child_count:
        return (node_text(parameters),)
    names: list[str] = []
    for index, child in enumerate(parameters.children):
        field = parameters.field_name_for_child(index)
        if field == "name":
            names.append(node_text(child))
        elif field != "type" and child.is_named and child.type not in comments:
            names += _names_in(child)
    return tuple(names)


def return_type_node(node: Node) -> Node | None:
    """Return the node of the return type without its colon or arrow."""
    for declarator in _declarators(node):
        for child in declarator.named_children:
            if child.type == "trailing_return_type":
                return child.named_child(0)
    for field in ("return_type", "result", "returns", "type"):
        found = node.child_by_field_name(field)
        if found is not None:
            return found.named_child(0) if found.type.endswith("_annotation") else found
    return None


def first_named(node: Node) -> Node | None:
    """Return the first named child, None where there is none; `named_child` raises there."""
    return node.named_child(0) if node.named_child_count else None


def first_of_type(node: Node, kind: str) -> Node | None:
    """Return the first child of a type, None where there is none."""
    return next((child for child in node.children if child.type == kind), None)


def node_text(node: Node) -> str:
    """Return the text of a node."""
    return (node.text or b"").decode(errors="replace")


def _own_name(node: Node, is_container: bool) -> Node | None:
    for field in ("name", "type") if is_container else ("name", "operator"):
        found = node.child_by_field_name(field)
        if found is not None:
            return found
    declarators = _declarators(node)
    return declarators[-1] if declarators else None


def _bound_name(binding: Node) -> Node | None:
    for field in ("name", "key", "property", "left"):
        found = binding.child_by_field_name(field)
        if found is not None:
            return found
    return binding.named_child(0) if binding.type == "assignment_statement" else None


def _split_name(node: Node) -> tuple[str, ...]:
    scopes: list[str] = []
    current = node
    while current.type == "qualified_identifier":
        scope = current.child_by_field_name("scope")
        if scope is not None:
            scopes.append(_TYPE_ARGUMENTS.sub("", node_text(scope)))
        inner = current.child_by_field_name("name")
        if inner is None:
            break
        current = inner
    text = node_text(current).strip("\"'")
    if current.type == "operator_cast":
        return (*scopes, text.partition("(")[0].strip())
    if current.type == "generic_type":
        text = text.partition("<")[0]
    if current.child_count and re.fullmatch(r"[\w$.:#]+", text):
        return (*scopes, *(part for part in re.split(r"[.:]+", text) if part))
    return (*scopes, text) if text else tuple(scopes)


def _declarators(node: Node) -> list[Node]:
    """Return the nested declarators of C and C++, outermost first; the last one is the name."""
    found: list[Node] = []
    current = node.child_by_field_name("declarator")
    while current is not None:
        found.append(current)
        if current.type == "operator_cast":
            break
        inner = current.child_by_field_name("declarator")
        if inner is None and current.type in _UNNAMED_DECLARATORS and current.named_child_count:
            inner = current.named_child(current.named_child_count - 1)
        current = inner
    return found


def _names_in(parameter: Node) -> list[str]:
    waiting = [parameter]
    while waiting:
        node = waiting.pop()
        names = node.children_by_field_name("name")
        if names:
            return [node_text(name) for name in names]
        inner = (
            node.child_by_field_name("pattern")
            or node.child_by_field_name("declarator")
            or node.child_by_field_name("left")
        )
        if inner is not None:
            waiting.append(inner)
        elif node.type in _PATTERNS or _is_name(node):
            return [node_text(node)]
        elif node.child_by_field_name("type") is None or node.type == "typed_parameter":
            waiting += node.named_children if node.type != "typed_parameter" else node.children[:1]
    return []


def _is_name(node: Node) -> bool:
    leaf = node.type in _LEAVES or node.type.endswith("identifier")
    return leaf and node.type != "type_identifier"
