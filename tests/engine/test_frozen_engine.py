"""An engine that is stopped, or too short of memory to greet anybody, keeps nobody waiting."""

import threading
from multiprocessing.connection import Listener
from pathlib import Path

import pytest
from filelock import FileLock

from qwen_lsp.engine import client as client_module
from qwen_lsp.engine.address import EngineOptions, lock_path, new_address, publish
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.requests import EngineUnavailableError
from tests.engine.conftest import Serve
from tests.engine.test_client import request
from tests.harness.scripted_backend import ScriptedBackend


async def test_an_engine_that_greets_nobody_is_given_up(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_GREETING_SECONDS", 0.05)
    monkeypatch.setattr(client_module, "_START_SECONDS", 0.2)
    options = EngineOptions(engine_home / "frozen.gguf")
    address = new_address(options)
    with FileLock(lock_path(options.key)), Listener(address.address):
        publish(options.key, address)
        with pytest.raises(EngineUnavailableError, match="could not be started"):
            await EngineClient(options).start()


async def test_an_engine_without_room_for_a_thread_is_asked_again(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve(ScriptedBackend({"x": ["a"]}))
    start, refused = threading.Thread.start, threading.Event()

    def start_but_once(thread: threading.Thread) -> None:
        if "_greet" in thread.name and not refused.is_set():
            refused.set()
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_but_once)
    client = EngineClient(served.options)
    with FileLock(lock_path(served.options.key)):  # So that the one that is started leaves again.
        assert (await client.generate(request("x"))).text == "a"
    assert refused.is_set()
    await client.close()
