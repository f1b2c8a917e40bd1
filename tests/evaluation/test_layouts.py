"""Each layout shows the same code; they differ in where it stands."""

import pytest

from qwen_lsp.engine.requests import Chat, Infill
from qwen_lsp.evaluation.layouts import LAYOUTS, Layout
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document

BEFORE = """import os


class Box:
    def first(self):
        return 1

    def second(self, items):
        total = 0
        for item in items:
            if item:
                total += it"""
SUFFIX = "\n        return total\n" + "".join(f"LINE_{number} = 1\n" for number in range(40))
BY_NAME = {layout.name: layout for layout in LAYOUTS}


def lay_out(layout: Layout, before: str = BEFORE, suffix: str = SUFFIX) -> Infill | Chat:
    python = language_for_id("python")
    assert python is not None
    document = Document("file:///a.py", "a.py", "python", 1, before + suffix)
    infill = Infill(before[:20], suffix, before[20:])
    return layout.lay_out(document, parse(python, document.text), len(before), infill)


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("PSM", ""),
        ("line start", "                total += it"),
        ("1 line up", "            if item:"),
        ("2 lines up", "        for item in items:"),
        ("4 lines up", "    def second"),
        ("statement", "            if item:"),
        ("block", "                total += it"),
        ("stepped, 4-11 lines up", "import os"),
        ("8 lines up", "class Box:"),
        ("function", "    def second"),
        ("whole prefix", "import os"),
    ],
)
def test_the_anchor(name: str, starts: str) -> None:
    prompt = lay_out(BY_NAME[name])
    assert isinstance(prompt, Infill)
    assert prompt.middle.split("\n")[0].startswith(starts)
    assert bool(prompt.middle) is bool(starts)
    assert prompt.prefix + prompt.middle == BEFORE
    assert prompt.suffix == SUFFIX


def test_white_space_before_the_cursor_is_left_out() -> None:
    for layout in LAYOUTS[:3]:
        prompt = lay_out(layout, BEFORE + "\n        ")
        assert isinstance(prompt, Infill)
        assert prompt.prefix + prompt.middle == BEFORE + "\n"


def test_how_much_suffix_is_shown_and_where() -> None:
    def shown(name: str, suffix: str = SUFFIX) -> Infill:
        prompt = lay_out(BY_NAME[name], suffix=suffix)
        assert isinstance(prompt, Infill)
        return prompt

    near = SUFFIX[: SUFFIX.index("LINE_4")]
    assert shown("4 lines up, no suffix").suffix == ""
    assert shown("4 lines up, suffix of 5 lines").suffix == near
    front = shown("4 lines up, far suffix in front")
    assert front.suffix == near
    assert front.prefix.startswith(SUFFIX.removeprefix(near))
    assert front.prefix.endswith("return 1\n\n")
    hundred = shown("4 lines up, suffix of 100 tokens").suffix
    assert SUFFIX.startswith(hundred)
    assert 200 < len(hundred) <= 300
    for name in ("4 lines up, suffix of 5 lines", "4 lines up, suffix of 100 tokens"):
        assert shown(name, "\nx = 1\n") == shown("4 lines up", "\nx = 1\n")


def test_a_chat_asks_for_the_hole_and_begins_the_reply() -> None:
    prompt = lay_out(BY_NAME["chat, 4 lines begun"])
    assert isinstance(prompt, Chat)
    near = BEFORE[BEFORE.index("    def second") :]
    assert prompt.reply_start == f"```python\n{near}"
    question = prompt.messages[-1].text
    assert near not in question
    assert "return 1\n\n<HERE>\n" in question
    assert SUFFIX in question
