"""Inline function: a call becomes the code of the function that it calls, in the same file.

The model is not asked: everything follows from the syntax (`languages.inlining`).
"""

from qwen_lsp.features.actions.base import Action, Draft, RefusalError, Site
from qwen_lsp.features.actions.moved_code import indent_of_line, moved
from qwen_lsp.features.checks import keeps_names, parses, rest_reads_the_same
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import CannotMoveError, Inlining
from qwen_lsp.text import Span, TextEdit

_TITLE = "Inline this call"


def _is_offered(site: Site) -> bool:
    called = site.tree.called_name(site.selection.start)
    return any(function.name == called for function in site.tree.functions())


async def _write(site: Site, model: LocalModel, refused: str) -> Draft:
    del model, refused
    try:
        plan = site.tree.inlining(site.selection.start)
    except CannotMoveError as error:
        raise RefusalError(f"{_TITLE}: {error}.") from error
    return Draft((TextEdit(plan.replaced, _new_text(plan, site)),))


def _new_text(plan: Inlining, site: Site) -> str:
    document = site.document
    indent = indent_of_line(document, plan.replaced.start)

    def moved_text(span: Span) -> str:
        return moved(document, site.tree, span, indent, plan.changes)

    value = moved_text(plan.value) if plan.value is not None else ""
    value = f"({value})" if plan.in_brackets and value else value
    if not plan.whole:
        return value
    is_python = site.language.id == "python"
    stop = ";" if not is_python and document.slice(plan.replaced).endswith(";") else ""
    parts = [
        f"{text} = {given}"
        if is_python
        else f"{'let' if again else 'const'} {text} = {given}{stop}"
        for text, given, again in plan.bindings
    ]
    parts += [moved_text(plan.body)] if plan.body is not None else []
    rest = plan.before + value + plan.after
    parts += [rest] if rest.strip(";") else []
    text = (document.line_end + indent).join(parts) or ("pass" if is_python else ";")
    line = document.lines.line_of(plan.replaced.start)
    before = document.text[document.lines.start(line) : plan.replaced.start]
    if before.strip() and ("\n" in text or "\r" in text):
        raise RefusalError(f"{_TITLE}: the call shares its line with other code.")
    return text


INLINE_FUNCTION = Action(
    id="inline_function",
    title="Inline this call",
    kind="refactor.inline.function",
    summary="Puts the body of a function of the same file in place of a call; no model is asked.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, rest_reads_the_same, keeps_names),
    asks_model=False,
)
