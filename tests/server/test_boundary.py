"""The connection's life, from `initialize` to its end; `test_wire` runs it over real pipes."""

import asyncio
import sys
from typing import Any

import pytest
from lsprotocol import types
from pygls.workspace import Workspace

from qwen_lsp.server.boundary import Server, make_server, stop_with_parent
from tests.harness.lsp_client import LspError, connect, initialize_params

URI = "file:///code/a.py"
INVALID_REQUEST, NOT_INITIALIZED, CANCELLED = -32600, -32002, -32800


def waiting_server() -> tuple[Server, list[str]]:
    """Return a server whose hover and command wait for ever, and the list of what they do."""
    server = make_server("test", "1")
    seen: list[str] = []

    async def wait(*_: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    server.feature(types.TEXT_DOCUMENT_HOVER)(wait)
    server.command("wait")(wait)
    return server, seen


async def code_of(future: asyncio.Future[Any]) -> int:
    with pytest.raises(LspError) as caught:
        await asyncio.wait_for(future, 5)
    return caught.value.code


def hover_params() -> dict[str, Any]:
    return {"textDocument": {"uri": URI}, "position": {"line": 0, "character": 0}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_initialize_announces_incremental_sync_and_the_encoding(encoding: str):
    server = make_server("qwen-lsp", "1.2")
    async with connect(server, encoding=encoding) as client:
        capabilities = client.initialize_result["capabilities"]
        assert client.initialize_result["serverInfo"] == {"name": "qwen-lsp", "version": "1.2"}
    assert capabilities["positionEncoding"] == encoding
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["textDocumentSync"]["openClose"] is True
    assert server.documents.encoding == encoding


async def test_requests_before_initialize_and_a_second_initialize_are_refused():
    server, _ = waiting_server()
    async with connect(server, initialize=False) as client:
        client.open(URI, "too early")
        _, early = client.start(types.TEXT_DOCUMENT_HOVER, hover_params())
        assert await code_of(early) == NOT_INITIALIZED
        await client.request("initialize", initialize_params())
        _, again = client.start("initialize", initialize_params())
        assert await code_of(again) == INVALID_REQUEST
        assert server.documents.get(URI) is None


async def test_user_handlers_run_after_ours_and_pygls_keeps_no_texts():
    server = make_server("test", "1")
    seen: list[str | None] = []

    def see(_: Any) -> None:
        document = server.documents.get(URI)
        seen.append(document and document.text)

    for method in ("didOpen", "didChange", "didClose"):
        server.feature(f"textDocument/{method}")(see)
    async with connect(server) as client:
        client.open(URI, "a")
        client.change(URI, "b")
        client.close(URI)
    assert seen == ["a", "b", None]
    assert isinstance(server.workspace, Workspace)
    assert not server.workspace.text_documents


async def test_shutdown_cancels_what_goes_on_and_refuses_what_comes():
    server, seen = waiting_server()
    async with connect(server) as client:
        command = {"command": "wait", "arguments": []}
        pending = [client.start("workspace/executeCommand", command)[1] for _ in range(3)]
        pending.append(client.start(types.TEXT_DOCUMENT_HOVER, hover_params())[1])
        assert await client.request("shutdown") is None
        assert [await code_of(future) for future in pending] == [CANCELLED] * 4
        assert seen == ["cancelled"] * 4
        _, late = client.start(types.TEXT_DOCUMENT_HOVER, hover_params())
        assert await code_of(late) == INVALID_REQUEST
        _, twice = client.start("shutdown")
        assert await code_of(twice) == INVALID_REQUEST
        client.notify("exit")
        await asyncio.sleep(0.01)


async def test_messages_that_come_in_one_piece_are_taken_one_after_the_other():
    server, _ = waiting_server()
    async with connect(server, initialize=False) as client:
        _, first = client.start("initialize", initialize_params())
        client.open(URI, "text")
        _, last = client.start("shutdown")
        _, late = client.start(types.TEXT_DOCUMENT_HOVER, hover_params())
        assert (await first)["capabilities"]
        assert await last is None
        assert await code_of(late) == INVALID_REQUEST
        assert server.documents.get(URI)


@pytest.mark.parametrize("how", ["exit", "end of input"])
async def test_work_is_cancelled_and_answered_when_the_connection_ends(how: str):
    server, seen = waiting_server()
    async with connect(server, initialize=False) as client:
        await client.request("initialize", initialize_params())
        _, pending = client.start(types.TEXT_DOCUMENT_HOVER, hover_params())
        if how == "exit":
            client.notify("exit")
        else:
            client._to_server.feed_eof()
        assert await code_of(pending) == CANCELLED
        assert seen == ["cancelled"]
        if how != "exit":
            await asyncio.sleep(0.05)  # The server has gone, so `connect` says no goodbye.


async def test_the_editors_death_ends_the_server():
    pipe = asyncio.subprocess.PIPE
    editor = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=pipe)
    server = make_server("test", "1")
    server.process_id = editor.pid
    stopped = asyncio.Event()
    server.protocol.stop = stopped.set
    watch = asyncio.create_task(stop_with_parent(server, every_s=0.01))
    await asyncio.sleep(0.1)
    assert not stopped.is_set()
    editor.kill()
    await editor.communicate()
    await asyncio.wait_for(stopped.wait(), 5)
    watch.cancel()


async def test_a_process_that_was_never_here_says_nothing():
    server = make_server("test", "1")
    server.process_id = 2**22 + 1  # Above the largest process id of Linux.
    stopped = asyncio.Event()
    server.protocol.stop = stopped.set
    watch = asyncio.create_task(stop_with_parent(server, every_s=0.01))
    await asyncio.sleep(0.05)
    assert not stopped.is_set()
    watch.cancel()
