"""Add type hints: every missing annotation is a slot that the model fills, one after the other.

The signature is written up to a slot, the model goes on from there until the type ends, and so
forth. The body is never written, so it cannot change. A type that is no type expression, or that
uses a name which the file does not have, leaves its slot empty.
"""

import ast
import builtins
import re
import typing

from qwen_lsp.context.function import function_context
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Action, Target, UnusableReplyError
from qwen_lsp.features.checks import only_annotations_changed, parses
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Span, TextEdit

_MOST_TOKENS = 32
_TYPE_NODES = (
    ast.Expression,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Tuple,
    ast.List,
    ast.BinOp,
    ast.BitOr,
    ast.Constant,
    ast.Load,
)
_TYPING_NAMES = frozenset(typing.__all__)
_BUILTIN_TYPES = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type)
)


def _is_offered(target: Target) -> bool:
    return bool(target.tree.annotation_slots(target.function))


async def _write(target: Target, model: LocalModel, refused: str) -> tuple[TextEdit, ...]:
    document, function = target.document, target.function
    context = function_context(document, target.tree, function)
    start = function.definition_span.start
    variables = {
        "language": target.language.title,
        "fence": target.language.fence,
        "code": context.code,
        "imports": context.imports,
        "refused": refused,
    }
    edits: list[TextEdit] = []
    written = ""
    position = start
    for slot in target.tree.annotation_slots(function):
        written += document.text[position : slot.span.start]
        reply = await model.ask(
            "actions/add_type_hints",
            variables | {"opening": written + slot.opening.rstrip()},
            Priority.ACTION,
            max_tokens=_MOST_TOKENS,
            enough=lambda text: _type_end(text) < len(text),
        )
        written_type = reply.text[: _type_end(reply.text)].strip()
        position = slot.span.start
        if _is_type(written_type, target):
            edits.append(TextEdit(slot.span, slot.opening + written_type + slot.closing))
            written += edits[-1].new_text
            position = slot.span.end
    if not edits:
        raise UnusableReplyError("no type could be found with confidence")
    needed = _needed_imports(edits, target)
    return (*needed, *edits)


def _type_end(text: str) -> int:
    """Return where the type expression at the start of `text` ends."""
    depth = 0
    for index, letter in enumerate(text):
        if letter in "([{":
            if letter == "{" and depth == 0 and text[:index].strip():
                return index  # the body of a TypeScript function
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if depth < 0:
                return index
        elif depth == 0 and (letter in ",=;:#\n" and text[:index].strip()):
            # `=>` belongs to a function type of TypeScript.
            if text[index : index + 2] != "=>" or not text[:index].rstrip().endswith(")"):
                return index
    return len(text)


def _is_type(text: str, target: Target) -> bool:
    if not text or "\n" in text:
        return False
    if target.language.id != "python":
        return re.fullmatch(r"[\w\s.<>\[\]|&(),:;?{}=>\"'-]+", text) is not None
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        if not isinstance(node, _TYPE_NODES):
            return False
        if isinstance(node, ast.Constant) and node.value is not None and node.value is not Ellipsis:
            return False
        if isinstance(node, ast.Name) and not _is_known(node.id, target):
            return False
    return True


def _is_known(name: str, target: Target) -> bool:
    return name in _BUILTIN_TYPES or name in _TYPING_NAMES or name in _names_of(target.tree, target)


def _names_of(tree: SyntaxTree, target: Target) -> set[str]:
    """Return the names that the file imports, and the classes it defines."""
    text = target.document.text
    names: set[str] = set()
    for span in tree.imports():
        names |= set(re.findall(r"\w+", text[span.start : span.end]))
    return names | set(re.findall(r"^class\s+(\w+)", text, re.MULTILINE))


def _needed_imports(edits: list[TextEdit], target: Target) -> tuple[TextEdit, ...]:
    """Return the edit that imports names of `typing` which the file does not have yet."""
    if target.language.id != "python":
        return ()
    used = {name for edit in edits for name in re.findall(r"(?<![.\w])[A-Za-z_]\w*", edit.new_text)}
    names = used & _TYPING_NAMES - _names_of(target.tree, target) - _BUILTIN_TYPES
    if not names:
        return ()
    imports = target.tree.imports()
    line_end = target.document.line_end
    statement = f"from typing import {', '.join(sorted(names))}"
    if imports:
        return (TextEdit(Span(imports[-1].end, imports[-1].end), line_end + statement),)
    return (TextEdit(Span(0, 0), statement + line_end + line_end),)


ADD_TYPE_HINTS = Action(
    id="add_type_hints",
    title="Add type hints",
    kind="refactor.rewrite.addTypeHints",
    summary="Fills the missing annotations of parameters and results; the body is never written.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, only_annotations_changed),
)
