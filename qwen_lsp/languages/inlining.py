"""What a call becomes when the body of its function stands in its place.

Arguments take the place of parameters where that cannot be noticed; else they are given to
variables first, once and in the order of the call. Where the program would not do the same,
`plan_inlining` refuses.
"""

from dataclasses import dataclass, field

from tree_sitter import Node

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.byte_offsets import ByteOffsets
from qwen_lsp.languages.calls import Call, Parameter, bound_parameters, definition_of
from qwen_lsp.languages.expressions import fits, is_first, is_idle, is_literal
from qwen_lsp.languages.flow import CLASSES, FUNCTIONS, always_leaves, find_exits
from qwen_lsp.languages.inlinable import is_static, lies_in, refuse_body
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Name, Names, Scope
from qwen_lsp.languages.selections import function_around
from qwen_lsp.languages.variables import CannotMoveError
from qwen_lsp.text import Span, TextEdit

_SEQUENCES = frozenset({"block", "module", "program", "statement_block"})


@dataclass(frozen=True)
class Inlining:
    """How a call is replaced. Offsets are code points.

    `replaced` is the call, or its whole statement where code comes before it. That code is
    `bindings` (a variable, its value, whether it is set again), then `body`, then what is left of
    the statement: `before` + `value` + `after`, where `value` is None for no value. `changes` are
    made in the body and in the value.
    """

    replaced: Span
    bindings: tuple[tuple[str, str, bool], ...]
    body: Span | None
    before: str
    value: Span | None
    in_brackets: bool
    after: str
    changes: tuple[TextEdit, ...]
    whole: bool


@dataclass
class _Change:
    """What is known of the new code so far."""

    edits: list[TextEdit] = field(default_factory=list[TextEdit])
    bindings: list[tuple[str, str, bool]] = field(default_factory=list[tuple[str, str, bool]])


def plan_inlining(language: Language, names: Names, call: Call, offsets: ByteOffsets) -> Inlining:
    """Return what a call becomes; raises CannotMoveError with a clause."""
    return _Planner(language, names, call, offsets).plan()


