"""What the syntax of Python shows, and what it leaves alone."""

import pytest

from qwen_lsp.features.review.by_syntax import find_by_syntax
from qwen_lsp.features.review.lines import functions_to_review
from qwen_lsp.text import Document


def found(
    body: str, head: str = "def f(x, y):", language: str = "English"
) -> list[tuple[str, str]]:
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    document = Document("file:///a.py", "a.py", "python", 1, f"{head}\n{lines}")
    return [
        (finding.code, finding.quote)
        for target in functions_to_review(document)
        for finding in find_by_syntax(target, language)
    ]


@pytest.mark.parametrize(
    ("body", "code", "quote"),
    [
        ("return x == x", "wrong-condition", "return x == x"),
        ("if x is 'a':\n    return y", "wrong-condition", "if x is 'a':"),
        ("x == y\nreturn x", "no-effect", "x == y"),
        ("x = x\nreturn x", "no-effect", "x = x"),
        ("return x\ny += 1", "no-effect", "y += 1"),
        (
            "if x:\n    return 1\nelif y:\n    return 2\nelif x:\n    return 3",
            "wrong-condition",
            "elif x:",
        ),
        (
            "for i in range(len(x) + 1):\n    y += x[i]\nreturn y",
            "off-by-one",
            "for i in range(len(x) + 1):",
        ),
        ("return f(x, y) + 1", "crash", "return f(x, y) + 1"),
    ],
)
def test_it_shows(body: str, code: str, quote: str) -> None:
    assert found(body) == [(code, quote)]


@pytest.mark.parametrize(
    "body",
    [
        "return x != x",
        "return x is None or y is True",
        "return x() == x()",
        "for i in range(len(x) + 1):\n    y += x[:i]\nreturn y",
        "for i in range(len(x) + 1):\n    if i < len(x):\n        y += x[i]\nreturn y",
        "return x\nyield",
        "while x:\n    return y\n    break",
        "if x():\n    return 1\nelif x():\n    return 2",
        "x = x - 1\nreturn f(x, y)",
        "return f(y, x)",
        "return (",
    ],
)
def test_it_leaves_alone(body: str) -> None:
    assert found(body) == []
