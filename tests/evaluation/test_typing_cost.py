"""The typing trace: real places, typed as a person would, and counted by kind."""

from typing import Any

import pytest

from qwen_lsp.engine.requests import GenerateRequest, Generation, Infill
from qwen_lsp.evaluation import typing_cost
from qwen_lsp.evaluation.layouts import LAYOUTS
from qwen_lsp.evaluation.typing_cost import Trace, main, prompt_at, traces, type_trace
from qwen_lsp.features import launch

TRACE = Trace("def f(x):\n\n    return x\n\n\n" + "y = 1\n" * 40, 10, "    x += 1\n    if x:")
BY_NAME = {layout.name: layout for layout in LAYOUTS}


class CountingEngine:
    """Tokens are characters; it keeps what a prompt shares with the one before it."""

    facts = None

    def __init__(self) -> None:
        self._held = ""

    async def generate(self, request: GenerateRequest, **_callbacks: object) -> Generation:
        prompt = request.prompt
        assert isinstance(prompt, Infill)
        text = f"<P>{prompt.prefix}<S>{prompt.suffix}<M>{prompt.middle}"
        shared = 0
        while shared < len(text) - 1 and text[: shared + 1] == self._held[: shared + 1]:
            shared += 1
        self._held = text
        return Generation("", "length", len(text), shared, 1)

    async def close(self) -> None:
        self._held = ""


def test_the_stops_type_the_text_and_then_move() -> None:
    found = TRACE.stops
    kinds = [stop.kind for stop in found]
    assert kinds[0] == "line"
    assert kinds.count("line") == 2
    assert kinds[-4:] == ["move"] * 4
    assert found[-1].text == "def f(x):\n    x += 1\n    if x:\n    return x\n\n\n" + "y = 1\n" * 40
    typed = [stop.text[10 : stop.offset] for stop in found if stop.kind != "move"]
    assert typed[:3] == ["    ", "    x +", "    x += 1"]
    assert typed[-1] == TRACE.typed
    # The last move would leave the file.
    assert [stop.text[: stop.offset].count("\n") for stop in found[-4:]] == [3, 4, 14, 0]


def test_the_traces_are_pieces_of_a_real_file() -> None:
    found = traces()
    assert len({trace.offset for trace in found}) == len(found) == 4
    for trace in found:
        assert trace.typed.count("\n") == 23
        assert trace.text[trace.offset - 1 : trace.offset + 1] == "\n\n"


def test_the_prompt_ends_before_typed_white_space() -> None:
    for layout in LAYOUTS:
        if not layout.is_chat:
            prompt = prompt_at(TRACE.stops[0], layout)
            assert (prompt.prefix + prompt.middle).endswith("def f(x):\n")


async def test_what_is_read_at_each_stop_is_counted() -> None:
    anchored = await type_trace(CountingEngine(), TRACE, BY_NAME["4 lines up"])
    usual = await type_trace(CountingEngine(), TRACE, BY_NAME["PSM"])
    keys = sum(stop.kind == "key" for stop in TRACE.stops)
    assert len(anchored.keystrokes) == len(usual.keystrokes) == keys
    assert len(anchored.new_lines) == 1
    assert len(anchored.moves) == 4
    assert max(anchored.keystrokes) <= 8
    assert min(usual.keystrokes) > 100


def test_the_command_prints_a_line_a_layout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def connect(*_: Any) -> tuple[None, CountingEngine]:
        return None, CountingEngine()

    monkeypatch.setattr(launch, "find_weights_here", lambda _settings: None)
    monkeypatch.setattr(launch, "connect", connect)
    monkeypatch.setattr(typing_cost, "traces", lambda: [TRACE])
    assert main(["--model", "some.gguf"]) == 0
    _, _, ours, *others = capsys.readouterr().out.splitlines()
    assert ours.startswith("| as ghost text asks | ")
    cells = {row.split(" | ")[0]: row.split(" | ")[1:] for row in others}
    assert float(cells["| PSM"][0]) > float(cells["| 4 lines up"][0])
    assert not any("healed" in name or "chat" in name for name in cells)


def test_a_model_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "gone.gguf"]) == 3
    assert "gone.gguf" in capsys.readouterr().err
