"""The first minutes in VS Code: with the model on disk, and without it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from editors.tests.code_server import code_server, vscode_settings
from editors.tests.home import MODEL_ID, Home, fresh_home
from editors.tests.model_hub import model_hub
from editors.tests.vscode import window
from editors.tests.waiting import wait_until
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.features import launch
from qwen_lsp.models import catalogue
from qwen_lsp.settings import Settings

Editor = Callable[[str], Path]
Picture = Callable[[str], Path]
Times = Callable[[str, str], None]


def load_ms(home: Home, patch: pytest.MonkeyPatch) -> float:
    """Return how long the engine that runs in `home` took to load its model."""

    async def ask() -> float:
        settings = launch.with_model(Settings(), MODEL_ID)
        client = EngineClient(launch.engine_options(launch.find_weights(settings), settings))
        try:
            return (await client.start()).load_ms
        finally:
            await client.close()

    with patch.context() as context:
        context.setenv("QWEN_LSP_HOME", str(home.folder))
        # In a thread, as the loop of this one is playwright's.
        with ThreadPoolExecutor(1) as pool:
            loaded_ms = pool.submit(lambda: asyncio.run(ask())).result()
    assert len(home.engines()) == 1, "the engine that the editor has started was asked"
    return loaded_ms


def test_the_first_start_and_the_next(
    editor: Editor,
    browser: Browser,
    extension: Path,
    home: Home,
    workspace: Path,
    tmp_path: Path,
    times: Times,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The model is on disk; at the first start nothing else of the server is, such as its speed."""
    settings = vscode_settings(home)
    text = (workspace / "shop.py").read_text("utf-8")
    program = editor("code-server")
    with code_server(program, extension, tmp_path / "vscode", home, settings) as server:
        for which in ("first start", "next start"):
            (workspace / "shop.py").write_text(text, "utf-8")
            began = time.monotonic()
            with window(browser, server, workspace / "shop.py") as opened:
                typeable = time.monotonic() - began
                # A person types at once, and not when the model is ready.
                opened.go_to_text("return total * (1 - discount)\n")
                opened.type("\n\ndef average_price(prices):\n")
                opened.wait_for_status("ready")
                opened.type("return ")
                opened.wait_for_ghost()
                suggested = time.monotonic() - began
                states = opened.states()
                assert opened.messages() == []
                loaded_ms = load_ms(home, monkeypatch)
            times(f"{which}: VS Code can be typed into after", f"{typeable:.1f} s")
            times(f"{which}: the status is visible after", f"{min(states.values()):.1f} s")
            times(f"{which}: the model is ready after", f"{states['Qwen LSP: ready']:.1f} s")
            times(f"{which}: the model's own load time", f"{loaded_ms / 1000:.1f} s")
            times(f"{which}: a suggestion is shown after", f"{suggested:.1f} s")
            wait_until(lambda: not home.servers(), "the server has ended with its window")
            home.run("engine", "stop")


def test_a_model_that_is_missing(
    editor: Editor,
    browser: Browser,
    extension: Path,
    weights: Path,
    workspace: Path,
    tmp_path: Path,
    picture: Picture,
) -> None:
    """It is asked for once. Declined, one types on in peace; later it comes, with its progress."""
    sha256 = catalogue.card(MODEL_ID).sha256
    assert sha256 is not None
    with model_hub(weights, sha256) as hub, fresh_home(None) as home:
        home.env["HF_ENDPOINT"] = hub.address
        settings = vscode_settings(home)
        program = editor("code-server")
        with (
            code_server(program, extension, tmp_path / "vscode", home, settings) as server,
            window(browser, server, workspace / "shop.py") as opened,
        ):
            opened.button("Not now").wait_for(timeout=60_000)
            opened.screenshot(picture("vscode-question.png"))
            opened.button("Not now").click()
            opened.wait_for_status("needs attention")
            opened.go_to_text("return total * (1 - discount)\n")
            opened.type("\n\ndef average_price(prices):\nreturn ")
            assert "def average_price(prices):\n    return" in opened.text()
            assert len(opened.messages()) == 1

            opened.open_menu()
            opened.choose("Select model")
            opened.choose(MODEL_ID)
            opened.button("Download").click(timeout=60_000)
            hub.allow(0.425)
            opened.wait_for_status(r"\b42\s?%")
            opened.screenshot(picture("vscode-download.png"))
            hub.allow(1)
            opened.wait_for_status("ready")
            opened.type("sum(")
            opened.wait_for_ghost()
            assert not [text for text in opened.messages() if "needs the model" not in text]
