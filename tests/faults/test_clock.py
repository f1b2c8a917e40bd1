"""The wall clock may jump: nothing that waits or lasts is measured by it."""

import ast
import os
import time
from pathlib import Path

import pytest

import qwen_lsp
from qwen_lsp.index.build import build
from qwen_lsp.index.database import Index
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import BODY, CURSOR, FIBONACCI, complete, editor

PACKAGE = Path(qwen_lsp.__file__).parent
# What tells the model the date, where its chat template asks for it.
MAY_KNOW_THE_TIME = {"engine/chat.py"}
WALL_CLOCKS = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}


def wall_clocks(file: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    return WALL_CLOCKS & {ast.unparse(call.func) for call in calls}


def test_the_wall_clock_is_asked_for_dates_alone() -> None:
    found = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    using = {name for name, path in found.items() if wall_clocks(path)}
    assert using == MAY_KNOW_THE_TIME


async def test_suggestions_come_while_the_clock_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    now, steps = time.time(), [0.0, 86_400.0, -86_400.0]

    def jumping() -> float:
        steps.append(steps.pop(0))
        return now + steps[0]

    monkeypatch.setattr(time, "time", jumping)
    async with editor(GivenEngine(*[BODY] * 3)) as client:
        uri = client.open("file:///a.py", FIBONACCI)
        for _ in range(3):
            (item,) = await complete(client, uri, CURSOR)
            assert item["insertText"] == BODY.strip()
            client.change(uri, FIBONACCI)


@pytest.mark.parametrize("jump_seconds", [-10 * 86_400, 10 * 86_400])
def test_files_of_another_time_are_read_again(
    jump_seconds: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    folder = tmp_path / "code"
    folder.mkdir()
    file = folder / "a.py"
    file.write_text("class Before: ...\n")
    build(folder)
    file.write_text("class Behind: ...\n")
    then = time.time() + jump_seconds
    os.utime(file, (then, then))
    assert build(folder)[0] == 1
    assert [symbol.name for symbol in Index.open(folder).symbols_of("a.py")] == ["Behind"]
