"""What could go wrong with a variable when code that uses it moves into another function.

The moved code gets copies of values and gives values back. That is the same only where nobody else
sees or sets the variable meanwhile.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from qwen_lsp.languages.flow import CLASSES, FUNCTIONS, LOOPS, ValueFlow, needed_behind
from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Name, Names, Scope
from qwen_lsp.languages.selections import Selected

# Contexts that go on behind an exception.
_SWALLOWS = re.compile(r"suppress|raises", re.IGNORECASE)


class CannotMoveError(Exception):
    """Code cannot be moved and still do the same. The text is a clause that says why."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable that a selection uses, with all places in the file that name it."""

    text: str
    home: Scope
    inside: list[Name]
    outside: list[Name]

    @cached_property
    def is_written(self) -> bool:
        """Say whether the selection sets it, or declares it."""
        return any(name.writes or name.access == "declare" for name in self.inside)

    @property
    def how(self) -> str:
        """Return how it is declared."""
        return self.home.declared[self.text]


def variables_in(names: Names, selected: Selected, homes: set[Scope]) -> list[Variable]:
    """Return the variables of `homes` that are named in a selection, in the order of the text."""
    inside: dict[tuple[str, Scope], list[Name]] = {}
    outside: dict[tuple[str, Scope], list[Name]] = {}
    for name in names.all:
        if name.home is not None and name.home in homes:
            is_inside = selected.start <= name.node.start_byte < selected.end
            found = inside if is_inside else outside
            found.setdefault((name.text, name.home), []).append(name)
    return [
        Variable(text, home, found, outside.get((text, home), []))
        for (text, home), found in inside.items()
    ]


def refuse_shared(variables: Iterable[Variable], selected: Selected, scope: Scope) -> None:
    """Raise CannotMoveError where another function sees or sets a variable at its own time."""
    for one in variables:
        if any(name.writes and name.runs_later_than(one.home) for name in one.outside):
            raise CannotMoveError(f"another function sets {one.text}")
        if one.is_written and any(name.runs_later_than(one.home) for name in one.outside):
            raise CannotMoveError(f"another function uses {one.text}, which it sets")
        captured = [name for name in one.inside if name.runs_later_than(scope)]
        sets_later = any(name.writes for name in captured) and one.outside
        if captured and (sets_later or any(_may_follow(name, selected) for name in one.outside)):
            raise CannotMoveError(f"a function in it uses {one.text}, which is set again later")


def may_precede(name: Name, selected: Selected) -> bool:
    """Say whether a name may be run before the selection."""
    return name.node.start_byte < selected.start or _in_loop_around(name.node, selected)


def _may_follow(name: Name, selected: Selected) -> bool:
    is_behind = name.node.start_byte >= selected.end
    return name.writes and (is_behind or _in_loop_around(name.node, selected))


def _in_loop_around(node: Node, selected: Selected) -> bool:
    """Say whether a loop that the selection stands in holds `node`, too."""
    around = selected.nodes[0].parent
    while around is not None and around.type not in FUNCTIONS | CLASSES:
        if around.type in LOOPS and around.start_byte <= node.start_byte < around.end_byte:
            return True
        around = around.parent
    return False


def refuse_half_done(
    names: Names, selected: Selected, written: set[str], homes: set[Scope]
) -> None:
    """Raise CannotMoveError where a handler of exceptions sees what the selection has set so far.

    A function that is left by an exception gives nothing back.
    """
    statements = selected.statements
    if len(statements) == 1 and statements[0].type in {"expression_statement", "return_statement"}:
        return
    current = statements[0]
    while (parent := current.parent) is not None and parent.type not in FUNCTIONS | CLASSES:
        if parent.type == "with_statement" and _SWALLOWS.search(
            node_text(parent.named_children[0])
        ):
            seen = needed_behind(parent, ValueFlow(names, homes)) & written
            if seen:
                raise CannotMoveError(
                    f"{min(seen)} is needed where an exception in it is swallowed"
                )
        if parent.type == "try_statement" and current == parent.named_children[0]:
            behind = needed_behind(parent, ValueFlow(names, homes))
            for part in parent.named_children[1:]:
                if part.type == "else_clause":
                    continue
                flow = ValueFlow(names, homes)
                after = flow.run(
                    [part] if part.type == "finally_clause" else part.named_children, frozenset()
                )
                seen = flow.needed & written
                if after is not None:
                    seen |= (behind & written) - after
                if seen:
                    raise CannotMoveError(
                        f"{min(seen)} is needed where an exception in it is handled"
                    )
        current = parent
