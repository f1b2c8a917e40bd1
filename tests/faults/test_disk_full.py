"""A full disk costs what would have been written, and says so where it costs more."""

import os
from pathlib import Path

import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.requests import Speed
from qwen_lsp.engine.speed import known_speed, remember_speed
from qwen_lsp.folders import cache_folder
from qwen_lsp.server.app import create_server
from tests.faults.conftest import RealEditors, until
from tests.harness.full_disk import full_disk
from tests.harness.lsp_client import connect
from tests.server.given_engine import GivenEngine, session_options
from tests.server.test_requests import EDITOR, FOUND, RIGHT, SEARCH, editor

SPEED = Speed(prompt_speed=150.0, token_ms=20.0, verify_ms=100.0, verify_tokens=9)


async def test_the_engine_is_not_started_and_the_next_request_starts_it(
    real_editor: RealEditors, model: Path
) -> None:
    with full_disk():
        async with real_editor(model) as editing:
            said = await editing.state("error")
            assert said.startswith("The engine could not be started")
            assert said.endswith(".")
            assert await editing.ask() == []
    async with real_editor(model) as editing:
        await editing.state("ready")
        await editing.ask()
        assert "def total" in await editing.prompt()


async def test_the_index_is_missing_until_there_is_room(
    engine_home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert engine_home
    file = tmp_path / "a.py"
    file.write_text("class Anchor: ...\n")
    server, session = create_server(**session_options(GivenEngine()))
    async with connect(server, capabilities=EDITOR, workspace=tmp_path) as client:
        client.ignored |= {"textDocument/publishDiagnostics"}
        with full_disk():
            uri = client.open(file)
            await until(lambda: "could not be built" in caplog.text)
            client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            await until(lambda: "was not updated" in caplog.text)
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        await until(lambda: (session.project.indexes.index_for("a.py") or (None,))[0] is not None)
        index, path = session.project.indexes.index_for("a.py") or pytest.fail("no index")
        await until(lambda: index.has_file(path))
    assert "Traceback" not in caplog.text


async def test_a_review_is_shown_and_only_not_kept(
    engine_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert engine_home
    async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
        uri = client.open("file:///a.py", SEARCH)
        with full_disk():
            reviewed = await client.command("qwenLsp.review", {"uri": uri})
        assert reviewed == {"functions": 1, "findings": 1}
        kept = cache_folder() / "review"
        assert "cannot be kept" in caplog.text
        assert list(kept.iterdir()) == []
        dismissed = {"uri": uri, "code": "x", "function": "find", "quote": "x"}
        await client.command("qwenLsp.dismissFinding", dismissed)
        assert len(list(kept.iterdir())) == 1


def test_a_measured_speed_is_measured_again(engine_home: Path) -> None:
    options = EngineOptions(engine_home / "model.gguf")
    with full_disk():
        remember_speed(options, SPEED)
    assert known_speed(options) is None
    remember_speed(options, SPEED)
    assert known_speed(options) == SPEED


async def test_a_home_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, real_editor: RealEditors, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable = os.environ["QWEN_LSP_HOME"]
    (tmp_path / "home").touch()
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    async with real_editor(model) as editing:
        said = await editing.state("error")
        assert said.startswith("The engine could not be started (")
        assert "set QWEN_LSP_HOME to a folder that you may write to." in said
        assert await editing.ask() == []
        monkeypatch.setenv("QWEN_LSP_HOME", usable)
        await editing.ask()
        await editing.state("ready")
        assert "def total" in await editing.prompt()


async def test_reviews_work_without_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "home").write_text("not a folder")
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    async with editor(GivenEngine(FOUND, f"    {RIGHT}\n"), workspace=tmp_path) as client:
        uri = client.open(tmp_path / "a.py", SEARCH)
        assert (await client.command("qwenLsp.review", {"uri": uri}))["findings"] == 1
        (finding,) = (
            await client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        )["items"]
        dismissed = {"uri": uri, "code": finding["code"], **finding["data"]}
        await client.command("qwenLsp.dismissFinding", dismissed)
        told = await client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        assert told["items"] == []
    assert "cannot be kept" in caplog.text
    assert " failed with " not in caplog.text
