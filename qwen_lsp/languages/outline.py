"""The functions and containers of one parsed text, as plain values in code points."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from tree_sitter import Node, QueryCursor

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.byte_offsets import ByteOffsets
from qwen_lsp.languages.grammar import outline_query
from qwen_lsp.languages.names import (
    name_parts,
    node_text,
    parameter_names,
    parameters_node,
    return_type_node,
)
from qwen_lsp.text import Span

# A wrapper with more children than this holds a list, not one definition.
_MOST_CHILDREN = 32
_MODIFIERS = frozenset({"async", "function_modifiers", "modifier", "modifiers"})
_LITERAL_PREFIX = re.compile(rb"[rRuU]?[\"']")
_OPENING = re.compile(rb"[{\n]")
_MARGIN = re.compile(rb"[ \t\f]*")


@dataclass(frozen=True)
class Function:
    """One named function, method or constructor.

    `span` is the whole of it with decorators, attributes and `export`; `definition_span` is
    without them. `signature_span` runs from there to the body (in Python up to and including the
    colon). `body_span` has the braces where the language has braces, and is None where there is
    no body; in Ruby and Lua an empty body is an empty span. `docstring_span` is Python's
    docstring, or the documentation comment directly above. `indent` is the white space before
    the first line.
    """

    name: str
    qualified_name: str
    span: Span
    definition_span: Span
    signature_span: Span
    parameters_span: Span | None
    parameter_names: tuple[str, ...]
    return_type_span: Span | None
    body_span: Span | None
    docstring_span: Span | None
    is_async: bool
    indent: str


@dataclass(frozen=True)
class Container:
    """Something that holds code: a class, an impl, a module, a function.

    `header` is its text up to the body, `kind` an English word for what it is.
    """

    name: str
    kind: str
    span: Span
    header: str
    indent: str


@dataclass(frozen=True)
class _Place:
    """Where a definition lies, in bytes."""

    start: int
    definition_start: int
    signature_end: int
    body: tuple[int, int] | None
    definition_end: int
    end: int


class Outline:
    """All functions and containers of one tree, in document order. Built in one pass."""

    def __init__(self, language: Language, offsets: ByteOffsets, root: Node) -> None:
        self._language = language
        self._offsets = offsets
        self._source = offsets.source
        captures = QueryCursor(outline_query(language)).captures(root)
        self._comments = self._starts_by_end(captures.get("comment", []))
        self._attributes = self._starts_by_end(captures.get("attribute", []))
        self.functions: list[Function] = []
        self.containers: list[Container] = []
        self._read(captures.get("entry", []))

    def _starts_by_end(self, nodes: Iterable[Node]) -> dict[int, int]:
        return {self._end_of_text(node): node.start_byte for node in nodes}

    def _end_of_text(self, node: Node) -> int:
        """Return the end without trailing line ends; some grammars count them in."""
        end = node.end_byte
        while end > node.start_byte and self._source[end - 1] in b"\r\n":
            end -= 1
        return end

    def _read(self, entries: list[Node]) -> None:
        # A parent has more descendants than an only child that covers the same bytes.
        entries.sort(key=lambda node: (node.start_byte, -node.end_byte, -node.descendant_count))
        above: list[tuple[Node, tuple[str, ...]]] = []
        for node in entries:
            while above and above[-1][0].end_byte <= node.start_byte:
                above.pop()
            parts: tuple[str, ...] = ()
            kind = self._kind(node)
            if kind:
                scope = tuple(part for _, names in above for part in names)
                parts = self._add(node, kind, [node for node, _ in above], scope)
            above.append((node, parts))

    def _kind(self, node: Node) -> str:
        if node.type in self._language.functions:
            return "function"
        if node.type.endswith("_specifier") and node.child_by_field_name("body") is None:
            return ""
        return self._language.containers.get(node.type, "")

    def _add(
        self, node: Node, kind: str, above: list[Node], scope: tuple[str, ...]
    ) -> tuple[str, ...]:
        bindings, definition, outer = self._surroundings(node, above)
        parts = name_parts(node, bindings, kind != "function")
        if not parts and outer.type == "export_statement":
            parts = ("default",)
        if not parts and kind == "function":
            return ()
        place = self._place(node, definition, outer)
        span = self._offsets.span(place.start, place.end)
        indent = self._indent(place.start)
        header = self._text(place.definition_start, place.signature_end)
        name = parts[-1] if parts else ""
        self.containers.append(Container(name, kind, span, header, indent))
        if kind == "function":
            self.functions.append(self._function(node, place, (*scope, *parts), indent))
        return parts

    def _surroundings(self, node: Node, above: list[Node]) -> tuple[list[Node], Node, Node]:
        """Return the bindings of `node`, its definition node and its outermost wrapper."""
        bindings: list[Node] = []
        definition = outer = node
        for candidate in reversed(above):
            if not _holds_only(candidate, outer):
                break
            if candidate.type in self._language.wrappers:
                outer = candidate
            elif candidate.type in self._language.bindings and definition is outer:
                bindings.append(candidate)
                definition = outer = candidate
            else:
                break
        return bindings, definition, outer

    def _place(self, node: Node, definition: Node, outer: Node) -> _Place:
        start = outer.start_byte
        while self._blank_before(start) in self._attributes:
            start = self._attributes[self._blank_before(start)]
        definition_start = self._start_after_attributes(definition)
        body = node.child_by_field_name("body")
        last = node.child(node.child_count - 1) if node.child_count else node
        has_end = last.type == "end"
        inner_end = body.start_byte if body else last.start_byte if has_end else node.end_byte
        before = [
            child
            for child in takewhile(lambda child: child.start_byte < inner_end, node.children)
            if child.type not in self._language.comments and child.type != ";"
        ]
        signature_end = before[-1].end_byte if before else inner_end
        if body is None and not has_end:
            signature_end = self._strip_back(definition.end_byte, definition_start)
            if node.type in self._language.containers:
                signature_end = self._header_end(definition_start, signature_end)
        span = self._body(node, body, last if has_end else None, signature_end)
        return _Place(
            start, definition_start, signature_end, span, definition.end_byte, outer.end_byte
        )

    def _body(
        self, node: Node, body: Node | None, end: Node | None, signature_end: int
    ) -> tuple[int, int] | None:
        if body is None and end is None:
            return None
        start = body.start_byte if body else signature_end
        stop = body.end_byte if body else signature_end
        if self._language.block_style != "braces":
            for child in node.children:
                own_line = b"\n" in self._source[signature_end : child.start_byte]
                if own_line and child.type in self._language.comments:
                    start = min(start, child.start_byte) if body else child.start_byte
                    break
        if end is not None:
            stop = max(start, self._strip_back(end.start_byte, start))
        return start, stop

    def _function(self, node: Node, place: _Place, parts: tuple[str, ...], indent: str) -> Function:
        span = self._offsets.span
        parameters = parameters_node(node)
        returns = return_type_node(node)
        return Function(
            name=parts[-1],
            qualified_name=".".join(parts),
            span=span(place.start, place.end),
            definition_span=span(place.definition_start, place.definition_end),
            signature_span=span(place.definition_start, place.signature_end),
            parameters_span=span(*parameters.byte_range) if parameters else None,
            parameter_names=(
                parameter_names(parameters, self._language.comments) if parameters else ()
            ),
            return_type_span=span(*returns.byte_range) if returns else None,
            body_span=span(*place.body) if place.body else None,
            docstring_span=self._docstring(node, place),
            is_async=_is_async(node, place.signature_end),
            indent=indent,
        )

    def _docstring(self, node: Node, place: _Place) -> Span | None:
        if self._language.doc_style != "docstring":
            return self._doc_comment(place.start) or self._doc_comment(place.definition_start)
        body = node.child_by_field_name("body")
        for statement in body.named_children if body else []:
            if statement.type in self._language.comments:
                continue
            first = statement.named_child(0) if statement.named_child_count == 1 else None
            is_text = first is not None and first.type in self._language.strings
            if is_text and _LITERAL_PREFIX.match(self._source, statement.start_byte):
                return self._offsets.span(*statement.byte_range)
            break
        return None

    def _doc_comment(self, start: int) -> Span | None:
        """Return the span of the documentation comment that ends directly above `start`."""
        top = bottom = None
        position = start
        while True:
            end = self._blank_before(position)
            begin = self._comments.get(end)
            if begin is None or self._source.count(b"\n", end, position) > 1:
                break
            comment = self._text(begin, end)
            if not self._starts_line(begin) or not self._is_doc(comment):
                break
            top, bottom = begin, bottom or end
            if comment.startswith("/*"):
                break
            position = begin
        return None if top is None or bottom is None else self._offsets.span(top, bottom)

    def _is_doc(self, comment: str) -> bool:
        if comment.startswith("#!"):
            return False
        if self._language.doc_style == "line":
            return comment.startswith(self._language.line_comment)
        return comment.startswith(("/**", self._language.doc_prefix))

    def _start_after_attributes(self, node: Node) -> int:
        for child in node.children:
            if child.type in self._language.attributes:
                continue
            if child.type == "modifiers":
                for modifier in child.children:
                    if modifier.type not in self._language.attributes:
                        return modifier.start_byte
                continue
            return child.start_byte
        return node.start_byte

    def _starts_line(self, byte: int) -> bool:
        line = self._source.rfind(b"\n", 0, byte) + 1
        return not self._source[line:byte].strip()

    def _indent(self, byte: int) -> str:
        line = self._source.rfind(b"\n", 0, byte) + 1
        match = _MARGIN.match(self._source, line)
        return match[0].decode() if match else ""

    def _blank_before(self, byte: int) -> int:
        while byte > 0 and self._source[byte - 1] in b" \t\r\n\f":
            byte -= 1
        return byte

    def _strip_back(self, byte: int, least: int) -> int:
        while byte > least and self._source[byte - 1] in b" \t\r\n\f;":
            byte -= 1
        return byte

    def _header_end(self, start: int, end: int) -> int:
        """Return the end of the first line of a container, or the brace that opens on it."""
        match = _OPENING.search(self._source, start, end)
        return self._strip_back(match.start(), start) if match else end

    def _text(self, start: int, end: int) -> str:
        return self._source[start:end].decode(errors="replace")


def _holds_only(candidate: Node, inner: Node) -> bool:
    """Say whether `inner` is a child of `candidate`, and the only one of its type."""
    most = 1 if candidate.type == "expression_list" else _MOST_CHILDREN
    if candidate.named_child_count > most:
        return False
    children = candidate.children
    return inner in children and sum(child.type == inner.type for child in children) == 1


def _is_async(node: Node, signature_end: int) -> bool:
    return any(
        child.type in _MODIFIERS and "async" in node_text(child).split()
        for child in takewhile(lambda child: child.start_byte < signature_end, node.children)
    )
