"""What binds a name in Python (the reference's "Naming and binding"), for `scopes`."""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Access, Scope, Step

# What is done to such a node is done to the names in it.
_TARGETS = frozenset(
    {
        "as_pattern_target",
        "dictionary_splat_pattern",
        "expression_list",
        "list",
        "list_pattern",
        "list_splat",
        "list_splat_pattern",
        "parenthesized_expression",
        "pattern_list",
        "tuple",
        "tuple_pattern",
    }
)
_PATTERNS = frozenset(
    {
        "as_pattern",
        "case_pattern",
        "dict_pattern",
        "list_pattern",
        "splat_pattern",
        "tuple_pattern",
        "union_pattern",
    }
)


def python_rules(node: Node, scope: Scope, access: Access, how: str) -> list[Step] | None:
    """Return what to look at inside of a node, and None for a name."""
    if node.type == "identifier":
        return None
    if how == "pattern":
        return list(_pattern(node, scope))
    special = _SPECIAL.get(node.type)
    if special is not None:
        return list(special(node, scope))
    if node.type in _TARGETS:
        return [(child, scope, access, how) for child in node.named_children]
    return _read(node.named_children, scope)


def _read(nodes: list[Node], scope: Scope) -> list[Step]:
    return [(node, scope, "read", "") for node in nodes]


def _written(node: Node, scope: Scope, access: Access = "write", how: str = "variable") -> Step:
    return (node, scope, access, how)


def _field(node: Node, name: str, scope: Scope) -> list[Step]:
    return _read(node.children_by_field_name(name), scope)


def _attribute(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "object", scope)


def _keyword_argument(node: Node, scope: Scope) -> Iterator[Step]:
    yield from _field(node, "value", scope)


def _assignment(node: Node, scope: Scope) -> Iterator[Step]:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is not None:
        yield _written(left, scope, "write" if right is not None else "declare")
    yield from _field(node, "type", scope) + _field(node, "right", scope)


def _augmented(node: Node, scope: Scope) -> Iterator[Step]:
    left = node.child_by_field_name("left")
    if left is not None:
        yield _written(left, scope, "both")
    yield from _field(node, "right", scope)


def _walrus(node: Node, scope: Scope) -> Iterator[Step]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield _written(name, scope.function)
    yield from _field(node, "value", scope)


def _for(node: Node, scope: Scope) -> Iterator[Step]:
    left = node.child_by_field_name("left")
    for child in node.named_children:
        yield _written(child, scope) if child == left else (child, scope, "read", "")


def _comprehension(node: Node, scope: Scope) -> Iterator[Step]:
    # A generator that is handed to a call at once is nearly always used up by it.
    around = node.parent
    lazy = node.type == "generator_expression" and (around is None or around.type != "call")
    inner = Scope("comprehension", node, scope, runs_later=lazy)
    outer = scope  # The first iterable is evaluated outside.
    for child in node.named_children:
        if child.type != "for_in_clause":
            yield (child, inner, "read", "")
            continue
        left = child.child_by_field_name("left")
        if left is not None:
            yield _written(left, inner)
        yield from _field(child, "right", outer)
        outer = inner


def _function(node: Node, scope: Scope) -> Iterator[Step]:
    inner = Scope("function", node, scope, runs_later=True)
    name = node.child_by_field_name("name")
    if name is not None:
        yield _written(name, scope, how="function")
    for child in node.children_by_field_name("type_parameters"):
        yield _written(child, inner, "declare", "type")
    parameters = node.child_by_field_name("parameters")
    for parameter in parameters.named_children if parameters is not None else []:
        yield from _parameter(parameter, scope, inner)
    yield from _field(node, "return_type", scope) + _field(node, "body", inner)


def _parameter(node: Node, scope: Scope, inner: Scope) -> Iterator[Step]:
    name = node.child_by_field_name("name")
    if node.type == "typed_parameter":
        name = node.named_child(0)
    if name is None:
        yield _written(node, inner, how="parameter")
        return
    yield _written(name, inner, how="parameter")
    yield from _field(node, "type", scope) + _field(node, "value", scope)


def _type_parameters(node: Node, scope: Scope) -> Iterator[Step]:
    """Yield the names that type parameters bind; their bounds are left out."""
    if node.parent is not None and node.parent.type == "generic_type":  # `list[int]`
        yield from _read(node.named_children, scope)
        return
    for child in node.named_children:
        first = child.named_child(0) if child.named_child_count else None
        while first is not None and first.type != "identifier":
            first = first.named_child(0) if first.named_child_count else None
        if first is not None and scope.kind == "function":
            yield _written(first, scope, "declare", "type")


def _class(node: Node, scope: Scope) -> Iterator[Step]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield _written(name, scope, how="class")
    yield from _field(node, "superclasses", scope)
    yield from _field(node, "body", Scope("class", node, scope))


def _import(node: Node, scope: Scope) -> Iterator[Step]:
    for name in node.children_by_field_name("name"):
        bound = name.child_by_field_name("alias") or name.named_children[0]
        yield _written(bound, scope, how="import")


def _elsewhere(node: Node, scope: Scope) -> Iterator[Step]:
    for name in node.named_children:
        scope.function.elsewhere[node_text(name)] = node.type.removesuffix("_statement")
        yield (name, scope, "declare", "")


def _delete(node: Node, scope: Scope) -> Iterator[Step]:
    for child in node.named_children:
        yield _written(child, scope, "delete")


def _as(node: Node, scope: Scope) -> Iterator[Step]:
    alias = node.child_by_field_name("alias")
    for child in node.named_children:
        yield _written(child, scope) if child == alias else (child, scope, "read", "")


def _case(node: Node, scope: Scope) -> Iterator[Step]:
    for child in node.named_children:
        is_pattern = child.type == "case_pattern"
        yield (child, scope, "read", "pattern" if is_pattern else "")


def _pattern(node: Node, scope: Scope) -> Iterator[Step]:
    """Yield what a pattern of `match` binds and compares with."""
    children = node.named_children
    if node.type == "dotted_name":
        is_capture = len(children) == 1
        yield _written(children[0], scope) if is_capture else (children[0], scope, "read", "")
    elif node.type == "class_pattern":
        # Its class is no pattern, though it looks like one.
        yield (children[0].named_children[0], scope, "read", "")
        yield from _patterns(children[1:], scope)
    elif node.type == "keyword_pattern":
        yield from _patterns(children[1:], scope)
    elif node.type in _PATTERNS:
        for child in children:
            if child.type == "identifier":
                yield _written(child, scope)
            else:
                yield (child, scope, "read", "pattern")
    else:
        yield from _read(children, scope)


def _patterns(nodes: list[Node], scope: Scope) -> list[Step]:
    return [(node, scope, "read", "pattern") for node in nodes]


_SPECIAL: dict[str, Callable[[Node, Scope], Iterator[Step]]] = {
    "assignment": _assignment,
    "as_pattern": _as,
    "attribute": _attribute,
    "augmented_assignment": _augmented,
    "case_clause": _case,
    "class_definition": _class,
    "delete_statement": _delete,
    "dictionary_comprehension": _comprehension,
    "for_statement": _for,
    "function_definition": _function,
    "generator_expression": _comprehension,
    "global_statement": _elsewhere,
    "import_from_statement": _import,
    "import_statement": _import,
    "keyword_argument": _keyword_argument,
    "lambda": _function,
    "list_comprehension": _comprehension,
    "named_expression": _walrus,
    "nonlocal_statement": _elsewhere,
    "set_comprehension": _comprehension,
    "type_parameter": _type_parameters,
}
