"""Results in a file: kept one by one, and gone on from."""

from pathlib import Path

import pytest

from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.outcomes import Results
from tests.harness.outcomes import outcome

MEASURED = {"suite": "infill", "model": "some", "context_tokens": 2048}


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    first = Results(path, MEASURED)
    kept = outcome("ein Fall é", "a", 1.0)
    first.add(kept)
    again = Results(path, MEASURED)
    assert again.outcomes == [kept]
    assert again.find(kept.group, kept.case, "a") == kept
    assert again.find(kept.group, kept.case, "b") is None
    again.add(outcome("ein Fall é", "b", 0.0))
    assert len(Results(path, MEASURED).outcomes) == 2


def test_another_measurement_does_not_go_on(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    Results(path, MEASURED)
    with pytest.raises(BadDataError, match="context_tokens 2048 and not 512"):
        Results(path, MEASURED | {"context_tokens": 512})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}\n", "does not hold the results of a measurement"),
        ('{"measured": {}}\n{"case": "x"}\n', "line 2: it is not the outcome of a case"),
        ("x\n", "line 1: this is no JSON"),
        ("[]\n", "line 1: this is no JSON object"),
    ],
)
def test_files_of_something_else_are_left_alone(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(text)
    with pytest.raises(BadDataError, match=sentence):
        Results(path, {})
    assert path.read_text() == text


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadDataError, match="There is no folder"):
        Results(tmp_path / "gone" / "results.jsonl", MEASURED)
