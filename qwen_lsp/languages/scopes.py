"""Which variable each name of a text means: scopes, reads and writes.

What binds a name differs from language to language (`python_scopes`, `ecmascript_scopes`); walking
the tree and looking names up does not. Types are no names here, and neither are attributes.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tree_sitter import Node

from qwen_lsp.languages.names import node_text

Access = Literal["read", "write", "both", "delete", "declare"]
ScopeKind = Literal["module", "function", "class", "comprehension", "block"]


@dataclass(eq=False)
class Scope:
    """A part of the text with variables of its own.

    `declared` says of each of them how it was made ("parameter", "import", "const", ...), and
    `elsewhere` which names are declared `global` or `nonlocal`. What `runs_later` sees the values
    that its variables from outside have then.
    """

    kind: ScopeKind
    node: Node
    parent: "Scope | None"
    runs_later: bool = False
    declared: dict[str, str] = field(default_factory=dict[str, str])
    elsewhere: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def function(self) -> "Scope":
        """Return the innermost function, class or module around, or this scope if it is one."""
        scope = self
        while scope.parent is not None and scope.kind in {"block", "comprehension"}:
            scope = scope.parent
        return scope

    def lies_in(self, other: "Scope") -> bool:
        """Say whether this is `other` or a scope inside of it."""
        scope: Scope | None = self
        while scope is not None and scope is not other:
            scope = scope.parent
        return scope is other


@dataclass(frozen=True, eq=False)
class Name:
    """One place where a variable is named, and the scope of the variable, None for a builtin."""

    text: str
    node: Node
    access: Access
    scope: Scope
    home: Scope | None

    @property
    def reads(self) -> bool:
        """Say whether the value is needed here."""
        return self.access in {"read", "both", "delete"}

    @property
    def writes(self) -> bool:
        """Say whether the variable gets another value here, or loses its own."""
        return self.access in {"write", "both", "delete"}

    def runs_later_than(self, scope: Scope) -> bool:
        """Say whether this stands in a function inside of `scope`, which may run at any time."""
        inner: Scope | None = self.scope
        while inner is not None and inner is not scope:
            if inner.runs_later:
                return True
            inner = inner.parent
        return False


# A node to look at: in which scope, what happens to names there, and how they are declared, empty
# where they are not.
Step = tuple[Node, Scope, Access, str]
Rules = Callable[[Node, Scope, Access, str], list[Step] | None]


class Names:
    """All names of one tree in the order of the text.

    `rules` return what to look at inside of a node, and None for a name.
    """

    def __init__(self, rules: Rules, root: Node) -> None:
        self.module = Scope("module", root, None)
        self._scopes = {root.id: self.module}
        found: list[tuple[Node, Scope, Access]] = []
        waiting: list[Step] = [(root, self.module, "read", "")]
        while waiting:
            node, scope, access, how = waiting.pop()
            if scope.node.id not in self._scopes:
                self._scopes[scope.node.id] = scope
            steps = rules(node, scope, access, how)
            if steps is not None:
                waiting += reversed(steps)
                continue
            text = node_text(node)
            found.append((node, scope, access))
            if how and text not in scope.elsewhere:
                home = scope.function if how == "var" else scope
                home.declared.setdefault(text, how)
        self.all = sorted(
            (
                Name(node_text(node), node, access, scope, find_home(node_text(node), scope))
                for node, scope, access in found
            ),
            key=lambda name: name.node.start_byte,
        )
        self._starts = [name.node.start_byte for name in self.all]

    def within(self, start: int, end: int) -> list[Name]:
        """Return the names that lie in the bytes from `start` to `end`."""
        first = bisect_left(self._starts, start)
        return self.all[first : bisect_left(self._starts, end, lo=first)]

    def scope_at(self, node: Node) -> Scope:
        """Return the innermost scope around a node, or the scope that the node opens."""
        current: Node | None = node
        while current is not None:
            if current.id in self._scopes:
                return self._scopes[current.id]
            current = current.parent
        return self.module


def find_home(text: str, start: Scope) -> Scope | None:
    """Return the scope of the variable that is called `text` in a scope."""
    scope: Scope | None = start
    while scope is not None:
        if scope.kind != "class" or scope is start:
            if scope.elsewhere.get(text) == "global":
                return _module(scope)
            if text in scope.declared:
                return scope
        scope = scope.parent
    return None


def _module(scope: Scope) -> Scope:
    while scope.parent is not None:
        scope = scope.parent
    return scope
