"""Finding what a file declares, for all languages: one query, then one pass over what it found.

Names of namespaces and packages are no scopes here; only classes are. What stands inside a
function is left out, but for the attributes that methods give their object.
"""

import re
from functools import cache

import tree_sitter
from tree_sitter import Node, QueryCursor

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.declaration_queries import QUERIES
from qwen_lsp.languages.declarations import Declarations, Import, Kind, Symbol
from qwen_lsp.languages.grammar import load_grammar
from qwen_lsp.languages.importing import read_import
from qwen_lsp.languages.names import name_parts, node_text
from qwen_lsp.languages.symbol_text import (
    bases_of,
    doc_of,
    is_property,
    one_line,
    result_type,
    signature_of,
    value_type,
)
from qwen_lsp.languages.value_names import is_function, value_names

# What a stack of enclosing nodes says of a place.
_CLASS, _FUNCTION, _HIDDEN = range(3)
_SPACES = re.compile(r"\s+")
_REQUIRE = b"require"


def find_declarations(language: Language, root: Node, source: bytes) -> Declarations:
    """Return what the file with the syntax tree `root` of `source` declares and imports."""
    query = _query(language)
    if query is None:
        return Declarations((), ())
    finder = _Finder(language, source)
    found = [
        (node.start_byte, -node.end_byte, name, node)
        for name, nodes in QueryCursor(query).captures(root).items()
        if not name.startswith("_")
        for node in nodes
    ]
    # `class` sorts before the other names: a typedef before the struct that it names.
    found.sort(key=lambda entry: entry[:3])
    for _, _, name, node in found:
        finder.add(name, node)
    return Declarations(tuple(finder.symbols.values()), tuple(finder.imports))


def _class_name(node: Node) -> tuple[str, ...]:
    if node.type != "type_definition":
        return name_parts(node, [], is_container=True)
    # The name of a typedef stands behind what it names.
    return tuple(node_text(name) for name, _ in value_names(node))[:1]


def _requires(node: Node) -> bool:
    """Say whether a variable of JavaScript or Lua may be set to a module."""
    is_variable = node.type in {"variable_declarator", "variable_declaration"}
    return is_variable and _REQUIRE in (node.text or b"")[:200]


@cache
def _query(language: Language) -> tree_sitter.Query | None:
    text = QUERIES.get(language.id)
    return tree_sitter.Query(load_grammar(language), text) if text else None


class _Finder:
    """The pass over the nodes of interest, in the order of the text."""

    def __init__(self, language: Language, source: bytes) -> None:
        self.symbols: dict[tuple[object, ...], Symbol] = {}
        self.imports: list[Import] = []
        self._language = language
        self._source = source
        # End, what it is, the scope inside, and the node.
        self._above: list[tuple[int, int, str, Node]] = []

    def add(self, capture: str, node: Node) -> None:
        """Take in the next node."""
        above, start = self._above, node.start_byte
        while above and above[-1][0] <= start:
            above.pop()
        if capture == "import":
            self.imports += read_import(self._language.id, node_text(node))
            return
        what, scope = (above[-1][1], above[-1][2]) if above else (_CLASS, "")
        if what == _FUNCTION:
            # `self.x = ...` is both a value and a member in Python, where one query finds both.
            if capture in {"member", "value"}:
                self._member(node, scope)
            elif capture in {"class", "function", "scope"}:
                above.append((node.end_byte, _HIDDEN, "", node))
        elif what == _CLASS:
            self._declare(capture, node, scope)

    def _declare(self, capture: str, node: Node, scope: str) -> None:
        above = self._above
        if capture == "class":
            if above and above[-1][3].type == "type_definition":
                return  # the struct of a typedef: its fields belong to the new name
            parts = _class_name(node)
            if parts:
                self._put(node, parts[-1], ".".join(parts[:-1]) or scope, "class")
                scope = f"{scope}.{parts[-1]}" if scope else parts[-1]
            above.append((node.end_byte, _CLASS, scope, node))
        elif capture == "scope":
            parts = name_parts(node, [], is_container=True)
            above.append((node.end_byte, _CLASS, ".".join(parts), node))
        elif capture == "function":
            self._function(node, scope)
        elif capture == "value":
            self._values(node, scope)

    def _function(self, node: Node, scope: str) -> None:
        parts = name_parts(node, [], is_container=False)
        own = ".".join(parts[:-1])
        scope = own if own and not scope else scope
        if parts:
            kind: Kind = "method" if scope else "function"
            decorated = is_property(node) if scope and self._language.id == "python" else ""
            if decorated != "setter":
                self._put(node, parts[-1], scope, "attribute" if decorated else kind)
        self._above.append((node.end_byte, _FUNCTION, scope, node))

    def _values(self, node: Node, scope: str) -> None:
        required = read_import(self._language.id, node_text(node)) if _requires(node) else []
        self.imports += required
        for name, value in value_names(node) if not required else ():
            text = node_text(name).strip("\"'$:")
            if name.type == "dot_index_expression":  # `M.x = 1` in Lua
                scope, _, text = text.rpartition(".")
            if is_function(name, value):
                self._put(node, text, scope, "method" if scope else "function", value)
            else:
                self._put(node, text, scope, "attribute" if scope else "variable", value)
        self._above.append((node.end_byte, _HIDDEN, "", node))

    def _member(self, node: Node, scope: str) -> None:
        """Add an attribute that a method gives its object, where none of this name is known."""
        if not scope:
            return
        left = node.child_by_field_name("left")
        function = self._above[-1][3]
        if left is not None:
            owner = left.child_by_field_name("object")
            name = left.child_by_field_name("attribute") or left.child_by_field_name("property")
            if left.type == "instance_variable":
                name = left
            elif name is None or owner is None or node_text(owner) not in {"self", "this"}:
                return
        else:  # a parameter that is a field as well
            name = node.child_by_field_name("pattern") or node.child_by_field_name("name")
        if name is None:
            return
        text = node_text(name).lstrip("@$")
        old = self.symbols.get((scope, text))
        if old is not None and old.kind != "attribute":
            return
        value = node.child_by_field_name("right")
        if old is None or not old.type:
            symbol = self._symbol(node, (text, scope), "attribute", value, function)
            if old is None or symbol.type:
                self.symbols[scope, text] = symbol

    def _put(
        self, node: Node, name: str, scope: str, kind: Kind, value: Node | None = None
    ) -> None:
        symbol = self._symbol(node, (name, scope), kind, value, None)
        key = (scope, name)
        if key in self.symbols:  # an overload, or a second definition
            self.symbols[scope, name, symbol.line, symbol.signature] = symbol
        else:
            self.symbols[key] = symbol

    def _symbol(
        self,
        node: Node,
        name_and_scope: tuple[str, str],
        kind: Kind,
        value: Node | None,
        function: Node | None,
    ) -> Symbol:
        is_code = kind in {"function", "method"} or node.type == "function_definition"
        gives = value if is_code and value is not None else node
        if kind == "class":
            given, bases = "", bases_of(node)
        else:
            given = result_type(gives) if is_code else value_type(node, value, function)
            bases = ()
        return Symbol(
            *name_and_scope,
            kind,
            one_line(signature_of(self._language, node, self._source)),
            node.start_point.row,
            doc_of(self._language, node, self._source),
            _SPACES.sub(" ", given)[:200],
            bases,
        )
