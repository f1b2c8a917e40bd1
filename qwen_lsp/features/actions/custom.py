"""Rewrite as I say: the function, or the selected lines outside of one, as the user wants them."""

import re

from qwen_lsp.context.function import indented, without_indent
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Action, Draft, Site, UnusableReplyError
from qwen_lsp.features.actions.rewriting import can_be_rewritten, rewritten_function
from qwen_lsp.features.checks import (
    names_are_defined,
    other_functions_stay,
    parses,
    style_kept,
    unchanged_outside,
)
from qwen_lsp.features.fitting import fitted
from qwen_lsp.features.model import LocalModel
from qwen_lsp.text import smallest_edit

_MOST_LINES = 120
_TEMPLATE = "actions/custom"
_MARGIN = re.compile(r"^([ \t]*)\S", re.MULTILINE)


def _is_offered(site: Site) -> bool:
    if site.target is not None:
        return can_be_rewritten(site.target, least_lines=1)
    code = site.document.slice(site.lines)
    is_selected = site.selection.start < site.selection.end
    return is_selected and bool(code.strip()) and code.count("\n") < _MOST_LINES


async def _write(site: Site, model: LocalModel, refused: str) -> Draft:
    instruction = site.instruction.strip()
    if site.target is not None:
        return await rewritten_function(
            site.target,
            model,
            _TEMPLATE,
            refused,
            keeps_signature=False,
            instruction=instruction,
        )
    return await _rewritten_lines(site, model, refused, instruction)


async def _rewritten_lines(site: Site, model: LocalModel, refused: str, instruction: str) -> Draft:
    old = site.document.slice(site.lines)
    margin = _MARGIN.search(old)
    indent = margin[1] if margin is not None else ""
    code = without_indent(old, indent)
    variables = {
        "language": site.language.title,
        "fence": site.language.fence,
        "code": code,
        "refused": refused,
        "opening": "",
        "instruction": instruction,
    }
    reply = await model.ask(_TEMPLATE, variables, Priority.ACTION)
    if reply.generation.finish == "length":
        raise UnusableReplyError("the reply was too long")
    new = fitted(
        reply.lines.strip("\n").rstrip(),
        code,
        site.document.text,
        site.language,
    )
    edit = smallest_edit(
        old, indent + indented(new, indent, site.document.line_end), site.lines.start
    )
    return Draft((edit,) if edit is not None else ())


CUSTOM = Action(
    id="custom",
    title="Rewrite as I say",
    kind="refactor.rewrite.custom",
    summary="Rewrites a function, or the selected lines outside of one, as an instruction says.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, unchanged_outside, other_functions_stay, names_are_defined, style_kept),
    rewrites_code=True,
    needs_instruction=True,
)
