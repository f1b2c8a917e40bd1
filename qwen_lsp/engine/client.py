"""The engine as the language server and the command line see it.

It finds the running engine of a model or starts one, keeps a channel to it, and gives each answer
to the task that asked. When the process dies, the requests under way fail with a sentence and the
next request starts it again, with a pause if that keeps happening.
"""

import asyncio
import contextlib
import logging
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, answer_challenge, deliver_challenge
from typing import Any

from qwen_lsp.engine import spawn
from qwen_lsp.engine.address import (
    Address,
    EngineOptions,
    options_to_json,
    read_address,
    wait_for_end,
)
from qwen_lsp.engine.channel import Channel
from qwen_lsp.engine.messages import (
    AskStatus,
    Cancel,
    Done,
    EngineMessage,
    Failed,
    Generate,
    LoadFailed,
    Loading,
    OnState,
    Ready,
    Status,
    Stop,
    Text,
)
from qwen_lsp.engine.requests import (
    EngineError,
    EngineUnavailableError,
    GenerateRequest,
    Generation,
    ModelFacts,
    PromptTooLongError,
)
from qwen_lsp.folders import log_folder

_log = logging.getLogger(__name__)

_START_SECONDS = 30.0
_GREETING_SECONDS = 5.0
_END_SECONDS = 5.0
# The engine looks at deadlines between two model calls, which are long on a busy machine.
_LATE_SECONDS = 0.3
CRASHES_ALLOWED = 3
_CRASH_WINDOW_SECONDS = 60.0


@dataclass
class _Pending:
    """A request on its way."""

    result: "asyncio.Future[Any]"
    enough: Callable[[str], bool] | None = None
    on_text: Callable[[str], None] | None = None
    text: str = ""
    had_enough: bool = False


@dataclass
class _Connection:
    """One channel, and what is on its way over it."""

    channel: Channel
    ready: "asyncio.Future[Ready]"
    pending: dict[int, _Pending] = field(default_factory=dict)


class EngineClient:
    """Asks the engine of one model. Use it from one event loop.

    After `crashes_allowed` ends of the engine within a minute, it is left alone for a while.
    """

    def __init__(
        self,
        options: EngineOptions,
        on_state: OnState | None = None,
        *,
        crashes_allowed: int = CRASHES_ALLOWED,
    ) -> None:
        self._options = options
        self._on_state = on_state
        self._connection: _Connection | None = None
        self._connecting = asyncio.Lock()
        self._numbers = 0
        self._crashes: deque[float] = deque(maxlen=crashes_allowed)
        self._load_failure = ""
        self.facts: ModelFacts | None = None

    async def start(self) -> Ready:
        """Connect and wait until the model is loaded; raises EngineError."""
        connection = await self._connected()
        return await asyncio.shield(connection.ready)

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the generation; see `requests.Engine`."""
        connection = await self._connected()
        await asyncio.shield(connection.ready)
        pending = _Pending(asyncio.get_running_loop().create_future(), enough, on_text)
        asking = self._ask(connection, lambda number: Generate(number, request), pending)
        if request.deadline_ms is None:
            return await asking
        patience = request.deadline_ms / 1000 + _LATE_SECONDS
        try:
            return await asyncio.wait_for(asking, patience)
        except TimeoutError:
            return Generation(pending.text, "deadline", total_ms=patience * 1000)

    async def status(self) -> dict[str, Any]:
        """Return what the engine says of itself; raises EngineError."""
        connection = await self._connected()
        pending = _Pending(asyncio.get_running_loop().create_future())
        return await self._ask(connection, AskStatus, pending)

    async def close(self) -> None:
        """Hang up. The engine goes on for other windows and leaves when it is idle."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _fail_pending(connection, "The engine was left.")
            await asyncio.to_thread(connection.channel.close)

    async def restart(self) -> None:
        """End the engine process; the next request starts a new one."""
        # A request that comes meanwhile would find the old engine, which ends under its hands.
        async with self._connecting:
            connection, self._connection = self._connection, None
            self._crashes.clear()
            if connection is not None:
                _fail_pending(connection, "The engine is started again.")
            address = read_address(self._options.key)
            if connection is None or address is None:
                return
            connection.channel.send(Stop())
            await asyncio.to_thread(connection.channel.close)
            await asyncio.to_thread(wait_for_end, self._options.key, address.pid, _END_SECONDS)

    async def _ask(
        self, connection: _Connection, message: Callable[[int], EngineMessage], pending: _Pending
    ) -> Any:
        if self._connection is not connection:
            raise EngineUnavailableError(_ended())  # between the wait for the model and now
        self._numbers += 1
        number = self._numbers
        connection.pending[number] = pending
        connection.channel.send(message(number))
        try:
            return await pending.result
        except asyncio.CancelledError:
            connection.channel.send(Cancel(number))
            raise
        finally:
            connection.pending.pop(number, None)

    async def _connected(self) -> _Connection:
        async with self._connecting:
            if self._connection is None:
                try:
                    self._refuse_while_it_keeps_ending()
                    self._connection = await self._connect()
                except EngineUnavailableError as error:
                    self._tell(LoadFailed(str(error)))
                    raise
            return self._connection

    def _refuse_while_it_keeps_ending(self) -> None:
        recent = time.monotonic() - _CRASH_WINDOW_SECONDS
        if len(self._crashes) == self._crashes.maxlen and self._crashes[0] > recent:
            raise EngineUnavailableError(
                self._load_failure
                or "The engine keeps ending; it is tried again in a minute "
                f"(log: {log_folder() / 'engine.log'})."
            )

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            line = await asyncio.to_thread(_dial_or_start, self._options)
        except EngineUnavailableError:
            self._crashes.append(time.monotonic())
            raise

        def on_message(channel: Channel, message: EngineMessage) -> None:
            from_thread(loop, self._receive, channel, message)

        def on_closed(channel: Channel) -> None:
            from_thread(loop, self._lost, channel)

        channel = Channel(line, on_message, on_closed)
        connection = _Connection(channel, loop.create_future())
        # A failed load is told to whoever asks; nobody may be asking.
        connection.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self._connection = connection
        channel.open()
        return connection

    def _receive(self, channel: Channel, message: EngineMessage) -> None:
        connection = self._connection
        if connection is None or connection.channel is not channel:
            return
        if isinstance(message, Loading | Ready | LoadFailed):
            self._note_state(connection, message)
            return
        if not isinstance(message, Text | Done | Failed | Status):
            return
        pending = connection.pending.get(message.id)
        if pending is None or pending.result.done():
            return
        match message:
            case Text(id=number, text=text):
                self._note_text(channel, number, pending, text)
            case Done(generation=generation):
                pending.result.set_result(generation)
            case Failed(reason=reason, too_long=too_long):
                kind = PromptTooLongError if too_long else EngineError
                pending.result.set_exception(kind(reason))
            case Status(status=status):
                pending.result.set_result(status)

    def _note_text(self, channel: Channel, number: int, pending: _Pending, text: str) -> None:
        if pending.had_enough:
            return
        pending.text += text
        if pending.on_text is not None:
            pending.on_text(pending.text)
        if pending.enough is not None and pending.enough(pending.text):
            pending.had_enough = True
            channel.send(Cancel(number, had_enough=True))

    def _note_state(self, connection: _Connection, state: Loading | Ready | LoadFailed) -> None:
        if isinstance(state, Ready):
            self.facts = state.facts
            self._load_failure = ""
            connection.ready.set_result(state)
        elif isinstance(state, LoadFailed):
            self._load_failure = state.reason
            connection.ready.set_exception(EngineUnavailableError(state.reason))
        self._tell(state)

    def _tell(self, state: Loading | Ready | LoadFailed) -> None:
        if self._on_state is not None:
            self._on_state(state)

    def _lost(self, channel: Channel) -> None:
        connection = self._connection
        if connection is None or connection.channel is not channel:
            return
        self._connection = None
        self._crashes.append(time.monotonic())
        reason = _ended() if connection.ready.done() else self._ended_while_loading()
        _log.warning("%s", reason)
        if connection.pending or not connection.ready.done():
            self._tell(LoadFailed(reason))
        _fail_pending(connection, reason)

    def _ended_while_loading(self) -> str:
        return (
            f"The engine ended while it loaded {self._options.model_path.name}: the file may be "
            f"damaged, or there is not enough memory (log: {log_folder() / 'engine.log'})."
        )


