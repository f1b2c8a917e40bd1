"""Findings while their file is edited: they move with their line and leave when it changes."""

import pytest

from qwen_lsp.features.review import Finding, moved_findings
from qwen_lsp.text import Document, Span

QUOTE = "return total / count"
CODE = f"def mean(total, count):\n    {QUOTE}\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def", "# The middle.\ndef"),
        ("    return", "    \n    return"),
        ("    return", "        return"),
        (f"{QUOTE}\n", f"{QUOTE}\n\n"),
        (f"{QUOTE}\n", f"{QUOTE}\n    # No more.\n"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_it_stays_with_its_line(old: str, new: str, line_end: str) -> None:
    (finding,) = _after(CODE, CODE.replace(old, new), line_end)
    assert finding.quote == QUOTE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return", "# return"),
        ("return", "if count:\n        return 0 if not total else"),
        ("count\n", "count or 1\n"),
        ("total /", "total //"),
        (f"    {QUOTE}\n", ""),
        ("):\n    ", "): "),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_it_leaves_when_its_line_changes(old: str, new: str, line_end: str) -> None:
    assert _after(CODE, CODE.replace(old, new), line_end) == []


def _after(before: str, after: str, line_end: str) -> list[Finding]:
    texts = [text.replace("\n", line_end) for text in (before, after)]
    old, new = (Document("file:///a.py", "a.py", "python", 1, text) for text in texts)
    start = old.text.index(QUOTE)
    finding = Finding("crash", "error", "", Span(start, start + len(QUOTE)), QUOTE, "mean")
    found = moved_findings([finding], old, new)
    assert all(new.slice(one.span) == one.quote for one in found)
    return found
