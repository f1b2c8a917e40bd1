"""Guessing from the text itself: what a draft may be, and how it follows its success."""

from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.engine.backends.llama_cpp.drafts import PromptLookup

NGRAM, FIRST, LONGEST, PAUSE = 3, 4, 16, 4
# Few tokens, so that they repeat.
texts = st.lists(st.integers(0, 2), max_size=60)
REPEATED = [1, 2, 3, *range(10, 50), 1, 2, 3]


def followers(tokens: list[int]) -> list[list[int]]:
    """Return what followed each earlier occurrence of the last three tokens, to the end."""
    key = tokens[-NGRAM:]
    ends = range(NGRAM, len(tokens))
    return [tokens[end:] for end in ends if tokens[end - NGRAM : end] == key]


def is_copy(draft: list[int], tokens: list[int]) -> bool:
    return any(found[: len(draft)] == draft for found in followers(tokens))


@given(texts, st.integers(0, 40))
def test_a_draft_is_a_copy_of_what_followed_before(tokens: list[int], most: int) -> None:
    draft = PromptLookup().draft(tokens, most)
    assert len(draft) <= min(most, FIRST)
    assert not draft or is_copy(draft, tokens)


@given(texts, st.integers(1, 40))
def test_where_something_followed_there_is_a_draft(tokens: list[int], most: int) -> None:
    assert bool(PromptLookup().draft(tokens, most)) == bool(followers(tokens))


@given(texts)
def test_the_latest_occurrence_counts(tokens: list[int]) -> None:
    draft = PromptLookup().draft(tokens, 1)
    found = followers(tokens)
    assert draft == (found[-1][:1] if found else [])


@given(
    texts,
    st.lists(st.tuples(st.lists(st.integers(0, 2), min_size=1, max_size=5), st.integers(0, 20))),
)
def test_a_text_that_grows_is_looked_up_as_a_whole(
    start: list[int], growth: list[tuple[list[int], int]]
) -> None:
    lookup, tokens = PromptLookup(), list(start)
    for more, most in growth:
        tokens += more
        draft = lookup.draft(tokens, most)
        assert draft == PromptLookup().draft(tokens, most)


@given(texts, st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20))), st.integers(0, 40))
def test_whatever_it_learned_a_draft_is_a_copy_no_longer_than_asked(
    tokens: list[int], past: list[tuple[int, int]], most: int
) -> None:
    lookup = PromptLookup()
    for drafted, accepted in past:
        lookup.learn(len(tokens) - 9, drafted, min(drafted, accepted))
    draft = lookup.draft(tokens, most)
    assert len(draft) <= min(most, LONGEST)
    assert not draft or is_copy(draft, tokens)


def test_drafts_that_are_right_double_up_to_a_limit() -> None:
    lookup, lengths = PromptLookup(), list[int]()
    for _ in range(5):
        length = len(lookup.draft(REPEATED, 99))
        lengths.append(length)
        lookup.learn(len(REPEATED), length, length)
    assert lengths == [FIRST, 2 * FIRST, LONGEST, LONGEST, LONGEST]


def test_a_draft_that_was_partly_right_is_followed_by_one_as_long_as_that() -> None:
    lookup = PromptLookup()
    lookup.learn(len(REPEATED), 4, 3)
    assert len(lookup.draft(REPEATED, 99)) == 3
    lookup.learn(len(REPEATED), 3, 1)
    assert len(lookup.draft(REPEATED, 99)) == 2


def test_after_a_wrong_draft_there_is_none_for_a_while() -> None:
    lookup, tokens = PromptLookup(), list(REPEATED)
    assert lookup.draft(tokens, 99)
    lookup.learn(len(tokens), FIRST, 0)
    for _ in range(PAUSE):
        assert lookup.draft(tokens, 99) == []
        tokens.append(1)
    tokens += [1, 2, 3]
    assert lookup.draft(tokens, 99) == [1, 1]  # what followed last


def test_a_text_that_repeats_one_token_is_guessed_as_far_as_it_goes() -> None:
    assert PromptLookup().draft([7] * 3, 9) == []
    assert PromptLookup().draft([7] * 9, 9) == [7]
