"""Frames over byte streams: the part of the transport that knows neither LSP nor pygls.

The read loop wants no thread pool: with all its workers busy nothing would be read, not even a
cancel. So stdin and stdout each get one thread of their own, which on Windows is also the only
way to read a pipe without blocking the loop.
"""

import asyncio
import contextlib
import os
import queue
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable

# A length of ten digits would be waited for without end; no editor sends a message of a gigabyte.
_LENGTH = re.compile(rb"Content-Length:\s*(\d{1,9})\s*$", re.IGNORECASE)
_CHUNK_BYTES = 1 << 16


def frame(body: bytes) -> bytes:
    """Return a message's body with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def read_frames(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the body of each frame until the stream ends; what is no header is skipped."""
    length: int | None = None
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # A line too long to be a header; the reader has dropped it.
            continue
        if not line:
            return
        if match := _LENGTH.search(line):
            length = int(match[1])
        elif length is not None and not line.strip():
            try:
                body = await reader.readexactly(length)
            except asyncio.IncompleteReadError:
                return
            yield body
            length = None


def claim_stdio() -> tuple[int, int]:
    """Take stdin and stdout for the protocol alone; return their descriptors.

    From here on a stray `print`, also one in C code or in a child process, goes to stderr, and
    whoever reads the usual stdin finds it empty.
    """
    stdin, stdout = os.dup(0), os.dup(1)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if os.name == "posix":
        # A parent may have left them non-blocking; our threads mean to wait.
        os.set_blocking(stdin, True)
        os.set_blocking(stdout, True)
    return stdin, stdout


def read_in_thread(descriptor: int) -> asyncio.StreamReader:
    """Return a stream of what arrives at `descriptor`, which a thread reads."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def feed() -> None:
        # The loop may be closed by the time that a last read returns.
        with contextlib.suppress(RuntimeError):
            while chunk := _read(descriptor):
                loop.call_soon_threadsafe(reader.feed_data, chunk)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=feed, name="qwen-lsp-stdin", daemon=True).start()
    return reader


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK_BYTES)
    except OSError:  # Windows says so when the other end has closed the pipe.
        return b""


class ThreadWriter:
    """Writes to a descriptor in order from a thread, so that a slow reader never blocks the loop.

    `on_lost` is called from that thread when the other end is gone; what is written after that
    is dropped.
    """

    def __init__(self, descriptor: int, on_lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="qwen-lsp-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue `data`; any thread may call this."""
        self._queue.put(data)

    def close(self, wait_s: float = 10.0) -> None:
        """Wait until everything is written, or for `wait_s` where nobody reads."""
        self._queue.put(None)
        self._thread.join(wait_s)

    def _write(self) -> None:
        while (data := self._queue.get()) is not None:
            rest = memoryview(data)
            try:
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]
            except OSError:
                self._on_lost()
                return
