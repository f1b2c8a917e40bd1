"""The suite of edits: which function is asked about, what passes, and the plain model beside it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.asking_for_edits import fenced
from qwen_lsp.evaluation.edit_cases import EditCase, read_cases
from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.suites import edits
from qwen_lsp.evaluation.variants import VariantError
from qwen_lsp.settings import Settings
from tests.harness.crossfile import write_rows
from tests.harness.scripted import ScriptedEngine, scripted_model

FIX = {
    "task_id": "double",
    "filename": "double.py",
    "before": "def double(x):\n    return x + 2\n",
    "instruction": "Fix bugs in double.",
    "visible_tests": "assert double(1) == 2\n",
    "after": "def double(x):\n    return x * 2\n",
    "tests": "assert double(3) == 6\n",
}
MODULE = {
    "task_id": "area",
    "filename": "area.py",
    "before": "def area(side):\n    pass\n",
    "instruction": "Return the area of a square.",
    "test_module": "area_test",
    "test_files": {
        "area_test.py": "import unittest\nfrom area import area\n\n\n"
        "class AreaTest(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertEqual(area(3), 9)\n"
    },
}
SAME = {
    "task_id": "format",
    "filename": "format.py",
    "before": "def hello(name):\n    return 'Hello {}'.format(name)\n",
    "instruction": "Use f-strings.",
    "after": "def hello(name):\n    return f'Hello {name}'\n",
}
CORRECT = {
    "task_id": "sum",
    "filename": "sum.py",
    "fixed": "def add(a, b):\n    total = a + b\n    return total\n",
    "description": "Adds.",
    "tests": "from other import two\nassert add(1, 1) == two\n",
    "files": {"other.py": "two = 2\n"},
}


def case(tmp_path: Path, row: dict[str, Any]) -> EditCase:
    return read_cases([write_rows(tmp_path / "some.jsonl", row)])[0][0]


async def measured(
    tmp_path: Path,
    row: dict[str, Any],
    replies: Sequence[str],
    action: str = "custom",
    *,
    rewrite: bool = False,
) -> tuple[ScriptedEngine, list[Outcome]]:
    engine = ScriptedEngine(replies)
    model = scripted_model(engine)
    ours = edits.edit_variants(model, action, [])
    results = Results(None, {})
    cases = [case(tmp_path, row)]
    steps = edits.measure(Asker(model, Settings()), cases, ours, action, results, rewrite=rewrite)
    assert [number async for number in steps] == [1]
    assert [one.variant for one in results.outcomes] == edits.variant_names(ours, rewrite=rewrite)
    return engine, results.outcomes


@pytest.mark.parametrize(
    ("row", "text", "passed"),
    [
        (FIX, FIX["after"], True),
        (FIX, FIX["before"], False),
        (FIX, "def double(", False),
        (MODULE, "def area(side):\n    return side * side\n", True),
        (MODULE, MODULE["before"], False),
        (MODULE, "", False),
        (SAME, 'def hello(name):\n    return f"Hello {name}"  # short\n', True),
        (SAME, SAME["before"], False),
        (CORRECT, CORRECT["fixed"], True),
        (CORRECT, "def add(a, b):\n    return a - b\n", False),
    ],
)
def test_what_passes(tmp_path: Path, row: dict[str, Any], text: str, passed: bool) -> None:
    assert edits.passes(case(tmp_path, row), text) == passed


async def test_the_action_gets_a_second_try_and_the_plain_model_none(tmp_path: Path) -> None:
    body = "    return x * 2"
    replies = [f"def double(x):\n{text}" for text in ("    return x + 2", body)]
    file = f"Here it is:\n```python\ndef double(x):\n{body}\n```\nDone."
    engine, (ours, plain) = await measured(tmp_path, FIX, [*replies, file], rewrite=True)
    assert (ours.scores["pass@1"], plain.scores["pass@1"]) == (1.0, 1.0)
    for number in range(3):
        assert "Fix bugs in double." in engine.prompt_text(number)
        assert "assert double(1) == 2" in engine.prompt_text(number)
        assert "assert double(3) == 6" not in engine.prompt_text(number)
    assert "there is nothing to change" in engine.prompt_text(1)


async def test_after_a_refusal_the_file_is_scored_as_it_was(tmp_path: Path) -> None:
    same = "def double(x):\n    return x + 2"
    _, (refused,) = await measured(tmp_path, FIX, [same, same])
    assert refused.scores == {"pass@1": 0.0, "edited": 0.0, "shorter": 0.0}
    assert refused.completion == ""
    good = SAME | {"after": SAME["before"]}
    _, (refused,) = await measured(tmp_path, good, [SAME["before"]] * 2)
    assert refused.scores == {"pass@1": 1.0, "edited": 0.0, "shorter": 0.0}


async def test_without_one_function_the_whole_file_is_selected(tmp_path: Path) -> None:
    two = FIX | {"before": "def a():\n    pass\n\n\ndef b():\n    pass\n"}
    engine, (edited,) = await measured(tmp_path, two, [FIX["after"]])
    assert "def a():\n    pass\n\n\ndef b():\n    pass" in engine.prompt_text(0)
    assert edited.scores["pass@1"] == 1.0


def test_the_function_is_the_only_one_or_the_one_that_is_named(tmp_path: Path) -> None:
    two = "def double(x):\n    return help(x)\n\n\ndef help(x):\n    return x\n"
    function = case(tmp_path, FIX | {"before": two}).function()
    assert function is not None
    assert function.name == "double"
    for instruction in ("Fix it.", "Fix double and help."):
        row = FIX | {"before": two, "instruction": instruction}
        assert case(tmp_path, row).function() is None
    assert case(tmp_path, FIX | {"before": "x = 1\n"}).function() is None


@pytest.mark.parametrize(
    ("body", "edited", "passed"),
    [
        ("return a + b", 1.0, 1.0),
        ("return a - b", 1.0, 0.0),
        ("return (a + b) * 1 * 1 * 1 * 1 * 1", 0.0, 1.0),
    ],
)
async def test_a_simpler_function_must_still_pass(
    tmp_path: Path, body: str, edited: float, passed: float
) -> None:
    replies = [f"    {body}"] * (1 if edited else 2)
    _, (ours,) = await measured(tmp_path, CORRECT, replies, "simplify")
    assert ours.scores == {"pass@1": passed, "edited": edited, "shorter": edited * passed}


def test_only_prompts_of_the_action_can_be_compared() -> None:
    model = scripted_model(ScriptedEngine([]))
    for names, sentence in (
        (["complete@1"], "This action is asked for with actions/simplify, not with complete."),
        (["actions/simplify@1", "actions/simplify@1"], "A variant is named twice."),
    ):
        with pytest.raises(VariantError, match=sentence):
            edits.edit_variants(model, "simplify", names)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("```python\nx\n```\nand\n```\ny\n```", "x\n"),
        ("Sure.\n```\nx\n", "x\n"),
        ("x = 1\n", "x = 1\n"),
    ],
)
def test_the_code_of_a_plain_reply(reply: str, code: str) -> None:
    assert fenced(reply) == code


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no case in"),
        (json.dumps(FIX) + "\n" + json.dumps(FIX), "two cases of the same task_id"),
        (json.dumps(FIX | {"filename": 1}), "its filename is not a text"),
        (json.dumps(CORRECT | {"files": []}) + "\n" + json.dumps({"task_id": "a"}), "no filename"),
        (json.dumps(CORRECT | {"files": [1]}), "its files is no object"),
    ],
)
def test_bad_data(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadDataError, match=sentence):
        read_cases([path])
