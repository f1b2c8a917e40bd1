import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qwen_lsp.text import Document, Span, TextEdit, apply_edits, smallest_edit

TEXT = st.text(st.sampled_from("ab\r\n"), max_size=12)


@pytest.mark.parametrize(("start", "end"), [(3, 2), (-1, 2), (-2, -1)])
def test_a_span_runs_forwards_from_0_on(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=f"from {start} to {end}"):
        Span(start, end)


def test_what_lies_in_a_span() -> None:
    span = Span(2, 5)
    assert [offset for offset in range(8) if span.touches(offset)] == [2, 3, 4, 5]
    assert span.contains(span)
    assert span.contains(Span(5, 5))
    assert not span.contains(Span(1, 3))
    assert not span.contains(Span(4, 6))
    assert Document("", "", "", 0, "abcdefg").slice(span) == "cde"


def test_edits_are_applied_at_once_and_in_any_order() -> None:
    edits = [
        TextEdit(Span(6, 11), "all"),
        TextEdit(Span(0, 5), "Good day"),
        TextEdit(Span(11, 11), "!"),
    ]
    assert apply_edits("hello world", edits) == "Good day all!"
    assert apply_edits("same", []) == "same"


def test_an_insertion_may_stand_at_either_end_of_a_replacement() -> None:
    edits = [TextEdit(Span(1, 1), "<"), TextEdit(Span(1, 3), "xy"), TextEdit(Span(3, 3), ">")]
    assert apply_edits("abcd", edits) == "a<xy>d"


@pytest.mark.parametrize(
    "edits",
    [
        [TextEdit(Span(0, 3), "x"), TextEdit(Span(2, 4), "y")],
        [TextEdit(Span(0, 4), "x"), TextEdit(Span(2, 2), "y")],
        [TextEdit(Span(3, 6), "x")],
        [TextEdit(Span(5, 5), "x")],
    ],
)
def test_edits_that_overlap_or_leave_the_text_are_refused(edits: list[TextEdit]) -> None:
    with pytest.raises(ValueError, match="overlaps another or leaves the text"):
        apply_edits("abcd", edits)


@given(before=TEXT, old=TEXT, new=TEXT, behind=TEXT)
def test_the_smallest_edit_makes_the_new_text(before: str, old: str, new: str, behind: str) -> None:
    edit = smallest_edit(old, new, len(before))
    if edit is None:
        assert old == new
    else:
        assert apply_edits(before + old + behind, [edit]) == before + new + behind


@given(old=TEXT, new=TEXT)
def test_the_smallest_edit_changes_its_first_and_its_last_character(old: str, new: str) -> None:
    old, new = old.replace("\r", ""), new.replace("\r", "")
    edit = smallest_edit(old, new)
    if edit is not None:
        replaced = old[edit.span.start : edit.span.end]
        assert not replaced or not edit.new_text or replaced[0] != edit.new_text[0]
        assert not replaced or not edit.new_text or replaced[-1] != edit.new_text[-1]


@given(old=TEXT, new=TEXT)
@example(old="a\r\nb", new="a\nb")
@example(old="a\r\nb", new="a\rb")
@example(old="\r\n", new="\r")
def test_the_smallest_edit_stands_where_an_editor_has_positions(old: str, new: str) -> None:
    edit = smallest_edit(old, new)
    if edit is not None:
        assert apply_edits(old, [edit]) == new
        for offset in (edit.span.start, edit.span.end):
            assert old[max(offset - 1, 0) : offset + 1] != "\r\n"
