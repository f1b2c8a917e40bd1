"""What of a reply is the answer does not depend on how it was cut into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.engine.endpoint.reading import Reading, behind_start
from qwen_lsp.engine.endpoint.servers.base import Piece

TEXTS = st.text(alphabet="ab<|>`\n ", max_size=40)


def read(pieces: list[str], reading: Reading) -> str:
    for piece in pieces:
        reading.take(Piece(piece))
        if reading.finish is not None:
            return reading.text
    reading.take(Piece("", ended="end"))
    return reading.text


@given(st.lists(TEXTS, max_size=8), st.lists(st.sampled_from(["```", "<|a|>", "\n\n"]), max_size=3))
def test_pieces_make_no_difference(pieces: list[str], stops: list[str]) -> None:
    whole = "".join(pieces)
    ends = [whole.index(stop) for stop in stops if stop in whole]
    wanted = whole[: min(ends, default=len(whole))]
    assert read(pieces, Reading(stops)) == wanted
    assert read(list(whole), Reading(stops)) == wanted


@given(st.lists(TEXTS, max_size=8))
def test_what_was_shown_is_never_taken_back(pieces: list[str]) -> None:
    reading, before = Reading(["```", "<|a|>"]), ""
    for piece in [*pieces, ""]:
        reading.take(Piece(piece, ended=None))
        assert reading.text.startswith(before)
        before = reading.text


def test_the_beginning_that_was_forced_is_not_part_of_the_answer() -> None:
    reading = Reading(begun="retu")
    assert read(["re", "tur", "n x"], reading) == "rn x"


def test_a_thought_is_no_part_of_a_turn() -> None:
    assert read(["<think>\nhm ", "```</think>", "\n\nyes"], Reading(["```"], is_turn=True)) == "yes"


def test_a_turn_that_repeats_its_start_goes_on_behind_it() -> None:
    start = "```python\ndef f("
    assert behind_start("```python\ndef f(x):\n    pass\n", start) == "x):\n    pass\n"
    assert behind_start("Sure:\n```py\ndef f(x): ...\n```", start) == "x): ...\n```"
    assert behind_start("Sure:\n```py\nx): ...\n```", start) == "x): ...\n```"
    assert behind_start("x): ...", start) == "x): ..."


def test_counts_of_the_server_win_over_our_own() -> None:
    reading = Reading()
    reading.take(Piece("a"))
    reading.take(Piece("b", "length", prompt_tokens=9, reused_tokens=4, generated_tokens=7))
    generation = reading.generation()
    assert (generation.text, generation.finish) == ("ab", "length")
    assert (generation.prompt_tokens, generation.reused_tokens) == (9, 4)
    assert generation.generated_tokens == 7
