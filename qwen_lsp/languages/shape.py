"""What a piece of code says, with comments, white space and (on request) annotations left out.

Two texts of equal shape differ in nothing else. To keep that promise, text that lies between the
children of a node (the plain part of a string with escapes, for example) counts, and strings are
taken whole.
"""

from collections.abc import Callable, Iterator

from tree_sitter import Node

from qwen_lsp.languages.base import Language

# A piece is a text of the code, or structure around such texts.
Piece = tuple[str, bool]

_ANNOTATION_FIELDS = frozenset({"return_type", "type"})
_ANNOTATION_MARKS = frozenset({"->", ":"})


def shape_pieces(
    language: Language,
    root: Node,
    read: Callable[[int, int], str],
    without_annotations: bool,
    within: tuple[int, int],
) -> Iterator[Piece]:
    """Yield the pieces of the tree below `root` that lie in the bytes `within`, in order.

    `read` returns the text between two bytes.
    """
    waiting: list[Node | Piece] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            yield node
            continue
        outside = node.end_byte <= within[0] or node.start_byte >= within[1]
        if outside or node.type in language.comments:
            continue
        children, name = _children(node, read, language), node.type
        if without_annotations and name in language.annotated:
            name = language.annotated[name]
            children = _without_annotations(node, children)
        if name and (node.is_named or node.is_missing):
            yield ("(MISSING" if node.is_missing else "(") + name, True
            waiting.append((")", True))
        waiting += reversed(children)


def leaves(root: Node, start: int, end: int) -> Iterator[Node]:
    """Yield the words and signs that lie in the bytes from `start` to `end`, in order."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.end_byte <= start or node.start_byte >= end:
            continue
        if node.child_count:
            waiting += reversed(node.children)
        elif start <= node.start_byte and node.end_byte <= end:
            yield node


def _children(
    node: Node, read: Callable[[int, int], str], language: Language
) -> list[Node | Piece]:
    """Return the children of `node` and the texts between them, for a leaf its text."""
    if not node.child_count or node.type in language.strings:
        return _text(read(node.start_byte, node.end_byte), node.is_named)
    pieces: list[Node | Piece] = []
    position = node.start_byte
    for child in node.children:
        pieces += _text(read(position, child.start_byte), False)
        pieces.append(child)
        position = child.end_byte
    return pieces + _text(read(position, node.end_byte), False)


def _text(text: str, blank_counts: bool) -> list[Node | Piece]:
    return [(text, False)] if text.strip() or (text and blank_counts) else []


def _without_annotations(node: Node, pieces: list[Node | Piece]) -> list[Node | Piece]:
    kept: list[Node | Piece] = []
    annotations = [
        child
        for index, child in enumerate(node.children)
        if node.field_name_for_child(index) in _ANNOTATION_FIELDS
    ]
    bare = node.child_by_field_name("parameter")
    for piece in pieces:
        if piece in annotations:
            if kept and isinstance(kept[-1], Node) and kept[-1].type in _ANNOTATION_MARKS:
                kept.pop()
        elif bare is not None and piece == bare:
            # `x => x` gets its parentheses, which an annotation would need.
            kept += [("(formal_parameters", True), ("(", False), ("(required_parameter", True)]
            kept += [piece, (")", True), (")", False), (")", True)]
        else:
            kept.append(piece)
    return kept
