"""A finding: what it says, where it stays while the file is edited, and its quick fix."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Document, Span, TextEdit, apply_edits, smallest_edit

Severity = Literal["error", "warning", "information", "hint"]
SEVERITIES: tuple[Severity, ...] = ("hint", "information", "warning", "error")
# The codes of findings, how much each weighs, and what it means; docs/actions.md prints them.
CATEGORIES: dict[str, tuple[Severity, str]] = {
    "broken-example": ("error", "An example in the documentation has another result."),
    "off-by-one": ("warning", "An index, range or bound is one too small or too large."),
    "wrong-condition": ("warning", "A condition is true or false in the wrong case."),
    "missing-case": ("warning", "An input is not handled."),
    "wrong-result": ("warning", "A wrong value is computed or returned."),
    "crash": ("error", "An input raises an error that nobody expects."),
    "resource-leak": ("warning", "Something that was opened or taken is not given back."),
    "no-effect": ("warning", "Code that does nothing, or a value that is never used."),
    "other": ("information", "Another bug."),
}
_SAME_WORDS = 0.8


@dataclass(frozen=True)
class Finding:
    """One thing that may be wrong.

    `span` holds `quote`, the code that shows it; `instead` is what might stand there in its place.
    """

    code: str
    severity: Severity
    message: str
    span: Span
    quote: str
    function: str
    instead: str = ""


@dataclass(frozen=True)
class Known:
    """What another tool has said already about a place in the file."""

    span: Span
    message: str


def is_severe_enough(code: str, settings: ReviewSettings) -> bool:
    """Say whether findings with a code are wanted."""
    return SEVERITIES.index(CATEGORIES[code][0]) >= SEVERITIES.index(settings.min_severity)


def merged(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings in their order, without what says nearly the same as one before it."""
    kept: list[Finding] = []
    for finding in findings:
        if not any(_is_same(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _is_same(one: Finding, other: Finding) -> bool:
    if one.function != other.function:
        return False
    overlap = one.span.start < other.span.end and other.span.start < one.span.end
    ratio = difflib.SequenceMatcher(None, one.message, other.message, autojunk=False).ratio()
    return overlap or (one.code == other.code and one.quote == other.quote and ratio > _SAME_WORDS)


def not_known(
    findings: Sequence[Finding], known: Sequence[Known], document: Document
) -> list[Finding]:
    """Return the findings on whose lines no other tool has said anything."""
    line_of = document.lines.line_of
    taken = {
        line
        for one in known
        if one.span.end <= len(document.text)
        for line in range(line_of(one.span.start), line_of(one.span.end) + 1)
    }
    return [finding for finding in findings if line_of(finding.span.start) not in taken]


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


def quick_fix(document: Document, finding: Finding) -> TextEdit | None:
    """Return the edit that puts what should stand there in place of the quoted line.

    None where there is nothing to put there, or where the document would have more syntax errors
    or other functions after it.
    """
    language = language_for_id(document.language_id)
    if language is None or not finding.instead:
        return None
    edit = TextEdit(finding.span, finding.instead)
    before, after = (
        parse(language, text) for text in (document.text, apply_edits(document.text, [edit]))
    )
    names_before, names_after = (
        [function.qualified_name for function in tree.functions()] for tree in (before, after)
    )
    is_sound = count_syntax_errors(after) <= count_syntax_errors(before)
    return edit if is_sound and names_before == names_after else None
