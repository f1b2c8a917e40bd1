"""The suite of type hints: its cases, what counts as the same type, and what is scored."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.requests import ModelFacts
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.outcomes import Results
from qwen_lsp.evaluation.rewriting import annotations_of
from qwen_lsp.evaluation.suites import types
from qwen_lsp.evaluation.types_alike import same_bases, same_type
from qwen_lsp.evaluation.types_cases import TypesCase, read_cases
from qwen_lsp.evaluation.variants import type_hint_prompts, variants
from qwen_lsp.settings import Settings
from tests.harness.crossfile import write_rows
from tests.harness.scripted import ScriptedEngine, scripted_model

CODE = "class Shop:\n    def label(self, word, count=1):\n        return word * count\n"
REAL: dict[str, Any] = {
    "task_id": "shop/label",
    "group": "shop",
    "language": "python",
    "source_text": CODE,
    "function": "Shop.label",
    "line": 2,
    "params": {"word": "str", "count": "int"},
    "returns": "str",
}
PROGRAM = "def f(a):\n    return a\n\n\ng = lambda b: b\nf(1)\n"
MICRO: dict[str, Any] = {
    "task_id": "small",
    "language": "python",
    "main": "main.py",
    "files": {"main.py": PROGRAM},
    "facts": [
        {"file": "main.py", "line": 1, "kind": "return", "function": "f", "name": "f",
         "types": ["int"]},
        {"file": "main.py", "line": 1, "kind": "parameter", "function": "f", "name": "a",
         "types": ["int"]},
        {"file": "main.py", "line": 5, "kind": "parameter", "function": "lambda", "name": "b",
         "types": ["int"]},
        {"file": "main.py", "line": 5, "kind": "variable", "function": None, "name": "g",
         "types": ["callable"]},
    ],
}  # fmt: skip


def cases(tmp_path: Path, *rows: dict[str, Any]) -> list[TypesCase]:
    return read_cases([write_rows(tmp_path / "types.jsonl", *rows)])[0]


async def drained(steps: AsyncGenerator[int]) -> list[int]:
    return [number async for number in steps]


def test_only_parameters_and_results_of_functions_are_slots(tmp_path: Path) -> None:
    real, micro = cases(tmp_path, REAL, MICRO)
    assert types.slot_names(real) == ["shop/label word", "shop/label count", "shop/label result"]
    assert (micro.function, micro.line) == ("f", 1)
    assert micro.truth == {"": ("int",), "a": ("int",)}


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"task_id": "a", "language": "python"}, "it has no source_text and no files"),
        (REAL | {"params": []}, "its params are no object"),
        (MICRO | {"language": "klingon"}, "its language klingon is not known"),
        (MICRO | {"facts": []}, "There is no case"),
    ],
)
def test_bad_data_is_told(tmp_path: Path, row: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadDataError, match=sentence):
        cases(tmp_path, row)


@pytest.mark.parametrize(
    ("written", "truth", "same"),
    [
        ("Optional[str]", "str | None", True),
        ("None|str", "str | None", True),
        ("List[int]", "list[int]", True),
        ("t.List[t.Any]", "list[Any]", True),
        ("'Shop'", "Shop", True),
        ("Union[int, Optional[str]]", "str | int | None", True),
        ("dict[str, str | None]", "Dict[str, Optional[str]]", True),
        ("Callable[[int, str], None]", "typing.Callable[[int,str],None]", True),
        ("list[int]", "list[str]", False),
        ("Path", "str", False),
        ("", "None", False),
        ("list[", "list", False),
    ],
)
def test_the_same_type(written: str, truth: str, same: bool) -> None:
    assert same_type(written, truth) == same


@pytest.mark.parametrize(
    ("written", "bases", "same"),
    [
        ("Callable[..., int]", ("callable",), True),
        ("int | str", ("str", "int"), True),
        ("int", ("str", "int"), False),
        ("None", ("Nonetype",), True),
        ("", (), False),
    ],
)
def test_the_same_bases(written: str, bases: tuple[str, ...], same: bool) -> None:
    assert same_bases(written, bases) == same


@pytest.mark.parametrize(
    ("signature", "found"),
    [
        ("def f(a: int, *b: str, c: 'X' = 1) -> None:",
         {"a": "int", "b": "str", "c": "'X'", "": "None"}),
        ("async def f(a, /): ", {}),
        ("def f(a: int", {}),
        ("x = 1", {}),
    ],
)  # fmt: skip
def test_annotations_are_read_from_a_signature(signature: str, found: dict[str, str]) -> None:
    assert annotations_of(signature) == found


async def test_slots_and_the_rewrite_are_scored_on_the_same_functions(tmp_path: Path) -> None:
    rewritten = (
        "class Shop:\n"
        "    def label(self, word: str, count: float = 1) -> str:\n"
        "        return word\n"
    )
    engine = ScriptedEngine([" str, count", " str:", rewritten])
    model = scripted_model(engine)
    ours = variants(model, [], [], [], type_hint_prompts(model))
    results = Results(None, {})
    steps = types.measure(
        Asker(model, Settings()), cases(tmp_path, REAL), ours, results, with_rewrite=True
    )
    assert await drained(steps) == [1]
    names = types.variant_names(ours, with_rewrite=True)
    by_variant = {
        name: [one.scores for one in results.outcomes if one.variant == name] for name in names
    }
    assert [one["exact"] for one in by_variant[names[0]]] == [1.0, 1.0, 1.0]
    assert [one["exact"] for one in by_variant[types.REWRITE]] == [1.0, 0.0, 1.0]
    assert {one["changed body"] for one in by_variant[names[0]]} == {0.0}
    assert {one["changed body"] for one in by_variant[types.REWRITE]} == {1.0}
    told = types.told(results.outcomes, names)
    assert told[f"{types.REWRITE}: right of those filled"] == "2 of 3"
    assert told[f"{types.REWRITE}: functions with a changed body"] == 1


async def test_a_prompt_of_another_form_is_asked_in_its_form(tmp_path: Path) -> None:
    facts = ModelFacts("scripted", "none", 0, 8192, can_infill=True, can_roll_back=True)
    engine = ScriptedEngine([" str, count", " str:"], facts=facts)
    model = scripted_model(engine)
    ours = variants(model, ["actions/add_type_hints@1"], [], [], type_hint_prompts(model))
    results = Results(None, {})
    steps = types.measure(
        Asker(model, Settings()), cases(tmp_path, REAL), ours, results, with_rewrite=False
    )
    await drained(steps)
    assert "You add type annotations" in engine.prompt_text(0)
    again = types.measure(
        Asker(model, Settings()), cases(tmp_path, REAL), ours, results, with_rewrite=False
    )
    assert await drained(again) == [1]
