"""What the status says while several things happen at once."""

from types import SimpleNamespace
from typing import Any

from qwen_lsp.server.status import State, Status


def test_a_model_that_becomes_ready_does_not_hide_the_work_that_waits_for_it():
    told: list[str] = []

    def notify(_method: str, status: dict[str, Any]) -> None:
        told.append(f"{status['state']}: {status['message']}")

    server: Any = SimpleNamespace(protocol=SimpleNamespace(notify=notify))
    status = Status(server)
    status.begin_work("Reviewing.")
    status.set(State.LOADING, "Loading.")
    status.set(State.READY, "Ready.")
    status.end_work()
    assert told == ["busy: Reviewing.", "loading: Loading.", "busy: Reviewing.", "ready: Ready."]
