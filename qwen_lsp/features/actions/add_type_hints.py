"""Add type hints: every missing annotation is a slot that the model fills, one after the other.

The signature is written up to a slot, the model goes on from there until the type ends, and so
forth. The body is never written, so it cannot change. A type that is no type expression, or that
uses a name which the file does not have, leaves its slot empty.
"""

from qwen_lsp.context.function import function_context, without_indent
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import (
    Draft,
    Target,
    UnusableReplyError,
    function_action,
    prompt_variables,
)
from qwen_lsp.features.actions.type_expressions import type_end, usable_type
from qwen_lsp.features.actions.typing_import import typing_import
from qwen_lsp.features.checks import only_annotations_changed, parses
from qwen_lsp.features.model import LocalModel
from qwen_lsp.text import TextEdit

_MOST_TOKENS = 32


def _is_offered(target: Target) -> bool:
    return bool(target.tree.annotation_slots(target.function))


async def _write(target: Target, model: LocalModel, refused: str) -> Draft:
    document, function = target.document, target.function
    context = function_context(document, target.tree, function)
    variables = prompt_variables(target, context, refused) | {"imports": context.imports}
    edits: list[TextEdit] = []
    types: list[str] = []
    written = ""
    position = function.definition_span.start
    for slot in target.tree.annotation_slots(function):
        written += document.text[position : slot.span.start]
        opening = without_indent(written + slot.opening, function.indent)
        reply = await model.ask(
            "actions/add_type_hints",
            variables | {"opening": opening.rstrip()},
            Priority.ACTION,
            max_tokens=_MOST_TOKENS,
            enough=lambda text: type_end(text) < len(text),
        )
        written_type = usable_type(reply.text[: type_end(reply.text)].strip(), slot, target)
        position = slot.span.start
        if written_type:
            edits.append(TextEdit(slot.span, slot.opening + written_type + slot.closing))
            types.append(written_type)
            written += edits[-1].new_text
            position = slot.span.end
    if not edits:
        raise UnusableReplyError("no type could be found with confidence")
    needed = typing_import(types, target)
    return Draft((*needed, *edits))


ADD_TYPE_HINTS = function_action(
    id="add_type_hints",
    title="Add type hints",
    kind="refactor.rewrite.addTypeHints",
    summary="Fills the missing annotations of parameters and results; the body is never written.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, only_annotations_changed),
)
