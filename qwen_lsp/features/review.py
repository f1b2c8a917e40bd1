"""Review: what may be wrong in a function, with the line that shows it.

The reply is held to a schema in which the line can only be one of the function's own, so a finding
always points at code that exists. Then a second look: the line is taken out and the model fills
the hole. Where it writes the same line again, it has nothing better, and the finding is dropped.
"""

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from qwen_lsp.context.function import function_context, shown_code
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.context.secrets_files import is_secret_file
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import Site, Target
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Document, Span, TextEdit, apply_edits, smallest_edit

_log = logging.getLogger(__name__)

Severity = Literal["error", "warning", "information", "hint"]
SEVERITIES: tuple[Severity, ...] = ("hint", "information", "warning", "error")
# The codes of findings, how much each weighs, and what it means; docs/actions.md prints them.
CATEGORIES: dict[str, tuple[Severity, str]] = {
    "off-by-one": ("warning", "An index, range or bound is one too small or too large."),
    "wrong-condition": ("warning", "A condition is true or false in the wrong case."),
    "missing-case": ("warning", "An input is not handled."),
    "wrong-result": ("warning", "A wrong value is computed or returned."),
    "crash": ("error", "An input raises an error that nobody expects."),
    "resource-leak": ("warning", "Something that was opened or taken is not given back."),
    "other": ("information", "Another bug."),
}
_MOST_FINDINGS = 2
_MOST_LINES = 200
_LINE_TOKENS = 48


