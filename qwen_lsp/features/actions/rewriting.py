"""Asking for a whole function, and finding it in the reply.

A small model likes to go on and show how its function is used, and writes in its own style: only
the function is taken, and is fitted to the file.
"""

from qwen_lsp.context.function import dedented, function_context, indented
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Draft, Target, UnusableReplyError, prompt_variables
from qwen_lsp.features.actions.needed_imports import needed_imports, with_imports
from qwen_lsp.features.fitting import fitted
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import parse
from qwen_lsp.text import Span, TextEdit, apply_edits, smallest_edit

_LEAST_LINES = 3
_MOST_LINES = 120


def can_be_rewritten(target: Target, least_lines: int = _LEAST_LINES) -> bool:
    """Say whether a function has a length that a small model can write as a whole."""
    lines = target.document.slice(target.function.definition_span).split("\n")
    indent = target.function.indent
    # A line that stands left of the function (in a long string) cannot be indented back.
    stands_out = any(line.strip() and not line.startswith(indent) for line in lines[1:])
    has_body = target.function.body_span is not None
    return has_body and least_lines <= len(lines) <= _MOST_LINES and not stands_out


async def rewritten_function(
    target: Target,
    model: LocalModel,
    template_id: str,
    refused: str,
    *,
    keeps_signature: bool = True,
    **variables: str,
) -> Draft:
    """Return the edit that puts the function of the model's reply in the place of the old one.

    With `keeps_signature` it is given to the model as the beginning of its reply, so that only
    the body is written anew. Otherwise the decorators are written anew as well.
    """
    document, function = target.document, target.function
    context = function_context(document, target.tree, function)
    if keeps_signature:
        span, old = function.definition_span, context.code
        opening = context.signature + _first_line_below(old, context.signature)
    else:
        span, opening = function.span, ""
        old = dedented(document, span, function.indent)
    told = prompt_variables(target, context, refused) | {"code": old, "opening": opening}
    reply = await model.ask(template_id, told | variables, Priority.ACTION)
    if reply.generation.finish == "length":
        raise UnusableReplyError("the reply was too long")
    written = opening + reply.lines
    code = fitted(
        _function_in(written, target, keeps_signature), old, document.text, target.language
    )
    edit = _edit(target, span, code)
    if edit is not None and target.language.id == "python":
        after = apply_edits(document.text, [edit])
        imports = needed_imports(written, document.text, after)
        edit = _edit(target, span, with_imports(code, imports)) if imports else edit
    return Draft((edit,) if edit is not None else ())


def _edit(target: Target, span: Span, code: str) -> TextEdit | None:
    document = target.document
    new = indented(code, target.function.indent, document.line_end)
    return smallest_edit(document.slice(span), new, span.start)


def _first_line_below(code: str, signature: str) -> str:
    """Return what stands between the signature and the body: a brace, a line end."""
    rest = code[len(signature) :]
    head, line_end, _ = rest.partition("\n")
    return head + line_end if line_end and len(head.strip()) <= 1 else ""


def _function_in(code: str, target: Target, keeps_signature: bool) -> str:
    """Return the function of that name in `code`, or all of it where there is none.

    Where the signature may change, a function of another name counts at the very beginning.
    """
    start = "<?php\n" if target.language.id == "php" else ""
    # Some grammars know a method only inside a class.
    for prefix in (start, f"{start}class Around {{\n"):
        whole = prefix + code
        first = len(whole) - len(code.lstrip())
        for function in parse(target.language, whole).functions():
            span = function.definition_span if keeps_signature else function.span
            is_it = function.name == target.function.name
            if is_it or (not keeps_signature and span.start == first):
                rest = whole[span.end :].lstrip("\r\n")
                if target.language.block_style == "indent" and rest[:1].isspace():
                    raise UnusableReplyError("the indentation is wrong")
                return whole[span.start : span.end].rstrip()
    return code.strip("\n").rstrip()