class _Planner:
    def __init__(self, language: Language, names: Names, call: Call, offsets: ByteOffsets) -> None:
        self.language = language
        self.names = names
        self.call = call
        self.offsets = offsets
        self.is_python = language.scoping == "python"
        self.definition = definition_of(call, names)
        self.scope = names.scope_at(self.definition)
        self.body = self.definition.child_by_field_name("body")
        self.site = call.node  # the call, or the await around it
        around = call.node.parent
        if around is not None and around.type in {"await", "await_expression"}:
            self.site = around
        self.site_scope = names.scope_at(around) if around is not None else names.module

    def plan(self) -> Inlining:
        parameters = bound_parameters(
            self.definition, self.call, is_static=is_static(self.definition)
        )
        for one in parameters:
            is_default = one.value is not None and lies_in(one.value, self.definition)
            if is_default and not self._is_direct(one, []):
                raise CannotMoveError(f"the default of {node_text(one.name)} is computed")
        code, comments = self._code()
        refuse_body(self.call, self.definition, self.names, self.site_scope)
        self._refuse_async()
        statement = self._statement()
        value = self._only_value(code)
        if value is not None and not (comments and statement is not None):
            change = _Change()
            if self._substitute(parameters, value, change, can_bind=False):
                return self._in_place(value, change)
        if statement is None:
            if value is not None:
                raise CannotMoveError("an argument would be evaluated twice, late, or not at all")
            raise CannotMoveError(
                "the call stands inside of other code, and the body is no expression"
            )
        return self._as_statements(parameters, code, statement)

    def _code(self) -> tuple[list[Node], bool]:
        """Return the body without its documentation, and whether it has comments."""
        body = self.body
        if body is None:
            raise CannotMoveError("it has no body")
        nodes = body.named_children if body.type in _SEQUENCES else [body]
        if self.is_python and nodes:
            code = [node for node in nodes if "comment" not in node.type]
            first = code[0].named_children[0] if code and code[0].named_child_count else None
            if (
                first is not None
                and first.type == "string"
                and code[0].type == "expression_statement"
            ):
                nodes = nodes[nodes.index(code[0]) + 1 :]
            else:
                # The grammar puts comments above the first statement outside of the block.
                head = [one for one in self.definition.named_children if one.type == "comment"]
                above = self.definition.start_point.row
                nodes = [one for one in head if one.start_point.row > above] + nodes
        return nodes, any("comment" in node.type for node in nodes)

    def _refuse_async(self) -> None:
        is_async = any(child.type == "async" for child in self.definition.children)
        if is_async != (self.site is not self.call.node):
            raise CannotMoveError("it is not awaited" if is_async else "its result is awaited")

    def _only_value(self, code: list[Node]) -> Node | None:
        """Return the expression that the body is, None where it is more."""
        statements = [node for node in code if "comment" not in node.type]
        if len(statements) != 1:
            return None
        if self.body is not None and self.body.type not in _SEQUENCES:
            return statements[0]
        return _returned(statements[0])

    def _statement(self) -> Node | None:
        """Return the statement that only calls, assigns the call or returns it."""
        node = self.site
        parent = node.parent
        if parent is not None and parent.type in {"assignment", "assignment_expression"}:
            left = parent.child_by_field_name("left")
            plain = self.is_python or (left is not None and left.type == "identifier")
            if parent.child_by_field_name("right") != node or not plain:
                return None
            node = parent
        elif parent is not None and parent.type == "variable_declarator":
            node = parent
        statement = node.parent
        if statement is None or statement.parent is None or statement.named_child_count != 1:
            return None
        kinds = {
            "expression_statement",
            "lexical_declaration",
            "return_statement",
            "variable_declaration",
        }
        is_plain = statement.type in kinds and statement.parent.type in _SEQUENCES
        return statement if is_plain else None

    def _in_place(self, value: Node, change: _Change) -> Inlining:
        parent = self.site.parent
        in_string = _within(self.site, self.language.strings)
        text = node_text(value)
        if in_string and any(sign in text for sign in "\"'\\\n#`"):
            raise CannotMoveError("the call stands in a string")
        return Inlining(
            replaced=self._span(self.site),
            bindings=(),
            body=None,
            before="",
            value=self._span(value),
            in_brackets=not fits(value, parent),
            after="",
            changes=tuple(change.edits),
            whole=False,
        )

    def _as_statements(
        self, parameters: list[Parameter], code: list[Node], statement: Node
    ) -> Inlining:
        statements = [node for node in code if "comment" not in node.type]
        exits = find_exits(code)
        is_returned = statement.type == "return_statement"
        last = statements[-1] if statements else None
        value = self._only_value(code) if self.body not in {None, statement} else None
        kept = code
        if last is not None and exits.returns in ([], [last]):
            value = value or (_returned(last) if exits.returns else None)
            if exits.returns or value is not None:
                kept = code[: code.index(last)]
        elif exits.returns and not is_returned:
            raise CannotMoveError("it returns in several places")
        change = _Change()
        self._substitute(parameters, self.body, change, can_bind=True)
        self._rename(change)
        keeps_returns = bool(exits.returns) and kept is code
        before, after = self._rest_of(statement)
        body = None
        if kept:
            body = self.offsets.span(kept[0].start_byte, kept[-1].end_byte)
        if keeps_returns:
            before, after = ("", "") if always_leaves(statements) else ("return", "")
        elif self._is_call_alone(statement) and (value is None or is_idle(value)):
            value = None
            before = after = ""
        elif value is None:
            before += "" if is_returned else "None" if self.is_python else "undefined"
            before = before.rstrip()
        return Inlining(
            replaced=self._span(statement),
            bindings=tuple(change.bindings),
            body=body,
            before=before,
            value=self._span(value) if value is not None and not keeps_returns else None,
            in_brackets=value is not None and not fits(value, self.site.parent),
            after=after,
            changes=tuple(change.edits),
            whole=True,
        )

    def _is_call_alone(self, statement: Node) -> bool:
        is_alone = statement.named_children[0] == self.site
        return is_alone and statement.type == "expression_statement"

    def _rest_of(self, statement: Node) -> tuple[str, str]:
        text = node_text(statement)
        start = (
            len(statement.text[: self.site.start_byte - statement.start_byte].decode())
            if statement.text
            else 0
        )
        end = (
            len(statement.text[: self.site.end_byte - statement.start_byte].decode())
            if statement.text
            else 0
        )
        return text[:start], text[end:]

    def _substitute(
        self, parameters: list[Parameter], where: Node | None, change: _Change, *, can_bind: bool
    ) -> bool:
        """Put arguments in place of parameters; say whether all could be, or were bound."""
        if where is None:
            return False
        latest = 0
        for one in self._in_order_of_call(parameters):
            uses = self._uses(one, where)
            if self._is_direct(one, uses):
                change.edits += [self._replaced(use, one.value) for use in uses]
                continue
            is_single = (
                not can_bind
                and len(uses) == 1
                and uses[0].node.start_byte >= latest
                and is_first(uses[0].node, where)
                and not _within(uses[0].node, self.language.strings)
                and not uses[0].writes
            )
            if is_single and one.value is not None:
                change.edits.append(self._replaced(uses[0], one.value))
                latest = uses[0].node.end_byte
                continue
            if not can_bind or one.value is None:
                if one.value is None and not any(use.writes for use in uses):
                    change.edits += [self._edit(use, "undefined") for use in uses]
                    continue
                return False
            text = self._fresh(node_text(one.name))
            is_written = any(use.writes for use in uses)
            change.bindings.append((text, node_text(one.value), is_written))
            if text != node_text(one.name):
                change.edits += [self._edit(use, text) for use in uses]
        return True

    def _in_order_of_call(self, parameters: list[Parameter]) -> list[Parameter]:
        return sorted(parameters, key=lambda one: one.value.start_byte if one.value else -1)

    def _uses(self, one: Parameter, where: Node) -> list[Name]:
        text = node_text(one.name)
        return [
            name
            for name in self.names.within(where.start_byte, where.end_byte)
            if name.text == text and name.home is self.scope
        ]

    def _is_direct(self, one: Parameter, uses: list[Name]) -> bool:
        """Say whether an argument may stand wherever its parameter does."""
        value = one.value
        if value is None or any(use.writes for use in uses):
            return False
        if is_literal(value):
            in_text = any(_within(use.node, self.language.strings) for use in uses)
            return value.named_child_count < 4 and not (in_text and value.type == "string")
        if value.type == "this" or (value == self.call.receiver):
            return True
        if value.type != "identifier":
            return False
        (name,) = self.names.within(value.start_byte, value.end_byte)
        if name.home is None:
            return True
        writes = [
            other
            for other in self.names.all
            if other.text == name.text and other.home is name.home and other.access != "read"
        ]
        is_local = (
            name.home.function is self.site_scope.function and name.home is not self.names.module
        )
        return len(writes) <= 1 or (
            is_local and not any(other.runs_later_than(name.home) for other in writes)
        )

    def _replaced(self, use: Name, value: Node | None) -> TextEdit:
        text = node_text(value) if value is not None else "undefined"
        if value is not None and not fits(value, use.node.parent):
            text = f"({text})"
        is_owner = use.node.parent is not None and use.node.parent.type in {
            "attribute",
            "member_expression",
        }
        if value is not None and value.type in {"integer", "number"} and is_owner:
            text = f"({text})"
        return self._edit(use, text)

    def _edit(self, use: Name, text: str) -> TextEdit:
        if use.node.type.startswith("shorthand_property_identifier"):
            text = f"{use.text}: {text}"
        return TextEdit(self._span(use.node), text)

    def _rename(self, change: _Change) -> None:
        """Give the variables of the body other names where theirs are taken."""
        parameters = {text for text, how in self.scope.declared.items() if how == "parameter"}
        found: dict[tuple[str, Scope], list[Name]] = {}
        body = self.body
        for name in self.names.within(body.start_byte, body.end_byte) if body is not None else []:
            if name.home is None or not name.home.lies_in(self.scope):
                continue
            if name.home is self.scope and name.text in parameters:
                continue
            found.setdefault((name.text, name.home), []).append(name)
        for (text, _), uses in found.items():
            new = self._fresh(text)
            if new != text:
                change.edits += [self._edit(use, new) for use in uses]

    def _fresh(self, text: str) -> str:
        """Return a name like `text` that is free where the call stands."""
        taken = self._taken()
        own = self.names.within(self.definition.start_byte, self.definition.end_byte)
        inside = {name.text for name in own} - {text}
        number, new = 2, text
        while new in taken | inside:
            new = f"{text}_{number}" if self.is_python else f"{text}{number}"
            number += 1
        return new

    def _taken(self) -> set[str]:
        around = function_around(self.site)
        while around is not None and (above := function_around(around)) is not None:
            if above.type in CLASSES:
                break
            around = above
        outer = around if around is not None else self.names.module.node
        body = self.definition
        return {
            name.text
            for name in self.names.within(outer.start_byte, outer.end_byte)
            if not body.start_byte <= name.node.start_byte < body.end_byte
        }

    def _span(self, node: Node) -> Span:
        return self.offsets.span(*node.byte_range)


def _returned(statement: Node) -> Node | None:
    """Return what a return statement returns."""
    values = [one for one in statement.named_children if "comment" not in one.type]
    return values[0] if statement.type == "return_statement" and values else None


def _within(node: Node, kinds: frozenset[str]) -> bool:
    current: Node | None = node
    while current is not None and current.type not in FUNCTIONS:
        if current.type in kinds:
            return True
        current = current.parent
    return False
