"""What a keystroke costs without the model is measured for each step and each file."""

from dataclasses import replace

from qwen_lsp.evaluation.keystroke_texts import typings
from qwen_lsp.evaluation.keystrokes import KEYSTROKE_COLUMNS, keystroke_rows, measure_keystrokes


async def test_each_step_of_each_file_is_a_row() -> None:
    files = [replace(typing, keys=typing.keys[:3]) for typing in typings()]
    figures = await measure_keystrokes(files)
    assert [one.name for one in figures] == [typing.name for typing in files]
    assert all(one.lines >= 5000 for one in figures)
    rows = keystroke_rows(figures)
    steps = {"sync", "parse", "context", "render", "tidy", "whole", "typed_through"}
    assert {row[1] for row in rows} == steps
    assert len(rows) == len(files) * len(steps)
    assert all(len(row) == len(KEYSTROKE_COLUMNS) for row in rows)
