"""What binds a name in JavaScript and TypeScript, for `scopes`. Types are left out."""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Access, Scope, Step

_NAMES = frozenset(
    {
        "identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    }
)
_PATTERNS = frozenset(
    {"array_pattern", "object_pattern", "parenthesized_expression", "rest_pattern"}
)
_TYPES = frozenset(
    {
        "asserts_annotation",
        "implements_clause",
        "interface_declaration",
        "type_alias_declaration",
        "type_annotation",
        "type_arguments",
        "type_parameters",
        "type_predicate_annotation",
    }
)


def ecmascript_rules(node: Node, scope: Scope, access: Access, how: str) -> list[Step] | None:
    """Return what to look at inside of a node, and None for a name."""
    if node.type in _NAMES or (how and node.type == "type_identifier"):
        return None
    if node.type in _TYPES:
        return []
    special = _SPECIAL.get(node.type)
    if special is not None:
        return list(special(node, scope))
    if node.type in _PATTERNS:
        return [(child, scope, access, how) for child in node.named_children]
    if node.type in {"assignment_pattern", "object_assignment_pattern"}:
        return _field(node, "left", scope, access, how) + _field(node, "right", scope)
    if node.type == "pair_pattern":
        return _field(node, "key", scope) + _field(node, "value", scope, access, how)
    return _read(node.named_children, scope)


def _read(nodes: list[Node], scope: Scope) -> list[Step]:
    return [(node, scope, "read", "") for node in nodes]


def _field(
    node: Node, name: str, scope: Scope, access: Access = "read", how: str = ""
) -> list[Step]:
    return [(child, scope, access, how) for child in node.children_by_field_name(name)]


def _declarator(node: Node, scope: Scope) -> Iterator[Step]:
    statement = node.parent
    how = "var" if statement is not None and statement.type == "variable_declaration" else "let"
    if statement is not None and any(child.type == "const" for child in statement.children):
        how = "const"
    has_value = node.child_by_field_name("value") is not None
    yield from _field(node, "name", scope, "write" if has_value else "declare", how)
    yield from _field(node, "value", scope)


def _block(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _read(node.named_children, Scope("block", node, scope))


def _for_in(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("block", node, scope)
    kind = node.child_by_field_name("kind")
    yield from _field(node, "left", inner, "write", node_text(kind) if kind is not None else "")
    yield from _field(node, "right", scope) + _field(node, "body", inner)


def _catch(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("block", node, scope)
    yield from _field(node, "parameter", inner, "write", "parameter")
    yield from _field(node, "body", inner)


def _declared_function(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "name", scope, "write", "function")
    yield from _parameters_and_body(node, Scope("function", node, scope, runs_later=True))


def _function(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("function", node, scope, runs_later=True)
    name = node.child_by_field_name("name")
    if name is not None and name.type == "computed_property_name":
        yield (name, scope, "read", "")
    elif name is not None and name.type == "identifier":
        yield (name, inner, "write", "function")
    yield from _parameters_and_body(node, inner)


def _parameters_and_body(node: Node, inner: Scope) -> Iterator[Step]:
    yield from _field(node, "parameter", inner, "write", "parameter")
    parameters = node.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters is not None else []:
        if parameter.type in {"required_parameter", "optional_parameter"}:
            yield from _field(parameter, "pattern", inner, "write", "parameter")
            yield from _field(parameter, "value", inner)
        else:
            yield (parameter, inner, "write", "parameter")
    yield from _field(node, "body", inner)


def _assignment(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "left", scope, "write") + _field(node, "right", scope)


def _augmented(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "left", scope, "both") + _field(node, "right", scope)


def _update(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "argument", scope, "both")


def _class(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("block", node, scope)
    name = node.child_by_field_name("name")
    if name is not None:
        yield (name, scope if node.type != "class" else inner, "write", "class")
    yield from _read([child for child in node.named_children if child != name], inner)


def _field_definition(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("function", node, scope, runs_later=True)  # It runs when an object is made.
    for child in node.named_children:
        yield (child, inner, "read", "")


def _named(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "name", scope, "write", "class")
    yield from _field(node, "body", scope)


def _import_clause(node: Node, scope: Scope) -> Iterator[Step]:
    for child in node.named_children:
        if child.type == "identifier":
            yield (child, scope, "write", "import")
        elif child.type == "named_imports":
            for one in child.named_children:
                field = "alias" if one.child_by_field_name("alias") is not None else "name"
                yield from _field(one, field, scope, "write", "import")
        else:
            for one in child.named_children:
                yield (one, scope, "write", "import")


def _export_specifier(node: Node, scope: Scope) -> Iterator[Step]:
    statement = node.parent.parent if node.parent is not None else None
    if statement is not None and statement.child_by_field_name("source") is None:
        yield from _field(node, "name", scope)


def _jsx(node: Node, scope: Scope) -> Iterator[Step]:
    name = node.child_by_field_name("name")
    is_tag = name is not None and name.type == "identifier" and node_text(name)[:1].islower()
    yield from _read([child for child in node.named_children if not is_tag or child != name], scope)


def _value_alone(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _read(node.named_children[:1], scope)


def _value_last(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _read(node.named_children[-1:], scope)


_SPECIAL: dict[str, Callable[[Node, Scope], Iterator[Step]]] = {
    "abstract_class_declaration": _class,
    "arrow_function": _function,
    "as_expression": _value_alone,
    "assignment_expression": _assignment,
    "augmented_assignment_expression": _augmented,
    "catch_clause": _catch,
    "class": _class,
    "class_declaration": _class,
    "enum_declaration": _named,
    "export_specifier": _export_specifier,
    "field_definition": _field_definition,
    "for_in_statement": _for_in,
    "for_statement": _block,
    "function_declaration": _declared_function,
    "function_expression": _function,
    "function_signature": _declared_function,
    "generator_function": _function,
    "generator_function_declaration": _declared_function,
    "import_clause": _import_clause,
    "internal_module": _named,
    "jsx_closing_element": _jsx,
    "jsx_opening_element": _jsx,
    "jsx_self_closing_element": _jsx,
    "method_definition": _function,
    "module": _named,
    "public_field_definition": _field_definition,
    "satisfies_expression": _value_alone,
    "statement_block": _block,
    "switch_body": _block,
    "type_assertion": _value_last,
    "update_expression": _update,
    "variable_declarator": _declarator,
}
