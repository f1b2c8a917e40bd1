"""Which changes count as accepting a suggestion, and where the user is then."""

import pytest

from qwen_lsp.features.accepting import Served, place_behind
from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.text import Document, Span

TEXT = "f()\n"
SERVED = Suggestion("a)\ng(b)", Span(2, 3))
WHOLE = "f(a)\ng(b)\n"


def document(text: str) -> Document:
    return Document("file:///a.py", "a.py", "python", 1, text)


@pytest.mark.parametrize(
    ("before", "after", "accepted"),
    [
        (TEXT, WHOLE, True),
        ("f(a)\ng(b\n", WHOLE, True),
        (TEXT, "f(a)\n)\n", True),  # A line, and the bracket stays.
        (TEXT, "f(a)\n\n", True),  # A line in place of the bracket.
        ("f(a)\n", "f(a)\n\n", False),  # The last key of the line.
        (TEXT, "f(a)\ng(\n", False),
        (TEXT, "f(x)\ng(b)\n", False),
        (TEXT, TEXT, False),
        (WHOLE, TEXT, False),
    ],
)
def test_a_whole_suggestion_or_a_line(before: str, after: str, accepted: bool) -> None:
    served = Served(document(TEXT), (Suggestion("z", Span(2, 2)), SERVED))
    place = place_behind(served, document(before), document(after))
    assert (place is not None) == accepted
    if place is not None:
        assert (place[0].text, place[1]) == (WHOLE, len(WHOLE) - 1)
