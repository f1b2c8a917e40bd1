"""An engine with a scripted backend that serves real sockets from threads of the test."""

import asyncio
import contextlib
import os
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any, TypeVar

import pytest

from qwen_lsp.engine.address import Address, EngineOptions, address_path, new_address, publish
from qwen_lsp.engine.channel import Channel
from qwen_lsp.engine.messages import EngineMessage
from qwen_lsp.engine.process import EngineProcess
from tests.harness.scripted_backend import ScriptedBackend

WAIT_SECONDS = 10


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds that other threads or processes bring about."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - nobody there could set an event
            await asyncio.sleep(0.002)


M = TypeVar("M")


@dataclass
class Line:
    """A client of the engine that shows every message that it gets."""

    channel: Channel
    inbox: "queue.Queue[EngineMessage | None]"

    def send(self, message: EngineMessage) -> None:
        self.channel.send(message)

    def next(self) -> EngineMessage | None:
        """Return the next message; None where the engine hung up."""
        return self.inbox.get(timeout=WAIT_SECONDS)

    def wait_for(self, kind: "type[M]") -> "M":
        """Return the next message of a kind."""
        while True:
            message = self.next()
            assert message is not None, f"closed before a {kind.__name__}"
            if isinstance(message, kind):
                return message


@dataclass
class Served:
    """A running engine and its lines."""

    options: EngineOptions
    address: Address
    backend: ScriptedBackend
    engine: EngineProcess
    thread: threading.Thread
    listener: Listener
    lines: list[Line] = field(default_factory=list)

    def dial(self) -> Any:
        return Client(self.address.address, authkey=bytes.fromhex(self.address.authkey))

    def line(self) -> Line:
        inbox: queue.Queue[EngineMessage | None] = queue.Queue()
        channel = Channel(
            self.dial(), lambda _, message: inbox.put(message), lambda _: inbox.put(None)
        )
        channel.open()
        self.lines.append(Line(channel, inbox))
        return self.lines[-1]

    def end(self) -> None:
        for line in self.lines:
            line.channel.close()
        self.engine.stop()
        self.thread.join(WAIT_SECONDS)
        with contextlib.suppress(OSError):
            listening: socket.socket = self.listener._listener._socket  # pyright: ignore[reportAttributeAccessIssue]
            listening.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()
        address_path(self.options.key).unlink(missing_ok=True)
        assert not self.thread.is_alive()


Serve = Callable[..., Served]


@pytest.fixture
def serve(engine_home: Path) -> Iterator[Serve]:
    """Return a function that starts an engine around a scripted backend."""
    served: list[Served] = []

    def start(backend: ScriptedBackend, idle_minutes: float = 1.0) -> Served:
        options = EngineOptions(engine_home / "scripted.gguf", idle_minutes=idle_minutes)
        address = new_address(options)
        listener = Listener(address.address)
        engine = EngineProcess(options, backend)
        authkey = bytes.fromhex(address.authkey)
        thread = threading.Thread(target=engine.serve, args=(listener, authkey))
        thread.start()
        publish(options.key, address)
        served.append(Served(options, address, backend, engine, thread, listener))
        return served[-1]

    assert os.environ["QWEN_LSP_HOME"] == str(engine_home)
    yield start
    for each in served:
        each.end()
