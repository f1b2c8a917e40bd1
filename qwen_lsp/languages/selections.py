"""What a selection holds: whole statements, or one expression."""

from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.flow import CLASSES, FUNCTIONS

_SEQUENCES = frozenset({"block", "module", "program", "statement_block"})
# Names and plain literals are left out: there is nothing in them to give a name to.
_EXPRESSIONS = frozenset(
    {
        "array",
        "arrow_function",
        "as_expression",
        "attribute",
        "await",
        "await_expression",
        "binary_expression",
        "binary_operator",
        "boolean_operator",
        "call",
        "call_expression",
        "comparison_operator",
        "concatenated_string",
        "conditional_expression",
        "dictionary",
        "dictionary_comprehension",
        "function_expression",
        "generator_expression",
        "jsx_element",
        "jsx_self_closing_element",
        "lambda",
        "list",
        "list_comprehension",
        "member_expression",
        "new_expression",
        "not_operator",
        "object",
        "parenthesized_expression",
        "set",
        "set_comprehension",
        "string",
        "subscript",
        "subscript_expression",
        "template_string",
        "ternary_expression",
        "tuple",
        "unary_expression",
        "unary_operator",
    }
)
# Where such a node stands directly in one of these, it is no value of its own.
_NO_VALUE_IN = frozenset(
    {
        "aliased_import",
        "as_pattern_target",
        "case_pattern",
        "class_pattern",
        "concatenated_string",
        "decorator",
        "delete_statement",
        "dict_pattern",
        "export_statement",
        "extends_clause",
        "import_statement",
        "jsx_attribute",
        "jsx_opening_element",
        "keyword_pattern",
        "list_pattern",
        "pattern_list",
        "tuple_pattern",
        "type",
        "union_pattern",
        "update_expression",
    }
)
_HOLES = frozenset({"interpolation", "template_substitution"})
_HEADS = {
    "assignment": "left",
    "assignment_expression": "left",
    "augmented_assignment": "left",
    "augmented_assignment_expression": "left",
    "for_in_clause": "left",
    "for_in_statement": "left",
    "for_statement": "left",
    "new_expression": "constructor",
    "pair": "key",
}


@dataclass(frozen=True)
class Selected:
    """The nodes of a selection: statements with the comments between them, or one expression."""

    nodes: list[Node]
    is_expression: bool

    @property
    def start(self) -> int:
        """Return the first byte."""
        return self.nodes[0].start_byte

    @property
    def end(self) -> int:
        """Return the byte behind the last one."""
        return self.nodes[-1].end_byte

    @property
    def statements(self) -> list[Node]:
        """Return the nodes that are no comments."""
        return [node for node in self.nodes if "comment" not in node.type]

    @property
    def sequence(self) -> Node | None:
        """Return the block around."""
        return self.nodes[0].parent


def select(root: Node, start: int, end: int) -> Selected | None:
    """Return what the bytes from `start` to `end` hold, None where that is neither.

    They begin and end with code, not with white space.
    """
    innermost = root.descendant_for_byte_range(start, end)
    if start >= end or innermost is None:
        return None
    if innermost.type in _SEQUENCES:
        inside = [
            child
            for child in innermost.named_children
            if child.end_byte > start and child.start_byte < end
        ]
        whole = inside and inside[0].start_byte >= start and inside[-1].end_byte <= end
        return _statements(inside) if whole else None
    if (innermost.start_byte, innermost.end_byte) != (start, end):
        return None
    chain = [innermost]  # All nodes of this very place, the outermost last.
    while (parent := chain[-1].parent) is not None and parent.type not in _SEQUENCES:
        if not _same_place(innermost, parent):
            break
        chain.append(parent)
    if parent is not None and parent.type in _SEQUENCES:
        return _statements([chain[-1]])
    values = [node for node in reversed(chain) if not node.has_error and _is_value(node)]
    return Selected(values[:1], is_expression=True) if values else None


def _same_place(node: Node, parent: Node) -> bool:
    return (node.start_byte, node.end_byte) == (parent.start_byte, parent.end_byte)


def _statements(nodes: list[Node]) -> Selected | None:
    found = Selected(nodes, is_expression=False)
    is_sound = found.statements and not any(node.has_error for node in nodes)
    return found if is_sound else None


def _is_value(node: Node) -> bool:
    parent = node.parent
    if node.type not in _EXPRESSIONS or parent is None or parent.type in _NO_VALUE_IN:
        return False
    is_text = node.type in {"string", "template_string"}
    if is_text and not any(child.type in _HOLES for child in node.named_children):
        return False
    if parent.type == "interpolation" and any(child.type == "=" for child in parent.children):
        return False  # It prints its own code.
    head = _HEADS.get(parent.type)
    if head is not None and parent.child_by_field_name(head) == node:
        return False
    if parent.type in {"call_expression", "member_expression", "subscript_expression"}:
        # A method keeps its object, and a chain with `?.` stays whole.
        inside = parent.child_by_field_name("function") == node
        return not (inside and node.type == "member_expression") and "?." not in str(node.text)
    return parent.type != "unary_expression" or node.type not in {
        "member_expression",
        "subscript_expression",
    }


def function_around(node: Node) -> Node | None:
    """Return the innermost function or class that a node stands in, None at the top level."""
    current = node.parent
    while current is not None and current.type not in FUNCTIONS | CLASSES:
        current = current.parent
    return current
