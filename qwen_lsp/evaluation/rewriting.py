"""The same model asked to write a function again, with annotations: what slots are compared with.

A plain conversation, the likeliest token each time, and the annotations are read from its reply.
Two examples come first: without them the 0.5B model gives a function without parameters back as it
was.
"""

import ast
import re
import time
import warnings
from dataclasses import dataclass

from qwen_lsp.context.function import function_context, without_indent
from qwen_lsp.engine.requests import Chat, Engine, GenerateRequest, Generation, Message, Priority
from qwen_lsp.features.actions import Target
from qwen_lsp.languages import parse

_SYSTEM = "You are a helpful coding assistant."
_QUESTION = (
    "Add type annotations to all parameters and to the return value of this {language} function. "
    "Change nothing else. Reply with the annotated function only.\n\n```{fence}\n{code}\n```"
)
_EXAMPLES = (
    (
        """def scale(values, factor=2):
    return [value * factor for value in values]""",
        """def scale(values: list[int], factor: int = 2) -> list[int]:
    return [value * factor for value in values]""",
    ),
    ('def version():\n    return "1.0"', 'def version() -> str:\n    return "1.0"'),
)
_CHARACTERS_A_TOKEN = 2.5
_MORE_TOKENS = 96
_MOST_TOKENS = 1024


@dataclass(frozen=True)
class Rewritten:
    """The types in a reply by slot, empty for the result, and whether the body became another."""

    types: dict[str, str]
    changed_body: bool
    generation: Generation
    ms: float


async def rewrite(target: Target, engine: Engine) -> Rewritten:
    """Ask for the annotated function; raises EngineError."""
    context = function_context(target.document, target.tree, target.function)
    code = f"{context.imports}\n\n\n{context.code}" if context.imports else context.code
    fence = target.language.fence
    messages = [Message("system", _SYSTEM)]
    for before, after in _EXAMPLES:
        messages += [_question(before, target), Message("assistant", f"```{fence}\n{after}\n```")]
    messages.append(_question(code, target))
    tokens = int(len(context.code) / _CHARACTERS_A_TOKEN) + _MORE_TOKENS
    request = GenerateRequest(
        Chat(tuple(messages), f"```{fence}\n"),
        min(tokens, _MOST_TOKENS),
        Priority.ACTION,
        stops=("```",),
    )
    began = time.monotonic()
    generation = await engine.generate(request)
    ms = (time.monotonic() - began) * 1000
    return Rewritten(*_read(generation.text, target), generation, ms)


def _question(code: str, target: Target) -> Message:
    language = target.language
    text = _QUESTION.format(language=language.title, fence=language.fence, code=code)
    return Message("user", text)


def _read(reply: str, target: Target) -> tuple[dict[str, str], bool]:
    """Return the types of the function in a reply, and whether its body is another one."""
    wanted = target.function
    tree = parse(target.language, reply)
    found = [one for one in tree.functions() if one.name == wanted.name]
    if not found:
        return {}, True
    function = found[0]
    signature = reply[function.signature_span.start : function.signature_span.end]
    before = target.document.text[wanted.signature_span.end : wanted.definition_span.end]
    after = reply[function.signature_span.end : function.definition_span.end]
    shapes = [
        parse(target.language, "def f():" + without_indent(body, indent)).shape()
        for body, indent in ((before, wanted.indent), (after, function.indent))
    ]
    return annotations_of(without_indent(signature, function.indent)), shapes[0] != shapes[1]


def annotations_of(signature: str) -> dict[str, str]:
    """Return the annotations of a Python signature by parameter, empty for the result."""
    header = re.sub(r":\s*\Z", "", signature.strip())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            (node,) = ast.parse(f"{header}: ...").body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}
    given = node.args
    starred = [one for one in (given.vararg, given.kwarg) if one is not None]
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs, *starred]
    found = {one.arg: ast.unparse(one.annotation) for one in parameters if one.annotation}
    return found | ({"": ast.unparse(node.returns)} if node.returns else {})
