"""The statements of a piece of code, and whether other code still holds them all.

A statement is text and blocks in turns: `if a:`, a block, `else:`, a block. Comments and white
space do not count.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from qwen_lsp.languages.base import Language

# What lies in deeper blocks is taken as text, because a text can nest deeper than Python recurses.
_DEEPEST = 12
# Nodes between a block and its statements (Go, Ruby), which are one block with it.
_LISTS = frozenset({"statement_list", "begin"})


@dataclass(frozen=True)
class Statement:
    """One statement: the text before each of its blocks, with that block, and the text at its end.

    The last pair's block is empty.
    """

    parts: "tuple[tuple[str, tuple[Statement, ...]], ...]"


def read_statement(
    language: Language, node: Node, read: Callable[[int, int], str], depth: int = 0
) -> Statement:
    """Return the statement at `node`; `read` returns the text between two bytes."""
    parts: list[tuple[str, tuple[Statement, ...]]] = []
    words: list[str] = []
    waiting = [node]
    while waiting:
        here = waiting.pop()
        is_block = here.type in language.blocks or here.type in _LISTS
        if here.type in language.comments:
            continue
        if is_block and depth < _DEEPEST and (here is not node or here.type == "begin"):
            block = tuple(
                read_statement(language, child, read, depth + 1)
                for child in _statements(here)
                if child.type not in language.comments
            )
            parts.append((" ".join(words), block))
            words = []
        elif here.type in language.strings or not here.child_count:
            text = read(here.start_byte, here.end_byte).strip()
            words += [text] if text else []
        else:
            waiting += reversed(here.children)
    return Statement((*parts, (" ".join(words), ())))


def still_holds(before: Statement, after: Statement) -> bool:
    """Say whether `after` is `before` with statements added, or put around its statements."""
    waiting = list(before.parts)
    for text, block in after.parts:
        if waiting and waiting[0][0] == text and _holds_all(waiting[0][1], block):
            del waiting[0]
    return not waiting


def _statements(block: Node) -> list[Node]:
    found: list[Node] = []
    for child in block.named_children:
        found += child.named_children if child.type == "statement_list" else [child]
    return found


def _holds_all(before: tuple[Statement, ...], after: tuple[Statement, ...]) -> bool:
    return _held(before, after) == len(before)


def _held(before: tuple[Statement, ...], after: tuple[Statement, ...]) -> int:
    """Return how many statements of `before`, from the first on, stand in `after` in this order."""
    count = 0
    for statement in after:
        if count < len(before) and still_holds(before[count], statement):
            count += 1
        else:
            for _, block in statement.parts:
                count += _held(before[count:], block)
    return count
