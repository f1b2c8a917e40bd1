"""One parsed text. Nobody else knows tree-sitter or bytes: offsets in and out are code points.

Brackets that do not match are left to the callers; the parser repairs what it can and this module
only says where it had to.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node, Parser, QueryCursor, Tree

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.bindings import bindings_before
from qwen_lsp.languages.byte_offsets import ByteOffsets
from qwen_lsp.languages.calls import Call, call_at
from qwen_lsp.languages.declarations import Declarations
from qwen_lsp.languages.declaring import find_declarations
from qwen_lsp.languages.ecmascript_scopes import ecmascript_rules
from qwen_lsp.languages.extraction import Extraction, plan_extraction
from qwen_lsp.languages.grammar import import_query, load_grammar, outline_query, string_query
from qwen_lsp.languages.inlining import Inlining, plan_inlining
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.outline import Container, Function, Outline
from qwen_lsp.languages.python_scopes import python_rules
from qwen_lsp.languages.scopes import Names
from qwen_lsp.languages.selections import Selected, select
from qwen_lsp.languages.shape import leaves, shape_pieces
from qwen_lsp.languages.slots import Slot, find_slots
from qwen_lsp.languages.statements import Statement, read_statement
from qwen_lsp.languages.variables import CannotMoveError
from qwen_lsp.text import Span

_WORD = re.compile(r"[^\W\d][\w$]*")
_BLANK = re.compile(r"\s*")


def parse(language: Language, text: str, region: Span | None = None) -> "SyntaxTree":
    """Return the syntax tree of `text`. Never raises, whatever the text; safe in any thread.

    With a `region`, only that part is read; offsets are those of the whole text in any case.
    """
    return SyntaxTree(language, text, region or Span(0, len(text)))


@dataclass(frozen=True)
class _Insertion:
    """What is known of a text before something was inserted at a byte: its bytes and its tree."""

    source: bytes
    tree: Tree
    start: int


class SyntaxTree:
    """The syntax of one text. Made by `parse`; never changes."""

    def __init__(
        self, language: Language, text: str, region: Span, before: _Insertion | None = None
    ) -> None:
        self.language = language
        self.text = text
        self.region = region
        self._offsets = ByteOffsets(self.parsed_text, region.start)
        source = self._offsets.source
        old_tree = _edited(before, source) if before else None
        parser = Parser(load_grammar(language))
        self._tree = parser.parse(source, old_tree) if old_tree else parser.parse(source)
        self._root = self._tree.root_node

    @cached_property
    def parsed_text(self) -> str:
        """Return what was read: the text, or the region of it."""
        whole = self.region == Span(0, len(self.text))
        return self.text if whole else self.text[self.region.start : self.region.end]

    def with_insertion(self, offset: int, insertion: str) -> "SyntaxTree":
        """Return the syntax of what was read with `insertion` at `offset`, as a text of its own.

        The parser takes over what the insertion does not touch.
        """
        text, place = self.parsed_text, offset - self.region.start
        text = text[:place] + insertion + text[place:]
        before = _Insertion(self._offsets.source, self._tree, self._offsets.byte(offset))
        return SyntaxTree(self.language, text, Span(0, len(text)), before)

    @property
    def has_errors(self) -> bool:
        """Say whether the parser met something it could not read."""
        return self._root.has_error

    def error_spans(self) -> list[Span]:
        """Return the spans the parser could not read, and empty spans where a token is missing."""
        return self._error_spans if self.has_errors else []

    def functions(self) -> list[Function]:
        """Return all named functions in document order, nested ones too."""
        return self._outline.functions

    def function_at(self, offset: int) -> Function | None:
        """Return the innermost function at `offset`; its first line counts from its first column.

        A cursor on a decorator is in its function. So is one in Python that stands on an empty
        line below the function and is indented deeper than it.
        """
        found = [
            function
            for function in self.functions()
            if self._reaches(self._from_line_start(function.span), function.indent, offset)
        ]
        return max(
            found,
            key=lambda function: (function.span.touches(offset), function.span.start),
            default=None,
        )

    def containers_at(self, offset: int) -> list[Container]:
        """Return the classes, impls, modules and functions around `offset`, outermost first."""
        chain: list[Container] = []
        for container in self._outline.containers:
            if self._reaches(container.span, container.indent, offset):
                while chain and not chain[-1].span.contains(container.span):
                    chain.pop()
                chain.append(container)
        return chain

    def containers(self) -> list[Container]:
        """Return all classes, impls, modules and functions in document order."""
        return self._outline.containers

    def selects(self, selection: Span) -> bool:
        """Say whether a selection holds whole statements or one expression, in a known language."""
        return bool(self.language.scoping) and self._selected(selection) is not None

    def extraction(self, selection: Span) -> Extraction:
        """Return what makes a selection a function; raises CannotMoveError with a clause."""
        selected = self._selected(selection)
        if selected is None:
            raise CannotMoveError("it holds no whole statements and no expression")
        return plan_extraction(self.language, self._names, selected, self._offsets)

    def called_name(self, offset: int) -> str:
        """Return the name of the call at `offset`, as in `name(...)` or `self.name(...)`.

        It is empty where there is none, or the rules of the language's names are not known.
        """
        call = self._call_at(offset)
        return node_text(call.name) if call is not None else ""

    def inlining(self, offset: int) -> Inlining:
        """Return what the call at `offset` becomes; raises CannotMoveError with a clause."""
        call = self._call_at(offset)
        if call is None:
            raise CannotMoveError("there is no call of a function of this file")
        return plan_inlining(self.language, self._names, call, self._offsets)

    def identifiers(self) -> set[str]:
        """Return all names of variables in the text, and of what is no variable as well."""
        return set(_WORD.findall(self.parsed_text))

    def imports(self) -> list[Span]:
        """Return the import statements of the file, and the calls that import at its top level."""
        nodes: list[Node] = []
        if self.language.imports:
            captures = QueryCursor(import_query(self.language)).captures(self._root)
            nodes += captures.get("import", [])
        if self.language.import_calls:
            nodes += [node for node in self._root.children if self._is_import_call(node)]
        spans = (self._offsets.span(*node.byte_range) for node in nodes)
        return sorted({self._without_line_end(span) for span in spans})

    def declarations(self) -> Declarations:
        """Return what the file declares for others to name, and what it imports."""
        return find_declarations(self.language, self._root, self._offsets.source)

    def bindings_at(self, offset: int) -> dict[str, str]:
        """Return the parameters and variables that the function around `offset` has before it.

        The values are their types as written, or the expressions that they were last given.
        """
        functions = [one for one in self.containers_at(offset) if one.kind == "function"]
        if not functions:
            return {}
        # Below its last line a function still goes on, where its indentation does.
        byte = self._offsets.byte(min(offset, functions[-1].span.end))
        return bindings_before(self._root, self.language.functions, byte)

    def in_comment(self, offset: int) -> bool:
        """Say whether `offset` lies inside a comment, or at the end of a line comment."""
        for node in self._nodes_around(offset - 1, offset):
            if node.type in self.language.comments:
                span = self._without_line_end(self._offsets.span(*node.byte_range))
                opens = self.language.block_comment
                is_block = opens is not None and self.text.startswith(opens[0], span.start)
                return span.start < offset < span.end or (offset == span.end and not is_block)
        return False

    def in_string(self, offset: int) -> bool:
        """Say whether `offset` lies inside a string and not in code embedded in it."""
        for node in self._nodes_around(offset - 1, offset + 1):
            if node.type in self.language.interpolations:
                return False
            if node.type in self.language.strings:
                return True
        return False

    def block_at(self, offset: int) -> Span:
        """Return the span of the innermost block around `offset`, the whole text where none is.

        The span includes braces; a place outside them is not in the block.
        """
        is_braced = self.language.block_style == "braces"
        code_end = len(self.text[:offset].rstrip())
        places = {offset} if is_braced else {offset, code_end}
        best = Span(0, len(self.text))
        for place in places:
            for first, last in ((place - 1, place), (place, place + 1)):
                for node in self._nodes_around(first, last):
                    span = self._offsets.span(*node.byte_range)
                    if node.type in self.language.blocks and self._in_block(span, offset):
                        best = max(best, span, key=lambda span: (span.start, -span.end))
        return best

    def shape(self, *, without_annotations: bool = False) -> str:
        """Return what the text says without its comments and white space, to be compared.

        With `without_annotations`, two texts that differ only in the type annotations of
        parameters, results and assigned variables have the same shape (Python, TypeScript).
        """
        everything = (-1, len(self._offsets.source) + 1)
        pieces = shape_pieces(
            self.language, self._root, self._read, without_annotations, everything
        )
        return " ".join(text if is_structure else repr(text) for text, is_structure in pieces)

    def signature_shape(self, function: Function) -> str:
        """Return the tokens of a function's signature without annotations, one space between."""
        start = self._offsets.byte(function.signature_span.start)
        end = self._offsets.byte(function.signature_span.end)
        node = self._root.descendant_for_byte_range(
            start, self._offsets.byte(function.definition_span.end)
        )
        if node is None:
            return ""
        pieces = shape_pieces(self.language, node, self._read, True, (start, end))
        return " ".join(text for text, is_structure in pieces if not is_structure)

    def statement(self, function: Function) -> Statement | None:
        """Return a function as the statements that it is made of."""
        start = self._offsets.byte(function.definition_span.start)
        end = self._offsets.byte(function.definition_span.end)
        node = self._root.descendant_for_byte_range(start, end)
        return read_statement(self.language, node, self._read) if node is not None else None

    def comments(self) -> list[Span]:
        """Return all comments in document order; a block comment is one."""
        nodes = QueryCursor(outline_query(self.language)).captures(self._root).get("comment", [])
        spans = (self._offsets.span(*node.byte_range) for node in nodes)
        return sorted(self._without_line_end(span) for span in spans)

    def strings(self) -> list[Span]:
        """Return all strings in document order, with their quotes; none that lies in another."""
        nodes = QueryCursor(string_query(self.language)).captures(self._root).get("string", [])
        spans: list[Span] = []
        for span in sorted(self._offsets.span(*node.byte_range) for node in nodes):
            if not spans or span.start >= spans[-1].end:
                spans.append(span)
        return spans

    def tokens(self, span: Span) -> list[str]:
        """Return the words and signs of a part of the text, without its comments."""
        first, last = self._offsets.byte(span.start), self._offsets.byte(span.end)
        return [
            node_text(node)
            for node in leaves(self._root, first, last)
            if node.type not in self.language.comments
        ]

    def annotation_slots(self, function: Function) -> list[Slot]:
        """Return the places where annotations are missing in a function's signature."""
        if function.parameters_span is None or not self.language.type_hints:
            return []
        start = self._offsets.byte(function.parameters_span.start)
        end = self._offsets.byte(function.parameters_span.end)
        parameters = self._root.descendant_for_byte_range(start, end)
        node = parameters.parent if parameters is not None else None
        return list(find_slots(node, self._offsets)) if node is not None else []

    @cached_property
    def _error_spans(self) -> list[Span]:
        # Only nodes that hold an error are gone through; a query would look at all of them.
        spans: set[Span] = set()
        found = [self._root]
        while found:
            node = found.pop()
            if node.is_error or node.is_missing:
                spans.add(self._offsets.span(*node.byte_range))
            found += (one for one in node.children if _is_broken(one))
        return sorted(spans)

    @cached_property
    def _names(self) -> Names:
        rules = {"python": python_rules, "ecmascript": ecmascript_rules}[self.language.scoping]
        return Names(rules, self._root)

    def _call_at(self, offset: int) -> Call | None:
        if not self.language.scoping:
            return None
        places = ((offset, offset + 1), (offset - 1, offset))
        found = [
            call_at(self._root, self._offsets.byte(start), self._offsets.byte(end))
            for start, end in places
            if start >= 0 and end <= len(self.text)
        ]
        return next((call for call in found if call is not None), None)

    def _selected(self, selection: Span) -> Selected | None:
        text = self.text[selection.start : selection.end]
        end = selection.start + len(text.rstrip())
        start = selection.start + len(text) - len(text.lstrip())
        while True:
            found = select(self._root, self._offsets.byte(start), self._offsets.byte(end))
            line_end = self.text.find("\n", start, end)
            is_comment = self.text.startswith(self.language.line_comment, start)
            if found is not None or line_end < 0 or not is_comment:
                return found
            # The comment above the first statement of a block stands outside of it.
            start = line_end + len(self.text[line_end:end]) - len(self.text[line_end:end].lstrip())

    @cached_property
    def _outline(self) -> Outline:
        return Outline(self.language, self._offsets, self._root)

    def _read(self, start: int, end: int) -> str:
        return self.text[self._offsets.offset(start) : self._offsets.offset(end)]

    def _without_line_end(self, span: Span) -> Span:
        text = self.text[span.start : span.end]
        return Span(span.start, span.start + len(text.rstrip("\r\n")))

    def _line_start(self, offset: int) -> int:
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def _from_line_start(self, span: Span) -> Span:
        return Span(self._line_start(span.start), span.end)

    def _reaches(self, span: Span, indent: str, offset: int) -> bool:
        """Say whether `offset` lies in `span`, or indented deeper on an empty line below it."""
        if span.touches(offset):
            return True
        if self.language.block_style != "indent" or offset < span.end:
            return False
        column = offset - self._line_start(offset)
        is_blank = _BLANK.fullmatch(self.text, span.end, offset) is not None
        return column > len(indent) and is_blank

    def _in_block(self, span: Span, offset: int) -> bool:
        if self.language.block_style == "braces":
            return span.start < offset < span.end
        column = span.start - self._line_start(span.start)
        return self._reaches(span, " " * (column - 1), offset)

    def _nodes_around(self, start: int, end: int) -> list[Node]:
        """Return the nodes that cover the code points from `start` to `end`, innermost first."""
        if start < 0 or end > len(self.text):
            return []
        first, last = self._offsets.byte(start), self._offsets.byte(end)
        innermost = self._root.descendant_for_byte_range(first, last)
        path = [self._root]
        while innermost is not None and path[-1] != innermost:
            child = path[-1].child_with_descendant(innermost)
            if child is None:
                break
            path.append(child)
        return path[::-1]

    def _is_import_call(self, statement: Node) -> bool:
        node: Node | None = statement
        while node is not None:
            if node.type in self.language.import_calls:
                return True
            first = node.child(0) if node.child_count else None
            if first is not None and node_text(first) in self.language.import_calls:
                return node.type.endswith(("call", "command", "call_expression"))
            if node.type in self.language.bindings or node.type == "expression_statement":
                node = node.named_child(node.named_child_count - 1) if first else None
            else:
                node = first if node.type == "member_expression" else None
        return False


def _edited(before: _Insertion, source: bytes) -> Tree | None:
    """Return the old tree with the place of the insertion that made `source`, to be parsed anew.

    None where the insertion changed how the bytes beside it are read: an LF behind a lone CR.
    """
    old, start = before.source, before.start
    end = start + len(source) - len(old)
    if source[:start] != old[:start] or source[end:] != old[start:]:
        return None
    tree, place = before.tree.copy(), _point(old, start)
    tree.edit(start, start, end, place, place, _point(source, end))
    return tree


def _point(source: bytes, byte: int) -> tuple[int, int]:
    """Return the line and the column of a byte, as the parser counts them."""
    return source.count(b"\n", 0, byte), byte - source.rfind(b"\n", 0, byte) - 1


def _is_broken(node: Node) -> bool:
    return node.has_error or node.is_error or node.is_missing
