"""Findings by the model: it is asked which line is wrong, and then looks at that line again.

The reply is held to a schema in which the line can only be one of the function's own, so a finding
always points at code that exists. Then the line is taken out and the model fills the hole. Where it
writes the same line again, it has nothing better, and the finding is dropped.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qwen_lsp.context.function import function_context
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.model import LocalModel, Reply
from qwen_lsp.features.review.finding import CATEGORIES, Finding, is_severe_enough
from qwen_lsp.features.review.lines import quotable_lines
from qwen_lsp.features.review.sentences import sentence
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Span

_MOST_FINDINGS = 2
_LINE_TOKENS = 48


async def find_by_model(
    target: Target, model: LocalModel, settings: ReviewSettings
) -> list[Finding]:
    """Return what the model finds in one function; raises EngineError and TemplateFileError."""
    lines = _first_of_each(target)
    if not lines:
        return []
    variables = _variables(target, settings)
    reply = await model.ask("review/find", variables, Priority.REVIEW, schema=_schema(list(lines)))
    findings: list[Finding] = []
    for quote, category in _found(reply.text, lines):
        if not is_severe_enough(category, settings):
            continue
        instead = (await look_again(target, model, lines[quote], scored=False)).instead
        if not instead:
            continue
        message = await _message(
            model, variables | {"quote": quote, "instead": instead, "category": category}
        )
        severity, name = CATEGORIES[category][0], target.function.qualified_name
        findings.append(Finding(category, severity, message, lines[quote], quote, name, instead))
    return findings


@dataclass(frozen=True)
class SecondLook:
    """What the model writes in the place of a line.

    `instead` is empty where it agrees with the line. `log_probability` is that of what it wrote.
    """

    instead: str
    log_probability: float


async def look_again(
    target: Target, model: LocalModel, span: Span, *, scored: bool = True
) -> SecondLook:
    """Take a line out and let the model fill the hole; raises EngineError.

    Where it is not `scored`, its probability is not known: not every engine tells it.
    """
    reply = await model.ask(
        "complete",
        _hole(target, span),
        Priority.REVIEW,
        max_tokens=_LINE_TOKENS,
        scored=scored,
        enough=lambda text: "\n" in text.strip(),
    )
    line = reply.text.strip().partition("\n")[0].strip()
    # Writing the line below says that this one is superfluous; to write it twice would be worse.
    function = target.function.definition_span
    below = target.document.text[span.end : function.end].strip().partition("\n")[0]
    comment = re.escape(target.language.line_comment)
    bare, *known = (
        re.sub(rf"(?<!\S){comment}.*|\s", "", code)
        for code in (line, target.document.slice(span), below)
    )
    return SecondLook("" if bare in known else line, _sum_of_scores(reply))


async def surprise(target: Target, model: LocalModel, span: Span, look: SecondLook) -> float:
    """Return how much likelier the model finds its own line than the one that is there.

    It is the difference of the logarithms. Raises EngineError.
    """
    lines, line = target.document.lines, target.document.lines.line_of(span.start)
    there = f"{target.document.text[lines.start(line) : span.end]}\n"
    grammar = f"root ::= {_literal(there)}"
    reply = await model.ask(
        "complete",
        _hole(target, span),
        Priority.REVIEW,
        max_tokens=len(there.encode()),
        scored=True,
        grammar=grammar,
    )
    return look.log_probability - _sum_of_scores(reply)


def _literal(text: str) -> str:
    """Return a text as llama.cpp's grammars write it."""
    return '"' + re.sub(r'[\x00-\x1f"\\]', lambda sign: f"\\x{ord(sign[0]):02X}", text) + '"'


def _sum_of_scores(reply: Reply) -> float:
    return sum(score.log_probability for score in reply.generation.scores)


def _hole(target: Target, span: Span) -> dict[str, Any]:
    document, function = target.document, target.function.definition_span
    return {
        "scope": "",
        "prefix": "",
        "middle": document.text[function.start : span.start].rstrip(" \t"),
        "suffix": document.text[span.end : function.end],
        "related": (),
        "repository": "",
        "path": document.path,
    }


def _first_of_each(target: Target) -> dict[str, Span]:
    """Return the lines that can be quoted, with the place where each first is."""
    found: dict[str, Span] = {}
    for span in quotable_lines(target):
        found.setdefault(target.document.slice(span), span)
    return found


def _variables(target: Target, settings: ReviewSettings) -> dict[str, Any]:
    return {
        "language": target.language.title,
        "fence": target.language.fence,
        "code": function_context(target.document, target.tree, target.function).code,
        "path": target.document.path,
        "reply_language": settings.language,
    }


async def _message(model: LocalModel, variables: dict[str, Any]) -> str:
    """Return the sentence of a finding; a model that explains badly is not asked for one."""
    instead, language = variables["instead"], variables["reply_language"]
    if not model.explains:
        what = variables["category"].replace("-", " ").replace("other", "bug")
        return sentence(language, "possible", what=what, instead=instead)
    reply = await model.ask("review/explain", variables, Priority.REVIEW)
    said = reply.text.strip().rstrip(".") or CATEGORIES[variables["category"]][1].rstrip(".")
    return f"{said}. {sentence(language, 'perhaps', instead=instead)}"


def _schema(lines: Sequence[str]) -> dict[str, Any]:
    properties = {"line": {"enum": lines}, "category": {"enum": model_categories()}}
    item = {"type": "object", "properties": properties, "required": list(properties)}
    findings = {"type": "array", "maxItems": _MOST_FINDINGS, "items": item}
    return {"type": "object", "properties": {"findings": findings}, "required": ["findings"]}


def model_categories() -> list[str]:
    """Return the codes that the model may give; the others are found without it."""
    return [code for code in CATEGORIES if code not in ("broken-example", "no-effect")]


def _found(text: str, lines: dict[str, Span]) -> list[tuple[str, str]]:
    """Return the quoted lines of a reply with their categories, each line once.

    A reply that was cut off in the middle, or quotes what is not there, has no findings.
    """
    try:
        raw: Any = json.loads(text)
        pairs = {str(finding["line"]): str(finding["category"]) for finding in raw["findings"]}
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [(quote, code) for quote, code in pairs.items() if quote in lines and code in CATEGORIES]
