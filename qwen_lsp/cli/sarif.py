"""Findings as SARIF 2.1.0, which code hosts and CI systems read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qwen_lsp import __version__
from qwen_lsp.features.review import CATEGORIES, Finding
from qwen_lsp.text import Document

_LEVELS = {"error": "error", "warning": "warning", "information": "note", "hint": "note"}


def sarif(found: Iterable[tuple[Document, Finding]]) -> dict[str, Any]:
    """Return one SARIF log with one run. Columns count code points."""
    rules = [
        {"id": code, "shortDescription": {"text": meaning}}
        for code, (_, meaning) in CATEGORIES.items()
    ]
    driver = {"name": "qwen-lsp", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(document, finding) for document, finding in found],
            }
        ],
    }


def _result(document: Document, finding: Finding) -> dict[str, Any]:
    lines = document.lines
    first, last = lines.line_of(finding.span.start), lines.line_of(finding.span.end)
    region = {
        "startLine": first + 1,
        "startColumn": finding.span.start - lines.start(first) + 1,
        "endLine": last + 1,
        "endColumn": finding.span.end - lines.start(last) + 1,
    }
    is_absolute = Path(document.path).is_absolute()
    uri = document.uri if is_absolute else quote(document.path)
    place = {"artifactLocation": {"uri": uri}, "region": region}
    return {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    }
