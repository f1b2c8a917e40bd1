"""One server process, and the books of what it owes: each request exactly one answer."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from qwen_lsp.evaluation.fuzz.nonsense import Nonsense, encoded, framed, oddly_framed
from qwen_lsp.evaluation.fuzz.texts import Json

_PYTHON = (sys.executable, "-P", "-m")
# What editors start, and the same with a request that tells its texts.
REAL_SERVER = (*_PYTHON, "qwen_lsp", "serve")
PROBED_SERVER = (*_PYTHON, "qwen_lsp.cli.probed_server")
_INTERNAL_ERROR = -32603
_BIGGEST_LINE_BYTES = 2**16


class DeadServerError(Exception):
    """The server's process has ended, or says something that is no frame."""


class HangError(Exception):
    """Something that was owed has not come in time."""


@dataclass
class Books:
    """What was sent to a server and what came back; added up over all servers of a run."""

    messages: int = 0
    requests: int = 0
    answers: int = 0
    surplus: list[str] = field(default_factory=list[str])
    internal_errors: list[str] = field(default_factory=list[str])
    longest_answer: tuple[float, str] = (0.0, "")  # seconds, method


class Connection:
    """The client's end. `answer_request` returns the fields of a response to a server's request."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        books: Books,
        answer_request: Callable[[Json], Json],
    ) -> None:
        self.process = process
        self.books = books
        self.statuses: list[Json] = []
        self._answer_request = answer_request
        self._owed: Counter[str] = Counter()
        self._owed_errors = 0
        self._sent: dict[str, tuple[str, float]] = {}
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._numbers = 0
        self._arrived = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    # What is sent.

    def send_request(self, method: str, params: Any, message_id: Any = None, **odd: Any) -> Any:
        """Send a request; return its id, a new number where none is given.

        `odd` are further fields of the message; None takes one away.
        """
        if message_id is None:
            self._numbers += 1
            message_id = self._numbers
        key = json.dumps(message_id)
        self._owed[key] += 1
        self._sent[key] = method, time.monotonic()
        self.books.requests += 1
        message = {"jsonrpc": "2.0", "id": message_id, "method": method, "params": params, **odd}
        self._send({name: value for name, value in message.items() if value is not None})
        return message_id

    async def request(self, method: str, params: Any, seconds: float) -> Json:
        """Return the response to a request; raises HangError and DeadServerError."""
        message_id = self.send_request(method, params)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[json.dumps(message_id)] = answer
        await self._wait(answer.done, seconds)
        return answer.result()

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def send_nonsense(self, nonsense: Nonsense) -> None:
        """Send what is no message."""
        self.books.messages += 1
        self._owed_errors += nonsense.errors
        self._write(nonsense.data)

    def _send(self, message: Json) -> None:
        self.books.messages += 1
        self._write(framed(encoded(message)))

    def send_oddly(self, chance: Any, message: Json) -> None:
        """Send a notification or a response in an unusual frame."""
        self.books.messages += 1
        self._write(oddly_framed(chance, encoded(message)))

    def _write(self, data: bytes) -> None:
        cast("asyncio.StreamWriter", self.process.stdin).write(data)

    # What comes back.

    async def settle(self, seconds: float) -> None:
        """Wait until nothing is owed any more; raises HangError and DeadServerError."""
        await self._wait(lambda: not self._owed and not self._owed_errors, seconds)

    def outstanding(self) -> list[Any]:
        """Return the ids of the requests that have no answer yet."""
        return [json.loads(key) for key in self._owed]

    async def ended(self, seconds: float) -> int:
        """Return the process's exit code; raises HangError where it goes on."""
        try:
            code = await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            raise HangError("the process does not end") from None
        await asyncio.wait([self._reading])
        return code

    async def _wait(self, is_done: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not is_done():
            if self._reading.done():
                raise DeadServerError(await self._why_dead())
            self._arrived.clear()
            left = deadline - time.monotonic()
            try:
                await asyncio.wait_for(self._arrived.wait(), max(left, 0.001))
            except TimeoutError:
                if left <= 0:
                    raise HangError(self._what_is_owed()) from None

    def _what_is_owed(self) -> str:
        owed = [f"{self._sent[key][0]} (id {key[:50]})" for key in list(self._owed)[:5]]
        return f"{sum(self._owed.values())} requests, {self._owed_errors} errors: {owed}"

    async def _why_dead(self) -> str:
        error = self._reading.exception()
        return f"exit code {await self.process.wait()}" if error is None else repr(error)

    async def _read(self) -> None:
        try:
            async for message in _messages(cast("asyncio.StreamReader", self.process.stdout)):
                self._receive(message)
                self._arrived.set()
        finally:
            self._arrived.set()

    def _receive(self, message: Json) -> None:
        if "method" not in message:
            self._receive_answer(message)
        elif "id" in message:
            response = {"jsonrpc": "2.0", "id": message["id"], **self._answer_request(message)}
            self._send(response)
        elif message["method"] == "qwenLsp/status":
            self.statuses.append(message["params"])

    def _receive_answer(self, message: Json) -> None:
        key = json.dumps(message["id"])
        error: Json | None = message.get("error")
        if message["id"] is None and error is not None and self._owed_errors:
            self._owed_errors -= 1
            return
        if not self._owed[key]:
            del self._owed[key]
            self.books.surplus.append(json.dumps(message)[:300])
            return
        self._owed[key] -= 1
        if not self._owed[key]:
            del self._owed[key]
        method, sent = self._sent[key]
        self.books.answers += 1
        took = (time.monotonic() - sent, method)
        self.books.longest_answer = max(self.books.longest_answer, took)
        if error is not None and error["code"] == _INTERNAL_ERROR:
            self.books.internal_errors.append(f"{method}: {error['message']}")
        if (waiting := self._waiting.pop(key, None)) is not None:
            waiting.set_result(message)


async def start_server(
    command: Sequence[str], books: Books, answer_request: Callable[[Json], Json], log: Path
) -> Connection:
    """Start a server whose stderr is added to `log`; QWEN_LSP_HOME says where its files are."""
    with log.open("ab") as stderr:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=stderr
        )
    return Connection(process, books, answer_request)


async def _messages(reader: asyncio.StreamReader) -> AsyncIterator[Json]:
    """Yield what the server sends; raises DeadServerError for anything but frames of JSON."""
    while header := await reader.readline():
        name, _, length = header.partition(b": ")
        if name != b"Content-Length" or await reader.readline() != b"\r\n":
            raise DeadServerError(f"not a header: {header[:100]!r}")
        yield json.loads(await reader.readexactly(int(length)))
