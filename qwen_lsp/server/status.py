"""The notification `qwenLsp/status`: what the server is doing, for a status bar."""

from enum import Enum

from qwen_lsp.server.boundary import Server

METHOD = "qwenLsp/status"


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
        self._resting = (State.STARTING, "")
        self._sent: dict[str, str] = {}
        self.model = ""

    def set(self, state: State, message: str) -> None:
        """Tell the client a state that lasts."""
        self._resting = (state, message)
        self._send(state, message)

    def begin_work(self, message: str) -> None:
        """Show that the model works on something that was asked for."""
        self._busy += 1
        self._send(State.BUSY, message)

    def end_work(self) -> None:
        """Show the lasting state again once nothing is worked on."""
        self._busy -= 1
        if self._busy == 0:
            self._send(*self._resting)

    def _send(self, state: State, message: str) -> None:
        status = {
            "state": state.value,
            "message": message,
            "model": self.model,
            "backend": "llama.cpp",
        }
        if status != self._sent:
            self._sent = status
            self._server.protocol.notify(METHOD, status)
