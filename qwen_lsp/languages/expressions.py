"""How an expression can move: with or without brackets, at once or not at all."""

from tree_sitter import Node

from qwen_lsp.languages.flow import is_certain
from qwen_lsp.languages.inlinable import nodes_in

_LITERALS = frozenset(
    {"false", "float", "integer", "none", "null", "number", "string", "true", "undefined"}
)
_ATOMS = _LITERALS | {
    "array",
    "attribute",
    "call",
    "call_expression",
    "dictionary",
    "dictionary_comprehension",
    "identifier",
    "list",
    "list_comprehension",
    "member_expression",
    "parenthesized_expression",
    "set",
    "set_comprehension",
    "subscript",
    "subscript_expression",
    "template_string",
    "this",
    "tuple",
}
# Any expression can stand in these without brackets, but not a tuple without its own.
_ROOMY = frozenset(
    {
        "argument_list",
        "arguments",
        "array",
        "assignment",
        "assignment_expression",
        "elif_clause",
        "expression_statement",
        "if_statement",
        "interpolation",
        "keyword_argument",
        "list",
        "parenthesized_expression",
        "return_statement",
        "template_substitution",
        "variable_declarator",
        "while_statement",
    }
)
_BARE = frozenset({"expression_list", "sequence_expression", "yield", "named_expression"})
_BARE_FIT = frozenset({"assignment", "expression_statement", "return_statement"})
_DOES_SOMETHING = frozenset(
    {
        "attribute",
        "await",
        "await_expression",
        "call",
        "call_expression",
        "member_expression",
        "new_expression",
        "subscript",
        "subscript_expression",
    }
)


def is_literal(value: Node) -> bool:
    """Say whether an expression is a number, a text or a constant as it is written."""
    if value.type in {"unary_operator", "unary_expression"}:
        value = value.named_children[0]
    return value.type in _LITERALS


def fits(value: Node, parent: Node | None) -> bool:
    """Say whether an expression needs no brackets in a place."""
    if value.type in _ATOMS:
        return True
    kind = parent.type if parent is not None else ""
    return kind in (_BARE_FIT if value.type in _BARE else _ROOMY)


def is_first(use: Node, value: Node) -> bool:
    """Say whether `use` is evaluated in any case, and before all that could be noticed."""
    if not is_certain(use, value):
        return False
    return not any(
        node.type in _DOES_SOMETHING and node.end_byte <= use.start_byte for node in nodes_in(value)
    )


def is_idle(value: Node) -> bool:
    """Say whether nobody would miss it if an expression were not evaluated."""
    does_something = _DOES_SOMETHING - {"attribute", "member_expression"}
    return not any(node.type in does_something for node in nodes_in(value))