def _ended() -> str:
    return f"The engine ended while it worked (log: {log_folder() / 'engine.log'})."


def _fail_pending(connection: _Connection, reason: str) -> None:
    waiting = [connection.ready, *(pending.result for pending in connection.pending.values())]
    for future in waiting:
        if not future.done():
            future.set_exception(EngineUnavailableError(reason))


def from_thread(
    loop: asyncio.AbstractEventLoop, call: Callable[..., None], *arguments: Any
) -> None:
    """Call in the loop's thread; a loop that is closed has nobody who waits any more."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *arguments)


def dial(options: EngineOptions) -> Any:
    """Return a connection to the running engine of `options`, None where none answers."""
    address = read_address(options.key)
    return dial_address(address) if address is not None else None


def dial_address(address: Address) -> Any:
    """Return a connection to the engine at `address`, None where none answers."""
    try:
        authkey = bytes.fromhex(address.authkey)
        line = _open_line(address.address)
    except (OSError, ValueError):
        return None
    try:
        if line.poll(_GREETING_SECONDS):
            answer_challenge(line, authkey)
            deliver_challenge(line, authkey)
            return line
    except (OSError, EOFError, AuthenticationError):
        pass
    line.close()
    return None


def _open_line(address: str) -> Any:
    """Return a connection before its handshake; raises OSError.

    A process that is stopped or short of memory takes nobody from its queue, and greets nobody.
    `Client` would wait for ever where the queue is full.
    """
    if sys.platform == "win32":
        return Client(address)
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(_GREETING_SECONDS)
        line.connect(address)
        line.setblocking(True)
        return Connection(line.detach())


def _dial_or_start(options: EngineOptions) -> Any:
    """Return a connection to the engine, which may have to be started.

    Raises EngineUnavailableError.
    """
    try:
        return _dialled_or_started(options)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        raise EngineUnavailableError(
            f"The engine could not be started ({reason}); make room there, or set QWEN_LSP_HOME "
            "to a folder that you may write to."
        ) from error


def _dialled_or_started(options: EngineOptions) -> Any:
    line = dial(options)
    if line is not None:
        return line
    child = _start(options)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        line = dial(options)
        if line is not None:
            return line
        ended = child.poll()
        if ended == 0:
            # Another engine holds the lock: it has yet to listen, or it is about to end.
            child = _start(options)
        elif ended is not None:
            break
        time.sleep(0.02)
    raise EngineUnavailableError(
        f"The engine could not be started (log: {log_folder() / 'engine.log'})."
    )


def _start(options: EngineOptions) -> "subprocess.Popen[bytes]":
    absolute = replace(options, model_path=options.model_path.absolute())
    return spawn.start(options_to_json(absolute))
