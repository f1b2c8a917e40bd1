"""A folder of the test's own: the files of qwen-lsp, and a shop to work on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli import main, work
from qwen_lsp.features.model import LocalModel
from tests.harness.scripted import ScriptedEngine, scripted_model

SHOP = '''\
def total(prices, tax):
    result = 0
    for price in prices:
        result = result + price
    return result * tax


def first(items):
    """Return the first item."""
    return items[1]
'''


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]
Script = Callable[..., ScriptedEngine]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's files out, and stand in an empty folder."""
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "home"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command in this process; argparse's own exits count as its code."""

    def run_command(*words: str) -> Ran:
        try:
            code = main(words)
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run_command


@pytest.fixture
def shop(home: Path) -> Path:
    path = home.parent / "work" / "shop.py"
    path.write_text(SHOP)
    return Path(path.name)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Put a scripted model in the place of the real one."""

    def use(
        replies: Sequence[str], before_reply: Callable[[], Any] | None = None
    ) -> ScriptedEngine:
        engine = ScriptedEngine(replies)

        def with_model(_settings: Any, asked: Callable[[LocalModel], Any]) -> Any:
            import asyncio

            if before_reply is not None:
                before_reply()
            return asyncio.run(asked(scripted_model(engine)))

        monkeypatch.setattr(work, "with_model", with_model)
        return engine

    return use
