"""Simplify: the same function, shorter and easier to read.

Whether the new body does the same is for the user to judge: the edit is shown before it is made.
"""

from qwen_lsp.features.actions.base import Draft, Target, function_action
from qwen_lsp.features.actions.rewriting import can_be_rewritten, rewritten_function
from qwen_lsp.features.checks import (
    comments_kept,
    is_shorter,
    keeps_docstring,
    names_are_defined,
    parses,
    same_functions,
    style_kept,
    unchanged_outside,
)
from qwen_lsp.features.model import LocalModel


async def _write(target: Target, model: LocalModel, refused: str) -> Draft:
    return await rewritten_function(target, model, "actions/simplify", refused)


SIMPLIFY = function_action(
    id="simplify",
    title="Simplify",
    kind="refactor.rewrite.simplify",
    summary="Rewrites the body of a function; its name, parameters and documentation stay.",
    is_offered=can_be_rewritten,
    write=_write,
    checks=(
        parses,
        unchanged_outside,
        same_functions,
        names_are_defined,
        keeps_docstring,
        comments_kept,
        style_kept,
        is_shorter,
    ),
    rewrites_code=True,
)
