"""The engine process: `python -m qwen_lsp.engine.process`, started by a client.

It reads its options from standard input, takes the lock of its model, listens, reads the weights,
and then works until nobody has been connected for `idle_minutes`. One request on its way through
this file: a client's channel reads `Generate`, `_receive` makes it a `Job`, the scheduler steps it,
its callbacks send `Text` and `Done` back over the same channel.
"""

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, replace
from multiprocessing import AuthenticationError
from multiprocessing.connection import Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from qwen_lsp.engine.address import (
    EngineOptions,
    address_path,
    lock_path,
    new_address,
    options_from_json,
    publish,
)
from qwen_lsp.engine.backends.base import Backend
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
    Ready,
    Status,
    Stop,
    Text,
)
from qwen_lsp.engine.pace import default_threads
from qwen_lsp.engine.requests import EngineError, ModelFacts, PromptTooLongError
from qwen_lsp.engine.scheduler import Job, Scheduler
from qwen_lsp.failures import log_uncaught

_log = logging.getLogger(__name__)

# How long a process whose model cannot be loaded stays to tell that to clients.
_LINGER_SECONDS = 3.0
# How many may wait to be greeted; more are refused, and come again.
_MOST_UNGREETED = 16


class EngineProcess:
    """Connects clients to the scheduler."""

    def __init__(self, options: EngineOptions, backend: Backend[Any]) -> None:
        self._options = options
        self._backend = backend
        self._scheduler = Scheduler(backend)
        self._channels: set[Channel] = set()
        self._lock = threading.Lock()
        self._state: Loading | Ready | LoadFailed = Loading(0.0)
        self._started = self._left = time.monotonic()

    def serve(self, listener: Listener, authkey: bytes) -> None:
        """Load and work until told to stop or idle for long enough."""
        threading.Thread(target=self._accept, args=(listener, authkey), daemon=True).start()
        threading.Thread(target=self._watch_idle, daemon=True).start()
        began = time.monotonic()
        try:
            facts = self._backend.load(lambda done: self._announce(Loading(done)))
        except EngineError as error:
            _log.error("%s", error)
            self._announce(LoadFailed(str(error)))
            time.sleep(_LINGER_SECONDS)
            return
        self._announce(Ready(facts, (time.monotonic() - began) * 1000))
        self._scheduler.run()
        for channel in list(self._channels):
            channel.close()

    def stop(self) -> None:
        """End after the model call under way."""
        self._scheduler.stop()

    def _announce(self, state: Loading | Ready | LoadFailed) -> None:
        with self._lock:
            self._state = state
            channels = list(self._channels)
        for channel in channels:
            channel.send(state)

    def _accept(self, listener: Listener, authkey: bytes) -> None:
        while True:
            try:
                connection: Any = listener.accept()
            except OSError:
                return  # the listener is closed: the process is ending
            # In a thread of its own: a peer that is silent or talks nonsense holds up nobody.
            greeting = threading.Thread(target=self._greet, args=(connection, authkey), daemon=True)
            try:
                greeting.start()
            except (RuntimeError, MemoryError):
                connection.close()  # no memory for a thread now; the peer may come again

    def _greet(self, connection: Any, authkey: bytes) -> None:
        try:
            deliver_challenge(connection, authkey)
            answer_challenge(connection, authkey)
        except (AuthenticationError, EOFError, OSError, AssertionError) as error:
            _log.warning("a connection was refused: %s", error)
            connection.close()
            return
        channel = Channel(connection, self._receive, self._closed)
        with self._lock:
            self._channels.add(channel)
            channel.send(self._state)
        channel.open()

    def _receive(self, channel: Channel, message: EngineMessage) -> None:
        match message:
            case Generate(id=number, request=request):
                job = Job(
                    request,
                    channel,
                    on_text=lambda text: channel.send(Text(number, text)),
                    on_done=lambda generation: channel.send(Done(number, generation)),
                    on_failed=lambda error: channel.send(
                        Failed(number, str(error), isinstance(error, PromptTooLongError))
                    ),
                    client_number=number,
                )
                self._scheduler.submit(job)
            case Cancel(id=number, had_enough=had_enough):
                ending = "enough" if had_enough else "cancelled"
                self._scheduler.end(channel, lambda job: job.client_number == number, ending)
            case AskStatus(id=number):
                channel.send(Status(number, self._status()))
            case Stop():
                self.stop()
            case _:
                _log.warning("a client sent a message that only the engine sends")

    def _closed(self, channel: Channel) -> None:
        with self._lock:
            self._channels.discard(channel)
            self._left = time.monotonic()
        self._scheduler.end(channel, lambda _job: True, "cancelled")

    def _status(self) -> dict[str, Any]:
        scheduler, state = self._scheduler, self._state
        facts: ModelFacts | None = state.facts if isinstance(state, Ready) else None
        counts = asdict(scheduler.counts)
        prompt_tokens = max(scheduler.counts.prompt_tokens, 1)
        speed = facts.speed if facts else None
        return {
            "pid": os.getpid(),
            "model": facts.name if facts else self._options.model_path.name,
            "model_path": str(self._options.model_path),
            "state": type(state).__name__.lower(),
            "clients": len(self._channels),
            "waiting": scheduler.waiting,
            "running": scheduler.running,
            **counts,
            "reused_share": round(scheduler.counts.reused_tokens / prompt_tokens, 3),
            "prompt_speed": speed.prompt_speed if speed else 0.0,
            "generation_speed": round(1000 / speed.token_ms, 1) if speed else 0.0,
            **self._backend.figures(),
            "memory_bytes": psutil.Process().memory_info().rss,
            "threads": self._options.threads,
            "context_tokens": facts.context_tokens if facts else self._options.context_tokens,
            "up_seconds": round(time.monotonic() - self._started),
        }

    def _watch_idle(self) -> None:
        while True:
            time.sleep(min(1.0, self._options.idle_minutes * 60))
            with self._lock:
                idle = not self._channels
                seconds = time.monotonic() - self._left
            if idle and seconds > self._options.idle_minutes * 60:
                _log.info("nobody has been here for %d s: leaving", seconds)
                self.stop()
                return


def main() -> int:
    """Run the engine; returns 0 also where it is not needed, or another process has the lock."""
    # First what takes half a second: it may be done before the options are known.
    from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend  # noqa: PLC0415 - tests do without

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    log_uncaught()
    line = sys.stdin.readline()
    if not line:
        return 0
    options = options_from_json(line)
    options = replace(options, threads=options.threads or default_threads())
    lock = FileLock(lock_path(options.key))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return 0
    address = new_address(options)
    if os.name == "posix":
        Path(address.address).unlink(missing_ok=True)  # left by a process that was killed
    with Listener(address.address, backlog=_MOST_UNGREETED) as listener:
        if os.name == "posix":
            Path(address.address).chmod(0o600)
        backend = LlamaCppBackend(options)
        engine = EngineProcess(options, backend)
        signal.signal(signal.SIGTERM, lambda _signal, _frame: engine.stop())
        publish(options.key, address)
        try:
            engine.serve(listener, bytes.fromhex(address.authkey))
        finally:
            address_path(options.key).unlink(missing_ok=True)
            backend.close()
    lock.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
