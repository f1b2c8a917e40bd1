"""Fix a diagnostic of another tool: the function around it, with the place put right.

The site's selection is where the diagnostic is, and its instruction is what it says.
"""

from qwen_lsp.features.actions.base import (
    Action,
    Draft,
    Site,
    UnusableReplyError,
)
from qwen_lsp.features.actions.rewriting import can_be_rewritten, rewritten_function
from qwen_lsp.features.checks import keeps_docstring, names_are_defined, parses, same_functions
from qwen_lsp.features.model import LocalModel

_LEAST_LINES = 2


def _is_offered(site: Site) -> bool:
    target = site.target
    return bool(site.instruction) and target is not None and can_be_rewritten(target, _LEAST_LINES)


async def _write(site: Site, model: LocalModel, refused: str) -> Draft:
    target = site.target
    if target is None:
        raise UnusableReplyError("there is no function here")
    document = site.document
    lines = document.lines
    first, last = (lines.line_of(place) for place in (site.selection.start, site.selection.end))
    draft = await rewritten_function(
        target,
        model,
        "actions/fix_diagnostic",
        refused,
        instruction=site.instruction,
        line=lines.text(first).strip(),
    )
    touched = any(
        lines.line_of(edit.span.start) <= last and first <= lines.line_of(edit.span.end)
        for edit in draft.edits
    )
    if draft.edits and not touched:
        raise UnusableReplyError("the line with the problem is as it was")
    return draft


FIX_DIAGNOSTIC = Action(
    id="fix_diagnostic",
    title="Fix",
    kind="quickfix",
    summary="Rewrites the body of a function so that another tool's diagnostic in it goes away.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, same_functions, names_are_defined, keeps_docstring),
)
