"""The names that a declaration of variables, fields or constants gives, in all grammars."""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from qwen_lsp.languages.names import first_named, first_of_type, node_text

_LISTS = frozenset(
    {"pattern_list", "tuple_pattern", "variable_declaration", "assignment_statement"}
)
_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_definition",
        "generator_function",
        "func_literal",
        "function_declarator",
    }
)
_EXPORTS = frozenset({"exports", "module.exports"})


def value_names(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """Yield the name of each value that `node` declares, with the node of its content."""
    special = _SPECIAL.get(node.type)
    found = list(special(node)) if special is not None else []
    yield from found or _by_fields(node)


def _by_fields(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """Read the fields that most grammars agree on."""
    for declarator in node.children_by_field_name("declarator"):
        yield _declared(declarator)
    content = node.child_by_field_name("value") or node.child_by_field_name("right")
    for name in node.children_by_field_name("name") or node.children_by_field_name("property"):
        if name.type not in {"object_pattern", "array_pattern"}:
            yield name, content
    left = node.child_by_field_name("left")
    if left is not None:
        yield from ((name, content) for name in _left(left))


def _lua(node: Node) -> Iterator[tuple[Node, Node | None]]:
    inner = first_named(node) if node.type == "variable_declaration" else node
    if inner is not None and inner.named_child_count == 2:
        names, contents = inner.named_children
        for name in names.named_children:
            yield name, first_named(contents)


def _csharp(node: Node) -> Iterator[tuple[Node, Node | None]]:
    inner = first_of_type(node, "variable_declaration")
    for declarator in inner.named_children if inner is not None else []:
        name = declarator.child_by_field_name("name")
        if name is not None:
            last = declarator.named_child(declarator.named_child_count - 1)
            yield name, last if last != name else None


def _php(node: Node) -> Iterator[tuple[Node, Node | None]]:
    for element in node.named_children:
        name = element.child_by_field_name("name")
        if element.type == "property_element" and name is not None:
            yield name, element.child_by_field_name("default_value")


def _php_constant(node: Node) -> Iterator[tuple[Node, Node | None]]:
    name, *content = node.named_children
    yield name, content[0] if content else None


def _itself(node: Node) -> Iterator[tuple[Node, Node | None]]:
    yield node, None


def is_function(name: Node, content: Node | None) -> bool:
    """Say whether the declared value is a function."""
    if content is not None:
        return content.type in _FUNCTIONS
    parent = name.parent
    return parent is not None and parent.type == "function_declarator"


def _left(left: Node) -> Iterator[Node]:
    if left.type in {"identifier", "constant"}:
        yield left
    elif left.type == "type":  # `type X = ...` in Python
        inner = first_named(left)
        if inner is not None and inner.type == "identifier":
            yield inner
    elif left.type in _LISTS:
        yield from (child for child in left.named_children if child.type == "identifier")
    elif left.type == "member_expression":
        owner, name = left.child_by_field_name("object"), left.child_by_field_name("property")
        if owner is not None and name is not None and node_text(owner) in _EXPORTS:
            yield name


def _declared(declarator: Node) -> tuple[Node, Node | None]:
    """Return the innermost name of a declarator of C, C++ or Java, and what it is set to."""
    content = declarator.child_by_field_name("value")
    while True:
        inner = declarator.child_by_field_name("declarator") or declarator.child_by_field_name(
            "name" if declarator.type == "variable_declarator" else "declarator"
        )
        if inner is None and declarator.type == "reference_declarator":
            inner = first_named(declarator)
        if inner is None:
            return declarator, content
        declarator = inner


_SPECIAL: dict[str, Callable[[Node], Iterator[tuple[Node, Node | None]]]] = {
    "assignment_statement": _lua,
    "const_element": _php_constant,
    "field_declaration": _csharp,
    "property_declaration": _php,
    "property_identifier": _itself,
    "simple_symbol": _itself,
    "variable_declaration": _lua,
}
