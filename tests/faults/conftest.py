"""An editor and a server whose engine is real, on a tiny model of random weights."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from qwen_lsp.engine.control import stop_engines
from qwen_lsp.server.app import create_server
from tests.harness.lsp_client import Client, connect
from tests.server.test_requests import EDITOR, complete

URI = "file:///shop.py"
TEXT = "def total(prices):\n    \n\n\nprint(total([1, 2]))\n"
PLACE = TEXT.index("\n\n\n")
EXPLICIT = 1


@dataclass
class RealEditor:
    """An open document and what the server's status says."""

    client: Client

    async def ask(self) -> Any:
        """Ask for ghost text by a key; it is a list in any case."""
        return await complete(self.client, URI, PLACE, EXPLICIT)

    async def state(self, state: str) -> str:
        """Wait for the next status with this state; return its message."""
        status = await self.client.wait_for(
            "qwenLsp/status", 30, where=lambda told: told["state"] == state
        )
        return status["message"]

    async def restart_engine(self) -> None:
        await self.client.command("qwenLsp.restartEngine")

    async def prompt(self) -> str:
        """Return what the model was asked last."""
        return await self.client.command("qwenLsp.showPrompt")


RealEditors = Callable[[Path], Any]


@pytest_asyncio.fixture
async def real_editor(engine_home: Path) -> AsyncIterator[RealEditors]:
    """Return a function that connects an editor, which uses the model at a path."""
    assert engine_home

    @asynccontextmanager
    async def connected(model: Path) -> AsyncGenerator[RealEditor]:
        server, _ = create_server()
        engine = {"threads": 1, "contextTokens": 1024}
        options = {"model": str(model), "modelPull": "never", "engine": engine}
        async with connect(server, capabilities=EDITOR, options=options) as client:
            client.open(URI, TEXT)
            yield RealEditor(client)

    yield connected
    await stop_engines()


@pytest.fixture
def model(hybrid_path: Path, tmp_path: Path) -> Path:
    """Return a tiny model of this test's own."""
    path = tmp_path / "tiny.gguf"
    path.write_bytes(hybrid_path.read_bytes())
    return path


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - nobody there could set an event
            await asyncio.sleep(0.02)
