"""What happens around the end of the real engine: kills, restarts, damaged files, a held lock."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from filelock import FileLock

from qwen_lsp.engine.address import EngineOptions, lock_path, published_keys
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import ask_status, stop_engines
from qwen_lsp.engine.messages import LoadFailed, Loading, Ready
from qwen_lsp.engine.requests import (
    Chat,
    EngineUnavailableError,
    GenerateRequest,
    Infill,
    Message,
    Priority,
)
from tests.engine.conftest import eventually

pytestmark = pytest.mark.model

SHORT = GenerateRequest(Infill("def add(a, b):\n", "", "    return a"), 2, Priority.TYPING)
LONG = GenerateRequest(Chat((Message("user", "Count to 500."),), "1, 2,"), 400, Priority.REVIEW)


@pytest_asyncio.fixture
async def client(engine_home: Path, model_path: Path) -> AsyncIterator[EngineClient]:
    """A client of an engine of this test's own; no process is left behind."""
    assert str(engine_home) == os.environ["QWEN_LSP_HOME"]
    client = EngineClient(EngineOptions(model_path, context_tokens=1024, idle_minutes=1.0))
    yield client
    await client.close()
    await stop_engines()
    assert published_keys() == []


async def pid_of(client: EngineClient) -> int:
    return (await client.status())["pid"]


async def until_gone(pid: int) -> None:
    def gone() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    await eventually(gone)


async def test_a_kill_costs_one_request_and_a_third_one_brings_a_pause(
    client: EngineClient,
) -> None:
    pids: set[int] = set()
    for _ in range(3):
        writing = asyncio.Event()
        task = asyncio.create_task(client.generate(LONG, on_text=lambda _text: writing.set()))  # noqa: B023 - the task ends within the round
        async with asyncio.timeout(60):
            await writing.wait()
        pids.add(await pid_of(client))
        os.kill(await pid_of(client), getattr(signal, "SIGKILL", signal.SIGTERM))
        with pytest.raises(EngineUnavailableError, match=r"ended while it worked.*engine\.log"):
            await task
        if len(pids) < 3:
            assert (await client.generate(SHORT)).finish == "length"
    assert len(pids) == 3
    with pytest.raises(EngineUnavailableError, match="tried again in a minute"):
        await client.generate(SHORT)
    assert await ask_status() == []
    await client.restart()
    assert (await client.generate(SHORT)).finish == "length"


async def test_a_restart_brings_a_new_process(client: EngineClient) -> None:
    old = await pid_of(client)
    await client.restart()
    await until_gone(old)
    assert await pid_of(client) != old
    assert (await client.generate(SHORT)).finish == "length"
    stopped = await stop_engines()
    assert len(stopped) == 1
    await until_gone(stopped[0])
    assert await ask_status() == []


async def test_an_engine_that_is_about_to_end_is_waited_for(
    client: EngineClient, model_path: Path
) -> None:
    lock = FileLock(lock_path(EngineOptions(model_path).key), thread_local=False)
    lock.acquire()
    threading.Timer(1.5, lock.release).start()
    async with asyncio.timeout(25):
        await client.start()


async def test_a_damaged_file_is_told_in_a_sentence(engine_home: Path, model_path: Path) -> None:
    damaged = engine_home / "damaged.gguf"
    with model_path.open("rb") as whole:
        damaged.write_bytes(whole.read(2**20))
    states: list[Loading | Ready | LoadFailed] = []
    client = EngineClient(EngineOptions(damaged, context_tokens=1024), states.append)
    with pytest.raises(EngineUnavailableError, match=r"damaged\.gguf cannot be loaded") as first:
        await client.generate(SHORT)
    assert str(first.value).endswith(".")
    assert isinstance(states[-1], LoadFailed)
    (status,) = await ask_status()
    await client.close()
    assert await stop_engines() == [status["pid"]]


async def test_an_idle_engine_leaves_and_takes_its_files_along(
    engine_home: Path, model_path: Path
) -> None:
    options = replace(EngineOptions(model_path, context_tokens=256), idle_minutes=0.02)
    client = EngineClient(options)
    pid = await pid_of(client)
    await client.start()
    await client.close()
    await until_gone(pid)
    left = {path.suffix for path in (engine_home / "cache" / "engine").iterdir()}
    assert left <= {".lock"}
