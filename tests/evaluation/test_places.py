"""Random places of real files, and what counts as harm there."""

from pathlib import Path

import pytest

from qwen_lsp.evaluation.places import Tried, choose, harm_of, summary
from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.text import Document, Span


@pytest.mark.parametrize(
    ("marked", "text", "harm"),
    [
        ("x = |\n", "1", ""),
        ("total(|)\n", "(", "1 syntax errors in a file that had none"),
        ("if x:\n    |\n    go_home()\n", "go_home()", "the line below is doubled"),
        ("|go_home()\n", "go_home()\n", "the rest of the line is doubled"),
        ("|go_home()\n", "go_away()\n", ""),
        ("if x:\n    |\ngo_home()\n", "go_home()", ""),
    ],
)
def test_harm(marked: str, text: str, harm: str) -> None:
    offset = marked.index("|")
    document = Document("file:///a", "a", "python", 1, marked.replace("|", ""))
    found = harm_of(document, offset, Suggestion(text, Span(offset, offset)))
    assert (found == "") == (harm == "")
    assert found.split()[1:] == harm.split()[1:]


def test_the_same_seed_gives_the_same_places(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n\ny = 2\n", encoding="utf-8")
    (tmp_path / "b.go").write_text("package b\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("no code", encoding="utf-8")
    first, second = (
        [(one.document.language_id, one.offset, one.kind) for one in choose([tmp_path], 10, 3)]
        for _ in range(2)
    )
    assert first == second
    assert {language for language, _, _ in first} == {"python", "go"}


def test_no_suggestion_is_counted_as_empty() -> None:
    tried = [Tried("a", "go", 0, "blank", text, harm) for text, harm in (("", ""), ("x", "bad"))]
    found = summary(tried)
    assert (found["suggestions"], found["empty"]) == (1, 1)
    assert [one["text"] for one in found["violations"]] == ["x"]
