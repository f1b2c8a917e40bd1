"""What a text must begin with: any split into pieces that is allowed ends in one of the words."""

import hypothesis.strategies as st
from hypothesis import given

from qwen_lsp.engine.backends.llama_cpp.beginning import Beginning

WORDS = {"replace": 1.0, "replace_all": 1.0, "read": 3.0, "größe": 1.0}


def allowed(begun: str, *pieces: str) -> bool:
    beginning = Beginning(begun, WORDS)
    for piece in pieces:
        if beginning.is_over:
            return True
        if beginning.log_weight(piece.encode()) is None:
            return False
        beginning.write(piece.encode())
    return True


def test_the_word_is_one_of_the_words() -> None:
    assert allowed(".", ".re", "place", "(")
    assert allowed(".", ".replace", "_all", "()")
    assert allowed("", "read", " ")
    assert allowed(".", ".größe", ",")
    assert not allowed(".", ".write")
    assert not allowed(".", ".read", "er")
    assert not allowed(".", ".re", "(")
    assert not allowed("", " read")


def test_after_the_word_anything_may_follow() -> None:
    assert allowed(".", ".read(", "whatever")


def test_a_half_typed_word_leaves_those_that_go_on_with_it() -> None:
    assert allowed(".rep", ".replace", "(")
    assert not allowed(".rep", ".read", "(")


def test_words_that_do_not_fit_do_not_count() -> None:
    assert allowed(".xyz", ".xyz", "anything")
    assert not allowed(".xyz", ".read")


def test_what_was_begun_is_no_part_of_the_text() -> None:
    beginning = Beginning(".rep", WORDS)
    assert beginning.write(b".re") == b""
    assert beginning.write(b"place") == b"lace"


def test_the_weights_say_which_words_are_likelier() -> None:
    beginning = Beginning(".", WORDS)
    likely, unlikely = beginning.log_weight(b".rea"), beginning.log_weight(b".rep")
    assert likely is not None
    assert unlikely is not None
    assert likely > unlikely


def test_other_words_are_less_likely_where_they_are_allowed() -> None:
    beginning = Beginning(".", {**WORDS, "": 0.5})
    known, other = beginning.log_weight(b".replace"), beginning.log_weight(b".write")
    assert known is not None
    assert other is not None
    assert known > other
    assert beginning.write(b".write") == b"write"
    assert beginning.is_over


@given(st.text(max_size=8), st.dictionaries(st.text(max_size=6), st.floats(0.1, 9), max_size=5))
def test_what_must_be_written_next_is_always_allowed(begun: str, words: dict[str, float]) -> None:
    beginning = Beginning(begun, words)
    rest = beginning.rest.encode("utf-8", "replace")
    assert not rest or beginning.log_weight(rest) is not None