@dataclass(frozen=True)
class Finding:
    """One thing that may be wrong.

    `span` holds `quote`, the code that shows it; `instead` is what the model would write there.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    quote: str
    function: str
    instead: str = ""


async def review_function(
    target: Target, model: LocalModel, settings: ReviewSettings
) -> list[Finding]:
    """Return the findings in one function; raises EngineError."""
    lines = _quotable_lines(target)
    if not lines or len(lines) > _MOST_LINES:
        return []
    document, function = target.document, target.function
    if is_secret_file(document.path) or holds_secret(shown_code(document, target.tree, function)):
        _log.info("%s is not reviewed: it holds what looks like a key or token", function.name)
        return []
    variables = {
        "language": target.language.title,
        "fence": target.language.fence,
        "code": function_context(target.document, target.tree, target.function).code,
        "path": target.document.path,
        "reply_language": settings.language,
    }
    reply = await model.ask("review/find", variables, Priority.REVIEW, schema=_schema(list(lines)))
    findings: list[Finding] = []
    for quote, category in _found(reply.text, lines):
        severity = CATEGORIES[category][0]
        if SEVERITIES.index(severity) < SEVERITIES.index(settings.min_severity):
            continue
        instead = await _second_look(target, model, lines[quote])
        if not instead:
            continue
        message = await _message(
            model, variables | {"quote": quote, "instead": instead, "category": category}
        )
        name = target.function.qualified_name
        findings.append(Finding(category, severity, message, lines[quote], quote, name, instead))
    return findings


def functions_to_review(document: Document) -> list[Target]:
    """Return the functions of a file; one inside another is reviewed as part of the outer one."""
    language = language_for_id(document.language_id)
    if language is None:
        return []
    tree = parse(language, document.text)
    targets: list[Target] = []
    for function in tree.functions():
        # They come in the order of the text, so only the last one can hold the next.
        inside = targets and targets[-1].function.span.contains(function.span)
        if function.body_span is not None and not inside:
            site = Site(document, language, tree, function.definition_span)
            targets.append(Target(site, function))
    return targets


def moved_findings(findings: Sequence[Finding], before: Document, after: Document) -> list[Finding]:
    """Return the findings as they stand after an edit; those whose code was changed are gone."""
    edit = smallest_edit(before.text, after.text)
    if edit is None:
        return list(findings)
    shift = len(edit.new_text) - (edit.span.end - edit.span.start)
    kept: list[Finding] = []
    for finding in findings:
        span = finding.span
        is_new_line = edit.new_text.startswith(("\n", "\r"))
        if edit.span.start > span.end or (edit.span.start == span.end and is_new_line):
            kept.append(finding)
        elif edit.span.end <= span.start:
            moved = Span(span.start + shift, span.end + shift)
            line_start = after.lines.start(after.lines.line_of(moved.start))
            is_alone = not after.text[line_start : moved.start].strip()
            if is_alone and after.slice(moved) == finding.quote:
                kept.append(replace(finding, span=moved))
    return kept


async def _message(model: LocalModel, variables: dict[str, Any]) -> str:
    """Return the sentence of a finding; a model that explains badly is not asked for one."""
    instead = variables["instead"]
    if not model.explains:
        what = variables["category"].replace("-", " ").replace("other", "bug")
        return f"Possible {what}: the model would write `{instead}` here."
    reply = await model.ask("review/explain", variables, Priority.REVIEW)
    sentence = reply.text.strip().rstrip(".") or CATEGORIES[variables["category"]][1].rstrip(".")
    return f"{sentence}. Perhaps: {instead}"


async def _second_look(target: Target, model: LocalModel, span: Span) -> str:
    """Return the line that the model writes in place of `span`, empty where it agrees."""
    document, function = target.document, target.function.definition_span
    before = document.text[function.start : span.start]
    reply = await model.ask(
        "complete",
        {
            "scope": "",
            "prefix": "",
            "middle": before.rstrip(" \t"),
            "suffix": document.text[span.end : function.end],
            "related": (),
            "repository": "",
            "path": document.path,
        },
        Priority.REVIEW,
        max_tokens=_LINE_TOKENS,
        enough=lambda text: "\n" in text.strip(),
    )
    line = reply.text.strip().partition("\n")[0].strip()
    # Writing the line below says that this one is superfluous; to write it twice would be worse.
    below = document.text[span.end : function.end].strip().partition("\n")[0]
    comment = re.escape(target.language.line_comment)
    bare, *known = (
        re.sub(rf"(?<!\S){comment}.*|\s", "", code) for code in (line, document.slice(span), below)
    )
    return "" if bare in known else line


def _quotable_lines(target: Target) -> dict[str, Span]:
    """Return the lines of the function that say something, with the place where each first is."""
    document, span = target.document, target.function.definition_span
    lines = document.lines
    found: dict[str, Span] = {}
    docstring = target.function.docstring_span
    body = target.function.body_span or span
    for line in range(lines.line_of(body.start), lines.line_of(body.end) + 1):
        text = lines.text(line)
        start = lines.start(line) + len(text) - len(text.lstrip())
        quote = text.strip()
        if len(re.sub(r"\W", "", quote)) < 2 or target.tree.in_comment(start + 1):
            continue
        if start < body.start or (docstring is not None and docstring.touches(start)):
            continue
        found.setdefault(quote, Span(start, start + len(quote)))
    return found


def _schema(lines: list[str]) -> dict[str, Any]:
    properties = {"line": {"enum": lines}, "category": {"enum": list(CATEGORIES)}}
    item = {"type": "object", "properties": properties, "required": list(properties)}
    findings = {"type": "array", "maxItems": _MOST_FINDINGS, "items": item}
    return {"type": "object", "properties": {"findings": findings}, "required": ["findings"]}


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


def quick_fix(document: Document, finding: Finding) -> TextEdit | None:
    """Return the edit that puts what the model would write in place of the quoted line.

    None where the document would have more syntax errors after it.
    """
    language = language_for_id(document.language_id)
    if language is None or not finding.instead:
        return None
    edit = TextEdit(finding.span, finding.instead)
    before, after = (
        count_syntax_errors(parse(language, text))
        for text in (document.text, apply_edits(document.text, [edit]))
    )
    return edit if after <= before else None
