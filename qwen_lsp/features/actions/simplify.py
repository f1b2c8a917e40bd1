"""Simplify: the same function, shorter and easier to read.

The signature is given to the model as the beginning of its reply, so only the body is rewritten.
Whether the new body does the same is for the user to judge: the edit is shown before it is made.
"""

from qwen_lsp.context.function import function_context, indented
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Action, Target, UnusableReplyError, prompt_variables
from qwen_lsp.features.checks import keeps_docstring, parses, same_functions
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import parse
from qwen_lsp.text import TextEdit, smallest_edit

_LEAST_LINES = 3
_MOST_LINES = 120


def _is_offered(target: Target) -> bool:
    lines = target.document.slice(target.function.definition_span).split("\n")
    indent = target.function.indent
    # A line that stands left of the function (in a long string) cannot be indented back.
    stands_out = any(line.strip() and not line.startswith(indent) for line in lines[1:])
    return _LEAST_LINES <= len(lines) <= _MOST_LINES and not stands_out


async def _write(target: Target, model: LocalModel, refused: str) -> tuple[TextEdit, ...]:
    document, function = target.document, target.function
    context = function_context(document, target.tree, function)
    body_margin = _first_line_below(context.code, context.signature)
    opening = context.signature + body_margin
    reply = await model.ask(
        "actions/simplify",
        prompt_variables(target, context, refused) | {"opening": opening},
        Priority.ACTION,
    )
    if reply.generation.finish == "length":
        raise UnusableReplyError("the reply was too long")
    code = _first_function(opening + reply.text.replace("\r\n", "\n"), target)
    old = document.slice(function.definition_span)
    edit = smallest_edit(
        old,
        indented(code, function.indent, document.line_end),
        function.definition_span.start,
    )
    return (edit,) if edit is not None else ()


def _first_line_below(code: str, signature: str) -> str:
    """Return what stands between the signature and the body: a brace, a line end."""
    rest = code[len(signature) :]
    head, line_end, _ = rest.partition("\n")
    return head + line_end if line_end and len(head.strip()) <= 1 else ""


def _first_function(code: str, target: Target) -> str:
    """Return the first function of `code`: a small model likes to go on and show its use."""
    start = "<?php\n" if target.language.id == "php" else ""
    # Some grammars know a method only inside a class.
    for prefix in (start, f"{start}class Around {{\n"):
        functions = parse(target.language, prefix + code).functions()
        if functions and functions[0].name == target.function.name:
            span = functions[0].definition_span
            rest = (prefix + code)[span.end :].lstrip("\r\n")
            if target.language.block_style == "indent" and rest[:1].isspace():
                raise UnusableReplyError("the indentation is wrong")
            return (prefix + code)[span.start : span.end].rstrip()
    return code.rstrip()


SIMPLIFY = Action(
    id="simplify",
    title="Simplify",
    kind="refactor.rewrite.simplify",
    summary="Rewrites the body of a function; its name, parameters and documentation stay.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, same_functions, keeps_docstring),
)
