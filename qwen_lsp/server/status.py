"""The notification `qwenLsp/status`: what the server is doing, for a status bar."""

import statistics
import time
from collections import deque
from enum import Enum

from qwen_lsp.engine.requests import Generation, Priority
from qwen_lsp.server.boundary import Server
from qwen_lsp.server.plain_text import without_links

METHOD = "qwenLsp/status"

# The speed that is shown is the median of so many answers, and changes at most so often: a number
# that flickers with each key is read by nobody.
_ANSWERS = 9
_SPEED_SECONDS = 2.0
# The time of so few tokens says little of a speed.
_LEAST_TOKENS = 4


class State(Enum):
    """What a status bar shows."""

    STARTING = "starting"
    DOWNLOADING = "downloading"
    LOADING = "loading"
    READY = "ready"
    BUSY = "busy"
    PAUSED = "paused"
    ERROR = "error"


class Status:
    """The last state, told to the client whenever it changes."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._busy = 0
        self._work = ""
        self._resting = (State.STARTING, "")
        self._sent: dict[str, str] = {}
        self._shown = self._resting
        self._token_speeds: deque[float] = deque(maxlen=_ANSWERS)
        self._typing_ms: deque[float] = deque(maxlen=_ANSWERS)
        self._told_speed = 0.0
        self.model = ""
        self._backend = "llama.cpp"
        self._endpoint = ""

    def use_backend(self, backend: str, endpoint: str = "") -> None:
        """Show from the next state on where code goes; an `endpoint` of "" is this machine."""
        self._backend, self._endpoint = backend, endpoint

    def set(self, state: State, message: str) -> None:
        """Tell the client a state that lasts; that it is ready is no news while it works."""
        self._resting = (state, message)
        if self._busy and state is State.READY:
            self._send(State.BUSY, self._work)
        else:
            self._send(state, message)

    def begin_work(self, message: str) -> None:
        """Show that the model works on something that was asked for."""
        self._busy += 1
        self._work = message
        self._send(State.BUSY, message)

    def end_work(self) -> None:
        """Show the lasting state again once nothing is worked on."""
        self._busy -= 1
        if self._busy == 0:
            self._send(*self._resting)

    def note_answer(self, generation: Generation, priority: Priority) -> None:
        """Count an answer of the model into the speed that is shown."""
        written = generation.generated_tokens
        writing_ms = generation.total_ms - generation.first_token_ms
        if written >= _LEAST_TOKENS and writing_ms > 0:
            self._token_speeds.append((written - 1) * 1000 / writing_ms)
        if priority == Priority.TYPING and written:
            self._typing_ms.append(generation.total_ms)
        now = time.monotonic()
        if now - self._told_speed > _SPEED_SECONDS:
            self._told_speed = now
            self._send(*self._shown)

    def _speed(self) -> str:
        """Return the tokens a second, and the milliseconds that ghost text took, if known."""
        parts: list[str] = []
        if self._token_speeds:
            parts.append(f"{statistics.median(self._token_speeds):.0f} tok/s")
        if self._typing_ms:
            parts.append(f"{statistics.median(self._typing_ms):.0f} ms")
        return " · ".join(parts)

    def _send(self, state: State, message: str) -> None:
        self._shown = state, message
        status = {
            "state": state.value,
            "message": without_links(message),
            "model": self.model,
            "backend": self._backend,
            "endpoint": self._endpoint,
            "speed": self._speed(),
        }
        if status != self._sent:
            self._sent = status
            self._server.protocol.notify(METHOD, status)
