"""The server and its indexes: built with progress, followed on save, watched files and folders."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.features.indexes import Indexes
from qwen_lsp.server.app import create_server
from tests.harness.lsp_client import Client, connect
from tests.server.given_engine import GivenEngine, session_options

EDITOR = {
    "window": {"workDoneProgress": True},
    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
}


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path_factory.mktemp("home")))


@asynccontextmanager
async def editor(folder: Path, context: Any = None) -> AsyncGenerator[tuple[Client, Indexes]]:
    """Open one document in a folder with two files; the first of them is built on then."""
    (folder / "a.py").write_text("class Anchor: ...\n")
    (folder / "b.py").write_text("class Buoy: ...\n")
    server, session = create_server(**session_options(GivenEngine()))
    options = {"context": context or {}}
    async with connect(server, capabilities=EDITOR, workspace=folder, options=options) as client:
        client.ignored |= {"qwenLsp/status"}
        client.open(folder / "a.py")
        yield client, session.project.indexes


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)


def names(indexes: Indexes, path: str) -> list[str]:
    found = indexes.index_for(path)
    return [symbol.name for symbol in found[0].symbols_of(found[1])] if found else []


async def test_builds_with_progress_once_a_document_is_open(tmp_path: Path):
    async with editor(tmp_path) as (client, indexes):
        progress = [
            await client.wait_for(
                "$/progress", 10, lambda said, kind=kind: said["value"]["kind"] == kind
            )
            for kind in ("begin", "report", "end")
        ]
        assert progress[0]["value"]["title"] == f"Indexing {tmp_path.name}"
        assert progress[0]["value"]["cancellable"]
        assert names(indexes, "b.py") == ["Buoy"]
        assert names(indexes, str(tmp_path / "b.py")) == ["Buoy"]
        assert indexes.index_for("/elsewhere/b.py") is None


async def test_follows_what_is_saved(tmp_path: Path):
    async with editor(tmp_path) as (client, indexes):
        await until(lambda: names(indexes, "a.py") == ["Anchor"])
        (tmp_path / "a.py").write_text("class Changed: ...\n")
        uri = (tmp_path / "a.py").as_uri()
        client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
        await until(lambda: names(indexes, "a.py") == ["Changed"])


async def test_follows_watched_files(tmp_path: Path):
    async with editor(tmp_path) as (client, indexes):
        await until(lambda: names(indexes, "b.py") == ["Buoy"])
        await until(lambda: any(name == "client/registerCapability" for name, _ in client.requests))
        (registration,) = next(
            params["registrations"]
            for name, params in client.requests
            if name == "client/registerCapability"
        )
        assert registration["method"] == "workspace/didChangeWatchedFiles"
        (tmp_path / "b.py").unlink()
        (tmp_path / "new.py").write_text("class New: ...\n")
        changes = [
            {"uri": (tmp_path / "b.py").as_uri(), "type": 3},
            {"uri": (tmp_path / "new.py").as_uri(), "type": 1},
        ]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await until(lambda: names(indexes, "new.py") == ["New"] and not names(indexes, "b.py"))


async def test_a_changed_gitignore_counts(tmp_path: Path):
    async with editor(tmp_path) as (client, indexes):
        await until(lambda: names(indexes, "b.py") == ["Buoy"])
        (tmp_path / ".gitignore").write_text("b.py\n")
        change = {"uri": (tmp_path / ".gitignore").as_uri(), "type": 1}
        client.notify("workspace/didChangeWatchedFiles", {"changes": [change]})
        await until(lambda: not names(indexes, "b.py"))


async def test_follows_workspace_folders(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (second / "c.py").write_text("class Cable: ...\n")
    async with editor(first) as (client, indexes):
        await until(lambda: names(indexes, "b.py") == ["Buoy"])
        added = {"added": [{"uri": second.as_uri(), "name": "second"}], "removed": []}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": added})
        await until(lambda: names(indexes, "c.py") == ["Cable"])
        assert names(indexes, "b.py") == ["Buoy"]
        removed = {"added": [], "removed": added["added"]}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": removed})
        await until(lambda: not names(indexes, str(second / "c.py")))


async def test_exclude_and_cross_file(tmp_path: Path):
    async with editor(tmp_path, {"exclude": ["b.py"]}) as (client, indexes):
        await until(lambda: names(indexes, "a.py") == ["Anchor"])
        assert names(indexes, "b.py") == []
        settings = {"qwenLsp": {"context": {"crossFile": False}}}
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
        await until(lambda: indexes.index_for("a.py") is None)
