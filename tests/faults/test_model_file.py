"""The model's file goes or is damaged: a sentence, and with a good one the next request works."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from qwen_lsp.engine.control import ask_status
from tests.faults.conftest import RealEditors
from tests.harness.lsp_client import LspError


@dataclass
class ModelFile:
    """A file that is there, cut off, or gone."""

    path: Path
    whole: bytes

    def keep(self, size_bytes: int) -> None:
        self.path.write_bytes(self.whole[:size_bytes])

    def delete(self) -> None:
        self.path.unlink()

    def restore(self) -> None:
        self.path.write_bytes(self.whole)


@pytest.fixture
def file(model: Path) -> ModelFile:
    return ModelFile(model, model.read_bytes())


async def test_deleted_while_running(real_editor: RealEditors, file: ModelFile) -> None:
    async with real_editor(file.path) as editing:
        await editing.state("ready")
        file.delete()
        await editing.ask()
        assert "def total" in await editing.prompt()  # It is in memory, and goes on.
        with pytest.raises(LspError, match=r"tiny\.gguf is not there any more\.$"):
            await editing.restart_engine()
        await editing.state("error")
        assert await editing.ask() == []
        file.restore()
        await editing.restart_engine()
        await editing.state("ready")


async def test_damaged(real_editor: RealEditors, file: ModelFile) -> None:
    file.keep(10_000)
    async with real_editor(file.path) as editing:
        said = await editing.state("error")
        assert said.startswith("tiny.gguf cannot be loaded: it is damaged")
        assert await editing.ask() == []
        file.restore()
        await editing.restart_engine()
        await editing.state("ready")
        await editing.ask()
        assert "def total" in await editing.prompt()
    assert len(await ask_status()) == 1
