"""What a selection needs to become a function of its own, and what it gives back.

Everything here is read from the syntax. Where the function would not do the same as the code did,
`plan_extraction` refuses.
"""

from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.byte_offsets import ByteOffsets
from qwen_lsp.languages.declared_types import declared_type, result_type, type_parameters
from qwen_lsp.languages.flow import (
    CLASSES,
    Exits,
    ValueFlow,
    always_leaves,
    find_exits,
    is_last,
    name_is_certain,
    needed_behind,
    set_before,
)
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.receivers import Receiver, ecmascript_receiver, python_receiver
from qwen_lsp.languages.scopes import Names, Scope
from qwen_lsp.languages.selections import Selected, function_around
from qwen_lsp.languages.variables import (
    CannotMoveError,
    Variable,
    may_precede,
    refuse_half_done,
    refuse_shared,
    variables_in,
)
from qwen_lsp.text import Span

_KEPT_AT_THE_TOP = frozenset({"class", "function", "import"})
_BRACKETS = frozenset(
    {
        "array",
        "dictionary",
        "dictionary_comprehension",
        "generator_expression",
        "list",
        "list_comprehension",
        "object",
        "parenthesized_expression",
        "set",
        "set_comprehension",
        "template_string",
        "tuple",
    }
)
_LOOK_AROUND = frozenset({"dir", "eval", "exec", "locals", "vars"})


@dataclass(frozen=True)
class Typed:
    """A variable with its type as written, empty where there is none."""

    name: str
    type: str


@dataclass(frozen=True)
class Extraction:
    """A function that is to be made.

    `selected` becomes the call. `results` are given back, and `declared` says how each of them is
    declared where the call stands ("const", "let", "var", or empty). `locals` are declared at the
    top of the function, `globals` too. With `returns`, the call's value is returned at once.
    `place` is where the function goes: the start of a line above which it stands, or for a method
    the end of the member of the class that it follows, which begins at `member_start`. The grammar
    calls the node around the selection `parent_type`; an expression may stand `in_brackets`.
    Offsets are code points.
    """

    selected: Span
    is_expression: bool
    parameters: tuple[Typed, ...]
    results: tuple[Typed, ...]
    declared: tuple[str, ...]
    locals: tuple[Typed, ...]
    globals: tuple[str, ...]
    returns: bool
    result_type: str
    is_async: bool
    receiver: str
    prefix: str
    type_parameters: str
    place: int
    member_start: int
    parent_type: str
    in_brackets: bool


def plan_extraction(
    language: Language, names: Names, selected: Selected, offsets: ByteOffsets
) -> Extraction:
    """Return the function that a selection becomes; raises CannotMoveError with a clause."""
    return _Planner(language, names, selected, offsets).plan()


