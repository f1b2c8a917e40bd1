"""The bare model: where its text is cut, and with which prompts it is asked."""

import pytest

from qwen_lsp.engine.requests import GenerateRequest, Infill, Priority
from qwen_lsp.evaluation.bare import CUTS, ask_bare, ask_bare_again, cut_at_suffix, first_line
from qwen_lsp.evaluation.infill_cases import Hole
from tests.harness.scripted import ScriptedEngine

HOLE = Hole("def f():\n", "    return 1\n", "\nf()\n")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("return 1\nreturn 2\n", "return 1"),
        ("\n\n    return 1\n", "\n\n    return 1"),
        ("return 1", "return 1"),
        ("", ""),
        ("  \n", "  \n"),
    ],
)
def test_the_first_line(text: str, line: str) -> None:
    assert first_line(text) == line


@pytest.mark.parametrize(
    ("text", "suffix", "left"),
    [
        ("1)\nprint(2)\n", ")\nprint(3)\n", "1"),
        ("[\n  1\n])\nx\n", ")\n", "[\n  1\n]"),
        ("a = 1\nb = 2\nf()\nc\n", "\n\nf()\n", "a = 1\nb = 2"),
        ("a = 1\n  f()\n", "\nf()\n", "a = 1\n  f()\n"),
        ("a = 1\n\nb = 2\n", "", "a = 1\n\nb = 2\n"),
        ("a = 1\n\nb = 2\n", "\n \n", "a = 1\n\nb = 2\n"),
    ],
)
def test_the_cut_at_the_suffix(text: str, suffix: str, left: str) -> None:
    assert cut_at_suffix(text, suffix) == left


async def test_one_text_is_cut_in_three_ways() -> None:
    engine = ScriptedEngine(["    return 1\n    pass\nf()\nmore\n"])
    bare = await ask_bare(engine, HOLE)
    assert engine.requests[0].prompt == Infill(HOLE.prefix, HOLE.suffix)
    assert [bare.completion(cut) for cut in CUTS] == [
        "    return 1\n",
        "    return 1\n    pass",
        "    return 1\n    pass\nf()\nmore\n",
    ]
    assert bare.program("first line") == "def f():\n    return 1\n\nf()\n"


async def test_the_very_prompt_of_ours_without_our_stops() -> None:
    request = GenerateRequest(
        Infill("def f():\n", "\nf()\n"), 20, Priority.TYPING, stops=("\n",), deadline_ms=9
    )
    engine = ScriptedEngine(["    return 1\n    pass\n"])
    hole = Hole("def f():\n    ", "return 1", "\nf()\n")
    bare = await ask_bare_again(engine, hole, request)
    asked = engine.requests[0]
    assert (asked.prompt, asked.stops, asked.deadline_ms) == (request.prompt, (), None)
    assert bare.text == "return 1\n    pass\n"
    assert bare.program("first line") == "def f():\n    return 1\nf()\n"
