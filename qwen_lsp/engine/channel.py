"""A two-way line for messages between processes of one user on one machine.

The standard library's `multiprocessing.connection` gives Unix sockets and Windows named pipes with
framing and a shared-key handshake; only its byte calls are used, never pickling. Reading and
writing have a thread each, so a peer that stops reading can hold up nobody else.
"""

import os
import queue
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from qwen_lsp.engine.messages import EngineMessage, decode, encode

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_LARGEST_MESSAGE_BYTES = 64 * 2**20


class Channel:
    """One connection. The callbacks run in the channel's reading thread."""

    def __init__(
        self,
        connection: "Connection[bytes, bytes]",
        on_message: Callable[["Channel", EngineMessage], None],
        on_closed: Callable[["Channel"], None],
    ) -> None:
        self._connection = connection
        self._on_message = on_message
        self._on_closed = on_closed
        self._outbox: queue.SimpleQueue[EngineMessage | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="channel-read", daemon=True)
        self._writer = threading.Thread(target=self._write, name="channel-write", daemon=True)

    def open(self) -> None:
        """Begin to read and write."""
        self._writer.start()  # first, for a reader whose peer is gone already waits for it
        self._reader.start()

    def send(self, message: EngineMessage) -> None:
        """Queue a message; what cannot be delivered is dropped when the channel closes."""
        self._outbox.put(message)

    def close(self, flush_seconds: float = 1.0) -> None:
        """Send what is queued, at most for `flush_seconds`, and hang up."""
        self._outbox.put(None)
        if threading.current_thread() is not self._writer and self._writer.is_alive():
            self._writer.join(flush_seconds)
        if self._writer.is_alive():
            self._hang_up()  # the peer does not read; this wakes the thread that writes to it

    def _write(self) -> None:
        try:
            while (message := self._outbox.get()) is not None:
                self._connection.send_bytes(encode(message))
        except (OSError, ValueError):
            pass  # the peer is gone; the reading side reports it
        finally:
            self._hang_up()

    def _read(self) -> None:
        try:
            while True:
                self._on_message(self, decode(self._connection.recv_bytes(_LARGEST_MESSAGE_BYTES)))
        except (EOFError, OSError, ValueError, TypeError):
            pass  # closed by either side, or a peer that speaks something else
        finally:
            self._outbox.put(None)
            self._on_closed(self)
            self._writer.join()
            self._connection.close()

    def _hang_up(self) -> None:
        # Closing a descriptor does not wake a thread that is blocked reading it; shutting the
        # socket down does. A Windows pipe is no socket, and closing it is enough.
        if os.name == "nt":
            self._connection.close()
            return
        try:
            line = socket.socket(fileno=self._connection.fileno())
        except OSError:
            return  # closed by the reading thread
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # already closed by the peer
        finally:
            line.detach()
