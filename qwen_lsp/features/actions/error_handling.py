"""Add error handling: what a function did stays, with checks and handlers added around it."""

import re

from qwen_lsp.features.actions.base import Draft, Target, function_action
from qwen_lsp.features.actions.rewriting import can_be_rewritten, rewritten_function
from qwen_lsp.features.checks import (
    comments_kept,
    keeps_docstring,
    keeps_statements,
    names_are_defined,
    parses,
    same_functions,
    style_kept,
    unchanged_outside,
)
from qwen_lsp.features.model import LocalModel

_LEAST_LINES = 2


def _is_offered(target: Target) -> bool:
    language = target.language
    signature = target.document.slice(target.function.signature_span)
    # Without an error in its result, a function of such a language would need another signature.
    hands_on = re.search(rf"\b{language.error_result}\b", signature) is not None
    return bool(language.error_handling) and hands_on and can_be_rewritten(target, _LEAST_LINES)


async def _write(target: Target, model: LocalModel, refused: str) -> Draft:
    way = target.language.error_handling
    return await rewritten_function(target, model, "actions/error_handling", refused, way=way)


ERROR_HANDLING = function_action(
    id="error_handling",
    title="Add error handling",
    kind="refactor.rewrite.errorHandling",
    summary="Adds checks and handlers to a function; all its statements stay, in their order.",
    is_offered=_is_offered,
    write=_write,
    checks=(
        parses,
        unchanged_outside,
        same_functions,
        names_are_defined,
        keeps_docstring,
        keeps_statements,
        comments_kept,
        style_kept,
    ),
    rewrites_code=True,
)
