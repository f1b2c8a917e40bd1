"""How control and values flow through statements: what leaves them, what they need, what they set.

Read from the syntax alone, so everything is a careful guess: any branch may be taken, any loop may
run no time. Nested functions and classes are not entered. The tables hold the node types of the
grammars of Python, JavaScript and TypeScript.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tree_sitter import Node

from qwen_lsp.languages.names import node_text
from qwen_lsp.languages.scopes import Name, Names, Scope

FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_declaration",
        "function_definition",
        "function_expression",
        "generator_function",
        "generator_function_declaration",
        "lambda",
        "method_definition",
    }
)
CLASSES = frozenset(
    {"abstract_class_declaration", "class", "class_declaration", "class_definition"}
)
BLOCKS = frozenset(
    {
        "block",
        "else_clause",
        "finally_clause",
        "labeled_statement",
        "module",
        "program",
        "statement_block",
    }
)
LOOPS = frozenset({"do_statement", "for_in_statement", "for_statement", "while_statement"})
_LEAVE = frozenset({"raise_statement", "return_statement", "throw_statement"})
_JUMPS = frozenset({"break_statement", "continue_statement"})
# What is evaluated in a part of these only may not be evaluated at all.
_PERHAPS = frozenset(
    {
        "arrow_function",
        "binary_expression",
        "boolean_operator",
        "conditional_expression",
        "dictionary_comprehension",
        "generator_expression",
        "lambda",
        "list_comprehension",
        "set_comprehension",
        "ternary_expression",
    }
)
_HANDLERS = frozenset({"catch_clause", "except_clause", "except_group_clause"})
_BRANCHES = BLOCKS | _HANDLERS | {"case_clause", "elif_clause"}
# Deeper nesting is not followed; Python itself reads a hundred levels.
_DEEPEST = 100

Variables = frozenset[str]


@dataclass
class Exits:
    """What some statements do besides running to their end."""

    returns: list[Node] = field(default_factory=list[Node])
    jumps: list[Node] = field(default_factory=list[Node])
    yields: bool = False
    awaits: bool = False


def find_exits(nodes: Iterable[Node]) -> Exits:
    """Return how control leaves `nodes`; a break is no exit where its loop is among them."""
    exits = Exits()
    waiting: list[tuple[Node, frozenset[str]]] = [(node, frozenset()) for node in nodes]
    while waiting:
        node, inside = waiting.pop()
        if node.type in FUNCTIONS:
            continue
        if node.type == "return_statement":
            exits.returns.append(node)
        elif node.type in _JUMPS:
            if _jump_target(node) not in inside:
                exits.jumps.append(node)
        elif node.is_named and node.type in {"yield", "yield_expression"}:
            exits.yields = True
        elif node.type in {"await", "await_expression"} or (
            node.type == "async" and node.parent is not None and node.parent.type not in FUNCTIONS
        ):
            exits.awaits = True
        deeper = inside | _targets(node)
        for child in node.children:
            # A jump in the `else` of a loop belongs to the loop around.
            is_else = child.type == "else_clause" and node.type in LOOPS
            waiting.append((child, inside if is_else else deeper))
    return exits


def _targets(node: Node) -> set[str]:
    """Return which jumps inside of a node do not leave it."""
    if node.type == "labeled_statement":
        label = node.child_by_field_name("label")
        return {node_text(label)} if label is not None else set()
    if node.type == "switch_statement":
        return {"break_statement"}
    return {"break_statement", "continue_statement"} if node.type in LOOPS else set()


def _jump_target(node: Node) -> str:
    label = node.child_by_field_name("label")
    return node_text(label) if label is not None else node.type


def always_leaves(statements: list[Node], depth: int = 0) -> bool:
    """Say whether every way through the statements ends in a return or an exception."""
    return depth < _DEEPEST and any(_leaves(one, depth + 1) for one in statements)


def _leaves(node: Node, depth: int) -> bool:
    if node.type in _LEAVE:
        return True
    if node.type in BLOCKS:
        return always_leaves(node.named_children, depth)
    if node.type == "if_statement":
        branches = _branches(node)
        return branches[-1].type == "else_clause" and all(
            always_leaves(_body(branch), depth) for branch in branches
        )
    if node.type == "try_statement":
        parts = {child.type: child for child in node.named_children}
        if "finally_clause" in parts and _leaves(parts["finally_clause"], depth):
            return True
        handlers = [one for one in node.named_children if one.type in _HANDLERS]
        body = [node.named_children[0], *(one for one in [parts.get("else_clause")] if one)]
        return always_leaves(body, depth) and all(always_leaves(_body(h), depth) for h in handlers)
    return False


def _branches(node: Node) -> list[Node]:
    """Return the branches of an `if`: blocks, statements, `elif` and `else` clauses."""
    first = node.children_by_field_name("consequence")
    return first + node.children_by_field_name("alternative")


def _body(node: Node) -> list[Node]:
    """Return the block of a clause, or the node itself where it is a block or a statement."""
    if node.type != "elif_clause" and node.type not in _HANDLERS:
        return [node]
    return [child for child in node.named_children if child.type in BLOCKS]


class ValueFlow:
    """Which variables some statements need from before, and which they have set behind them.

    Looks at the variables of `homes` only. `needed` grows with each run. With `trusting`, a `with`
    is taken to run to its end; it could swallow an exception.
    """

    def __init__(self, names: Names, homes: set[Scope], *, trusting: bool = False) -> None:
        self._names = names
        self._homes = homes
        self._trusting = trusting
        self.needed: set[str] = set()

    def run(self, nodes: Iterable[Node], known: Variables, depth: int = 0) -> Variables | None:
        """Return the variables that are surely set behind `nodes`; None where none gets there."""
        current = known
        for node in nodes:
            after = self._run(node, current, depth + 1)
            if after is None:
                return None
            current = after
        return current

    def _run(self, node: Node, known: Variables, depth: int) -> Variables | None:
        if depth > _DEEPEST:
            self._leaf(node, known)
            return known
        if node.type in BLOCKS:
            return self.run(node.named_children, known, depth)
        if node.type == "if_statement":
            return self._if(node, known, depth)
        if node.type in LOOPS:
            return self._loop(node, known, depth)
        if node.type == "try_statement":
            return self._try(node, known, depth)
        if node.type == "with_statement":
            body = node.child_by_field_name("body")
            head = self.run([child for child in node.named_children if child != body], known, depth)
            inside = self.run([body] if body is not None else [], head or known, depth)
            return inside if self._trusting else head
        if node.type in {"match_statement", "switch_statement"}:
            return self._cases(node, known, depth)
        return self._leaf(node, known)

    def _if(self, node: Node, known: Variables, depth: int) -> Variables | None:
        condition = node.child_by_field_name("condition")
        before = self.run([condition] if condition is not None else [], known, depth) or known
        ends: list[Variables | None] = []
        has_else = False
        for branch in _branches(node):
            inner = (
                branch.child_by_field_name("condition") if branch.type == "elif_clause" else None
            )
            before = self.run([inner] if inner is not None else [], before, depth) or before
            ends.append(self.run(_body(branch), before, depth))
            has_else |= branch.type == "else_clause"
        return _joined(ends if has_else else [*ends, before])

    def _loop(self, node: Node, known: Variables, depth: int) -> Variables | None:
        body = node.child_by_field_name("body")
        rest = node.child_by_field_name("alternative")
        left = node.child_by_field_name("left")
        increment = node.child_by_field_name("increment")
        late = [one for one in (body, rest, left, increment) if one is not None]
        head = [child for child in node.named_children if child not in late]
        if node.type == "do_statement":
            first = self.run([body] if body is not None else [], known, depth)
            return self.run(head, known if first is None else first, depth)
        before = self.run(head, known, depth) or known
        # The loop may run no time, and be left before its `else`: for what they set, both count
        # as not there.
        self.run([one for one in (left, body, increment) if one is not None], before, depth)
        self.run([rest] if rest is not None else [], before, depth)
        return before

    def _try(self, node: Node, known: Variables, depth: int) -> Variables | None:
        first, *parts = node.named_children
        body = self.run([first], known, depth)
        ends: list[Variables | None] = []
        last: Variables | None = None
        for part in parts:
            if part.type in _HANDLERS:
                head = [child for child in part.named_children if child.type not in BLOCKS]
                inside = self.run(head, known, depth) or known
                ends.append(self.run(_body(part), inside, depth))
            elif part.type == "finally_clause":
                last = self.run([part], known, depth)
                if last is None:
                    return None
            elif body is not None:
                body = self.run([part], body, depth)
        end = _joined([body, *ends])
        return end | last if end is not None and last is not None else end

    def _cases(self, node: Node, known: Variables, depth: int) -> Variables:
        """Take any case, or none; a capture counts within its case."""
        body = node.child_by_field_name("body")
        head = [child for child in node.named_children if child != body]
        before = self.run(head, known, depth) or known
        for case in body.named_children if body is not None else []:
            self.run(case.named_children, before, depth)
        return before

    def _leaf(self, node: Node, known: Variables) -> Variables | None:
        """Read a node without statements in it: first its reads, then its writes."""
        names = [
            name
            for name in self._names.within(node.start_byte, node.end_byte)
            if name.home in self._homes
        ]
        early: set[str] = set()
        for name in names:
            if name.reads and name.text not in known | early:
                self.needed.add(name.text)
            if name.access == "write" and _is_inline(name.node):
                early.add(name.text)
        if node.type in _LEAVE or node.type in _JUMPS:
            return None
        sure = {name.text for name in names if name.writes and is_certain(name.node, node)}
        lost = {name.text for name in names if name.access == "delete"}
        return (known | sure) - lost


def _joined(ends: list[Variables | None]) -> Variables | None:
    """Return what is set on all ways that come through."""
    through = [end for end in ends if end is not None]
    if not through:
        return None
    first, *rest = through
    return first.intersection(*rest)


def _is_inline(name: Node) -> bool:
    parent = name.parent
    return parent is not None and parent.type in {"for_in_clause", "named_expression"}


def is_certain(node: Node, within: Node) -> bool:
    """Say whether `node` is evaluated whenever `within` is."""
    current = node
    while current != within and current.parent is not None:
        current = current.parent
        is_definition = current.type in FUNCTIONS and current.child_by_field_name("name") != node
        if current.type in _PERHAPS or is_definition:
            return False
    return True


def name_is_certain(name: Name, statements: list[Node]) -> bool:
    """Say whether a name is used whenever the first of the statements is run."""
    first = next(one for one in statements if one.type != "comment")
    node = name.node
    if not first.start_byte <= node.start_byte < first.end_byte:
        return False
    current = node
    while current != first and current.parent is not None:
        above = current.parent
        if above.type in BLOCKS or above.type in _PERHAPS or above.type in FUNCTIONS:
            return False
        if above.type in {"elif_clause", "except_clause", "case_clause"}:
            return False
        current = above
    return True


def needed_behind(last: Node, flow: ValueFlow) -> set[str]:
    """Return the variables that what runs behind a statement needs, to the end of its function."""
    known: Variables = frozenset()
    current = last
    while (parent := current.parent) is not None and parent.type not in FUNCTIONS | CLASSES:
        if _is_sequence(parent):
            rest = [one for one in parent.named_children if one.start_byte >= current.end_byte]
            after = flow.run(rest, known)
            if always_leaves(rest):
                break
            known = known if after is None else after
        elif parent.type in LOOPS or parent.type == "switch_body":
            flow.run([parent], known)  # The next round begins above.
        elif parent.type in {"try_statement", "with_statement"}:
            # What runs behind a statement of its body may be cut off by an exception.
            known = frozenset()
            for part in parent.named_children:
                is_other = parent.type == "try_statement" and part != current
                flow.run([part] if is_other else [], known)
        current = parent
    return flow.needed


def set_before(first: Node, flow: ValueFlow) -> Variables:
    """Return the variables that are surely set in a function before a statement of it."""
    path = [first]
    while (parent := path[-1].parent) is not None and parent.type not in FUNCTIONS | CLASSES:
        path.append(parent)
    known: Variables = frozenset()
    inner: list[Node] = path[:-1]
    for node, child in zip(reversed(path[1:]), reversed(inner), strict=True):
        above = [one for one in node.named_children if one.end_byte <= child.start_byte]
        if node.type == "try_statement":
            above = above[:1] if child.type == "else_clause" else []
        elif not _is_sequence(node):
            above = [one for one in above if one.type not in _BRANCHES]
        after = flow.run(above, known)
        known = known if after is None else after
    return known


def _is_sequence(node: Node) -> bool:
    """Say whether the children of a node run one after the other; cases do not."""
    is_cases = node.parent is not None and node.parent.type == "match_statement"
    return node.type in BLOCKS and not is_cases


def is_last(node: Node) -> bool:
    """Say whether nothing of its function runs behind a statement."""
    current = node
    while (parent := current.parent) is not None and parent.type not in FUNCTIONS:
        if _is_sequence(parent):
            rest = [one for one in parent.named_children if one.start_byte >= current.end_byte]
            if any("comment" not in one.type for one in rest):
                return False
        elif parent.type not in {"if_statement", "elif_clause", "with_statement"}:
            return False
        current = parent
    return parent is not None
