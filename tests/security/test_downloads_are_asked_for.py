"""The one connection that is made by itself waits for a yes of the user."""

from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.features.launch import Weights
from qwen_lsp.models import files
from qwen_lsp.models.catalogue import card
from qwen_lsp.models.errors import ModelError
from qwen_lsp.server.app import create_server
from tests.harness.lsp_client import connect
from tests.server.given_engine import GivenEngine, session_options


@pytest.mark.parametrize(
    ("pull", "answer", "is_fetched"),
    [
        ("ask", None, False),
        ("ask", {"title": "Not now"}, False),
        ("ask", {"title": "Download"}, True),
        ("never", {"title": "Download"}, False),
        ("auto", None, True),
    ],
)
async def test_a_model_is_fetched_only_where_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, pull: str, answer: Any, is_fetched: bool
) -> None:
    fetched: list[str] = []

    def fetch(model: Any, *_: Any) -> Path:
        fetched.append(model.id)
        raise ModelError("There is no network in this test.")

    monkeypatch.setattr(files, "pull", fetch)
    weights = Weights(card("qwen2.5-coder-0.5b"), None, "The test says so.")
    options = session_options(GivenEngine()) | {"find_weights": lambda _: weights}
    server, _ = create_server(**options)
    async with connect(server, options={"modelPull": pull}) as client:
        client.handlers["window/showMessageRequest"] = lambda _params: answer
        client.open("file:///a.py", "x = 1\n")
        await client.wait_for("qwenLsp/status", where=lambda status: status["state"] == "error")
    assert bool(fetched) == is_fetched