class _Planner:
    def __init__(
        self, language: Language, names: Names, selected: Selected, offsets: ByteOffsets
    ) -> None:
        self.language = language
        self.names = names
        self.selected = selected
        self.offsets = offsets
        self.is_python = language.scoping == "python"
        self.first = selected.statements[0]
        self.function = function_around(self.first)
        around = self.first.parent
        self.around = names.scope_at(around) if around is not None else names.module
        self.scope = names.scope_at(self.function) if self.function is not None else names.module
        self.homes = _homes(self.around, with_module=self.function is None)

    def plan(self) -> Extraction:
        exits = find_exits(self.selected.nodes)
        returns = self._returns(exits)
        self._refuse_places()
        receiver = self._receiver()
        variables = [
            one
            for one in variables_in(self.names, self.selected, self.homes)
            if receiver is None or one.text != receiver.text or not self.is_python
        ]
        refuse_shared(variables, self.selected, self.around)
        self._refuse_outer(variables)
        flow = ValueFlow(self.names, self.homes)
        surely = flow.run(self.selected.nodes, frozenset())
        results = self._results(variables, surely or frozenset()) if not returns else []
        parameters = self._parameters(variables, results, flow.needed, surely or frozenset())
        written = {one.text for one in variables if one.is_written}
        refuse_half_done(self.names, self.selected, written, self.homes)
        type_of = self._type_of
        taken = [one for one in parameters if not self._stays_global(one)]
        typed = [Typed(one.text, type_of(one)) for one in taken]
        member = receiver.member if receiver is not None else None
        types = [one.type for one in typed]
        return Extraction(
            selected=self.offsets.span(self.selected.start, self.selected.end),
            is_expression=self.selected.is_expression,
            parameters=tuple(typed),
            results=tuple(Typed(one.text, type_of(one)) for one in results),
            declared=tuple(self._declared(one) for one in results),
            locals=tuple(
                Typed(one.text, type_of(one))
                for one in variables
                if not self.is_python and one.is_written and one not in taken
                if not self._is_declared_inside(one)
            ),
            globals=self._globals(),
            returns=returns,
            result_type=result_type(self.function, self.is_python) if returns else "",
            is_async=exits.awaits,
            receiver=receiver.text if receiver is not None else "",
            prefix=receiver.prefix if receiver is not None else "",
            type_parameters=type_parameters(self.selected.nodes, types, member),
            place=self._place(member),
            member_start=self.offsets.offset(member.start_byte if member is not None else 0),
            parent_type=self.first.parent.type if self.first.parent is not None else "",
            in_brackets=self.first.type in _BRACKETS,
        )

    def _returns(self, exits: Exits) -> bool:
        if exits.yields:
            raise CannotMoveError("a yield in it belongs to the generator around")
        if exits.jumps:
            word = exits.jumps[0].type.removesuffix("_statement")
            raise CannotMoveError(f"a {word} in it leaves a loop that it is a part of")
        if not exits.returns:
            return False
        if self.function is None:
            raise CannotMoveError("a return in it is in no function")
        if not always_leaves(self.selected.nodes) and not is_last(self.selected.nodes[-1]):
            raise CannotMoveError("a return in it leaves it on some ways only")
        return True

    def _refuse_places(self) -> None:
        function, first = self.function, self.first
        if function is not None and function.type in CLASSES:
            raise CannotMoveError("it stands in the body of a class")
        body = function.child_by_field_name("body") if function is not None else None
        if body is not None and not body.start_byte <= first.start_byte < body.end_byte:
            raise CannotMoveError("it stands in the head of a function")
        if self.is_python and _is_docstring(first, self.selected):
            raise CannotMoveError("it begins with the documentation")
        for name in self.names.within(self.selected.start, self.selected.end):
            if name.home is None and name.text in _LOOK_AROUND:
                raise CannotMoveError(f"it calls {name.text}, which looks at the variables around")
        for node in self.selected.nodes:
            if node.type in {"global_statement", "nonlocal_statement", "export_statement"}:
                raise CannotMoveError(f"its {node.type.partition('_')[0]} belongs where it is")
            if (
                node.type == "import_from_statement"
                and node.named_children[-1].type == "wildcard_import"
            ):
                raise CannotMoveError("its import belongs at the top of the file")

    def _receiver(self) -> Receiver | None:
        if self.is_python:
            return python_receiver(self.names, self.selected)
        return ecmascript_receiver(self.selected)

    def _refuse_outer(self, variables: list[Variable]) -> None:
        """Refuse what is set in another function than the one that it stands in."""
        for one in variables:
            if one.is_written and one.home.function is not self.scope.function:
                raise CannotMoveError(f"it sets {one.text} of the function around")
            if self.selected.is_expression and one.is_written and one.outside:
                raise CannotMoveError(f"it sets {one.text}, which is used elsewhere")
            if self.function is None and one.is_written and one.how in _KEPT_AT_THE_TOP:
                raise CannotMoveError(f"{one.text} belongs at the top of the file")
            is_moved = one.is_written and one.how in {"function", "class"}
            if is_moved and one.outside and not self.is_python:
                raise CannotMoveError(f"{one.text} is used outside of it")
            if any(name.access == "delete" for name in one.inside) and one.outside:
                raise CannotMoveError(f"it deletes {one.text}")

    def _results(self, variables: list[Variable], surely: frozenset[str]) -> list[Variable]:
        if self.selected.is_expression:
            return []
        needed = needed_behind(self.selected.nodes[-1], ValueFlow(self.names, self.homes))
        if self.is_python and self.selected.sequence is self.names.module.node:
            # Other files may import what is set at the top.
            needed |= {text for text in surely if not text.startswith("_")}
        return [one for one in variables if one.is_written and one.text in needed]

    def _parameters(
        self,
        variables: list[Variable],
        results: list[Variable],
        needed: set[str],
        surely: frozenset[str],
    ) -> list[Variable]:
        trusting = ValueFlow(self.names, self.homes, trusting=True)
        nearly = trusting.run(self.selected.nodes, frozenset()) or frozenset()
        before = self._set_before()
        parameters: list[Variable] = []
        for one in variables:
            known_before = any(
                may_precede(name, self.selected) or one.how == "function"
                for name in one.outside
                if name.writes or name.access == "declare"
            )
            known_before |= one.home.kind == "comprehension"  # set behind its first use
            is_unsure = one in results and one.text not in surely
            if not known_before or not (one.text in needed or is_unsure):
                if is_unsure and one.text not in nearly and self.is_python:
                    raise CannotMoveError(f"{one.text} may not be set where it ends")
                if not known_before and one.outside and one.text in needed and not one.is_written:
                    raise CannotMoveError(f"{one.text} is set below it")
                continue
            if self.is_python and not self._is_set(one, before):
                raise CannotMoveError(f"{one.text} may not be set where it begins")
            parameters.append(one)
        return parameters

    def _set_before(self) -> frozenset[str]:
        known = set_before(self.first, ValueFlow(self.names, self.homes, trusting=True))
        return known | {text for text, how in self.scope.declared.items() if how == "parameter"}

    def _is_set(self, one: Variable, before: frozenset[str]) -> bool:
        if one.text in before or one.home.kind == "comprehension":
            return True
        if one.home.function is not self.scope.function:
            return True
        return any(name.reads and name_is_certain(name, self.selected.nodes) for name in one.inside)

    def _stays_global(self, one: Variable) -> bool:
        """Say whether the function can go on to read a variable at the top of the file."""
        if one.home is not self.names.module or one.is_written:
            return False
        return one.how in _KEPT_AT_THE_TOP or one.text.isupper()

    def _is_declared_inside(self, one: Variable) -> bool:
        return any(_declares(name.node) for name in one.inside)

    def _declared(self, one: Variable) -> str:
        if self.is_python or not self._is_declared_inside(one):
            return ""
        if one.how == "let" and not any(name.writes for name in one.outside):
            return "const"
        return one.how

    def _globals(self) -> tuple[str, ...]:
        written = {
            name.text
            for name in self.names.within(self.selected.start, self.selected.end)
            if name.writes and self.scope.elsewhere.get(name.text) == "global"
        }
        return tuple(sorted(written))

    def _type_of(self, one: Variable) -> str:
        place = self._statement_at_the_top().start_byte
        return declared_type(one, self.names, place) if self.language.type_hints else ""

    def _statement_at_the_top(self) -> Node:
        node = self.first
        while node.parent is not None and node.parent.parent is not None:
            node = node.parent
        return node

    def _place(self, member: Node | None) -> int:
        if member is not None:
            around = member.parent
            outer = (
                around if around is not None and around.type == "decorated_definition" else member
            )
            return self.offsets.offset(outer.end_byte)
        statement = node = self._statement_at_the_top()
        if self.function is None and node == self.first:
            return self.offsets.offset(self.selected.start)
        # The comments right above a function belong to it, and those of the first line to the file.
        while (above := node.prev_named_sibling) is not None and "comment" in above.type:
            if node.start_point.row - above.end_point.row != 1 or above.start_point.column:
                break
            node = above
        is_of_file = node.start_point.row == 0 and not node_text(node).startswith("/**")
        return self.offsets.offset((statement if is_of_file else node).start_byte)


