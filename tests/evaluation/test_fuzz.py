"""The fuzzer: its client's texts and positions, and a short storm at a real server."""

import random
from dataclasses import replace

import pytest

from qwen_lsp.evaluation.fuzz.__main__ import main
from qwen_lsp.evaluation.fuzz.edits import random_changes, random_text
from qwen_lsp.evaluation.fuzz.nonsense import encoded, mutated, random_nonsense
from qwen_lsp.evaluation.fuzz.run import FuzzFigures, fuzz
from qwen_lsp.evaluation.fuzz.texts import ENCODINGS, ClientText, offset_at, position_of
from qwen_lsp.evaluation.fuzz.weights import damaged, fuzz_weights

SMILE = "a😀é\r\nb"


@pytest.mark.parametrize(
    ("encoding", "line", "character", "offset"),
    [
        ("utf-16", 0, 1, 1),
        ("utf-16", 0, 2, 1),  # inside the surrogate pair
        ("utf-16", 0, 3, 2),
        ("utf-8", 0, 4, 1),
        ("utf-8", 0, 5, 2),
        ("utf-32", 0, 2, 2),
        ("utf-32", 0, 99, 3),
        ("utf-16", 1, 0, 5),
        ("utf-16", 9, 0, 6),
    ],
)
def test_positions_are_those_of_the_protocol(
    encoding: str, line: int, character: int, offset: int
) -> None:
    assert offset_at(SMILE, {"line": line, "character": character}, encoding) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_and_offsets_are_each_others_inverse(encoding: str) -> None:
    for offset in range(len(SMILE) + 1):
        expected = 3 if offset == 4 else offset  # Inside a CRLF is the end of the line.
        assert offset_at(SMILE, position_of(SMILE, offset, encoding), encoding) == expected


def test_changes_see_the_ones_before_them() -> None:
    start, end = {"line": 0, "character": 1}, {"line": 0, "character": 3}
    backwards = {"range": {"start": end, "end": start}, "text": "--"}
    new = ClientText("file:///a", "", 3, "x").changed([{"text": SMILE}, backwards], "utf-16")
    assert (new.version, new.text) == (4, "a--é\r\nb")


def test_chance_is_that_of_the_seed() -> None:
    def drawn(seed: int) -> list[object]:
        chance = random.Random(seed)  # noqa: S311 - no secrets
        text = random_text(chance)
        message = {"id": 1, "method": "x", "params": {"text": text}}
        return [
            text,
            random_changes(chance, text, "utf-16"),
            encoded(mutated(chance, message)),
            random_nonsense(chance, message),
        ]

    assert drawn(1) == drawn(1) != drawn(2)


def test_a_short_storm_is_survived() -> None:
    figures = fuzz(messages=150, edits=60, seed=5)
    assert figures.problems == ()
    assert figures.is_well
    assert figures.lives == 2
    assert figures.messages >= 210
    assert figures.edits >= 60
    assert figures.requests == figures.answers > 50


def test_damaged_weights_are_told_in_sentences() -> None:
    figures = fuzz_weights(files=2, seed=2)
    assert figures.is_well
    assert figures.loaded + figures.failed + figures.refused + figures.ended == 2


def test_damage_changes_a_file() -> None:
    whole = bytes(range(256)) * 200
    chance = random.Random(1)  # noqa: S311 - no secrets
    assert all(damaged(chance, whole) != whole for _ in range(200))


def test_the_command_says_what_went_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    well = FuzzFigures(1, 2, 30, 10, 10, 5, 8, 0, 0, 0, 0, 0, 0, 0, 1.5, "initialize", 2.0, ())
    figures = [well, replace(well, crashes=1, problems=("1 x crash: exit code 1",))]

    def fuzzed(*_: object) -> FuzzFigures:
        return figures.pop(0)

    monkeypatch.setattr("qwen_lsp.evaluation.fuzz.__main__.fuzz", fuzzed)
    assert main(["--json"]) == 0
    assert '"crashes": 0' in capsys.readouterr().out
    assert main([]) == 1
    assert "1 x crash: exit code 1" in capsys.readouterr().out
