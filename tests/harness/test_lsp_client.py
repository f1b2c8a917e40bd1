"""The harness itself: it edits as an editor does, and lets nothing slip through."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from qwen_lsp.server.boundary import make_server
from tests.harness.client_texts import ClientTexts
from tests.harness.lsp_client import connect

URI = "file:///code/a.py"


async def leave_a_message(*ignored: str) -> None:
    server = make_server("test", "1")
    async with connect(server) as client:
        client.ignored.update(ignored)
        server.protocol.notify("test/surprise", {})


async def leave_a_request() -> None:
    async with connect(make_server("test", "1")) as client:
        client._waiting[99] = asyncio.get_running_loop().create_future()


async def answer_twice() -> None:
    server = make_server("test", "1")
    async with connect(server) as client:
        message_id, _ = client.start("test/unknown")
        server.protocol._send_data({"jsonrpc": "2.0", "id": message_id, "result": 1})


async def ask_without_a_handler() -> None:
    server = make_server("test", "1")
    async with connect(server):
        with pytest.raises(JsonRpcException):
            await server.workspace_code_lens_refresh_async(None)


@pytest.mark.parametrize(
    ("scenario", "complaint"),
    [
        (leave_a_message, "no test looked at"),
        (leave_a_request, "without an answer"),
        (answer_twice, "answered twice"),
        (ask_without_a_handler, "no handler for workspace/codeLens/refresh"),
    ],
)
async def test_what_slips_through_fails_the_test(
    scenario: Callable[[], Coroutine[Any, Any, None]], complaint: str
):
    with pytest.raises(AssertionError, match=complaint):
        await scenario()


async def test_a_declared_message_may_remain():
    await leave_a_message("test/surprise")


async def test_settings_and_messages():
    server = make_server("test", "1")
    async with connect(server, settings={"qwenLsp": {"model": "auto"}}) as client:
        ask = types.ConfigurationParams(items=[types.ConfigurationItem(section="qwenLsp")])
        assert len(await server.workspace_configuration_async(ask)) == 1
        assert client.requests[0][0] == "workspace/configuration"
        server.protocol.notify("test/count", {"n": 1})
        server.protocol.notify("test/count", {"n": 2})
        assert (await client.wait_for("test/count", where=lambda it: it["n"] == 2))["n"] == 2
        assert (await client.wait_for("test/count"))["n"] == 1
        with pytest.raises(TimeoutError):
            await client.wait_for("test/count", timeout_s=0.01)


@pytest.mark.parametrize("version", [1, 7])
async def test_edits_of_the_server_are_applied_on_both_sides(version: int):
    server = make_server("test", "1")
    async with connect(server) as client:
        client.open(URI, "😀 = 1\n")
        with pytest.raises(Exception, match="test/unknown"):
            await client.request("test/unknown")  # Until then the server may not have read it.
        edit: dict[str, Any] = {
            "documentChanges": [
                {"kind": "create", "uri": "file:///code/new.py"},
                {
                    "textDocument": {"uri": URI, "version": version},
                    "edits": [insert(0, 0, "a"), insert(0, 2, "b"), insert(0, 0, "c")],
                },
            ]
        }
        params = server.protocol._converter.structure(
            {"edit": edit}, types.ApplyWorkspaceEditParams
        )
        reply = await server.workspace_apply_edit_async(params)
        assert reply.applied == (version == 1)
        assert client.text(URI) == ("ac😀b = 1\n" if version == 1 else "😀 = 1\n")
        document = server.documents.get(URI)
        assert document
        assert document.text == client.text(URI)


def insert(line: int, character: int, text: str) -> dict[str, Any]:
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "newText": text}


def test_positions_of_the_client():
    texts = ClientTexts("utf-16")
    texts.open(URI, "é😀\r\nb\r")
    places = [texts.position(URI, offset) for offset in range(8)]
    assert [(place["line"], place["character"]) for place in places] == [
        *[(0, 0), (0, 1), (0, 3), (0, 3)],
        *[(1, 0), (1, 1), (2, 0), (2, 0)],
    ]
    assert [texts.offset(URI, place) for place in places] == [0, 1, 2, 2, 4, 5, 6, 6]