def _homes(scope: Scope, *, with_module: bool) -> set[Scope]:
    """Return the scopes around whose variables a function elsewhere would not see."""
    homes: set[Scope] = set()
    current: Scope | None = scope
    while current is not None:
        if current.kind != "class" and (current.parent is not None or with_module):
            homes.add(current)
        current = current.parent
    return homes


def _declares(name: Node) -> bool:
    """Say whether a name stands where its variable is declared."""
    current = name
    while (parent := current.parent) is not None:
        if parent.type == "variable_declarator":
            return parent.child_by_field_name("name") == current
        if parent.type == "for_in_statement":
            is_left = parent.child_by_field_name("left") == current
            return is_left and parent.child_by_field_name("kind") is not None
        if parent.type in {"function_declaration", "class_declaration"}:
            return parent.child_by_field_name("name") == current
        if "pattern" not in parent.type and parent.type != "catch_clause":
            return False
        current = parent
    return False


def _is_docstring(first: Node, selected: Selected) -> bool:
    block = first.parent
    code = [one for one in block.named_children if "comment" not in one.type] if block else []
    inner = first.named_children[0] if first.named_child_count else None
    owns = block is not None and (block.parent is None or block.parent.type != "if_statement")
    is_text = inner is not None and inner.type in {"string", "concatenated_string"}
    return owns and not selected.is_expression and code[:1] == [first] and is_text
