"""Cancelled work stops, and its request is answered once; `connect` checks that at the end."""

import asyncio
from typing import Any

import pytest
from lsprotocol import types

from qwen_lsp.server.boundary import make_server
from tests.harness.lsp_client import LspError, connect

URI = "file:///code/a.py"
CANCELLED, INVALID_REQUEST = -32800, -32600


class Slow:
    """A server whose hover, command and notification go on until they are cancelled."""

    def __init__(self) -> None:
        self.server = make_server("test", "1")
        self.started = asyncio.Event()
        self.cancelled = 0

        @self.server.feature(types.TEXT_DOCUMENT_HOVER)
        @self.server.command("slow")
        async def work(*_: Any) -> None:
            self.started.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise

        @self.server.feature("test/background")
        async def background(_: Any) -> None:
            self.server.cancel_with("background")
            await work()


def params(**more: Any) -> dict[str, Any]:
    position = {"line": 0, "character": 0}
    return {"textDocument": {"uri": URI}, "position": position, **more}


async def refusal(future: asyncio.Future[Any]) -> LspError:
    with pytest.raises(LspError) as caught:
        await asyncio.wait_for(future, 5)
    return caught.value


@pytest.mark.parametrize(
    ("method", "its_params"),
    [
        (types.TEXT_DOCUMENT_HOVER, params()),
        (types.WORKSPACE_EXECUTE_COMMAND, {"command": "slow", "arguments": [1]}),
    ],
)
@pytest.mark.parametrize("by_progress", [False, True])
async def test_cancel_stops_the_work(method: str, its_params: dict[str, Any], by_progress: bool):
    slow = Slow()
    async with connect(slow.server) as client:
        message_id, answer = client.start(method, {**its_params, "workDoneToken": "t"})
        await slow.started.wait()
        if by_progress:
            client.notify("window/workDoneProgress/cancel", {"token": "t"})
        else:
            client.cancel(message_id)
        assert (await refusal(answer)).code == CANCELLED
        assert slow.cancelled == 1
        client.cancel(message_id)
        client.notify("window/workDoneProgress/cancel", {"token": "t"})
    assert not slow.server.protocol._progress


async def test_background_work_is_cancelled_by_its_progress():
    slow = Slow()
    async with connect(slow.server) as client:
        client.notify("test/background", {})
        await slow.started.wait()
        assert not slow.cancelled
        client.notify("window/workDoneProgress/cancel", {"token": "background"})
        with pytest.raises(LspError):
            await client.request("test/unknown")
        assert slow.cancelled == 1


async def test_a_cancel_right_behind_its_request():
    slow = Slow()
    async with connect(slow.server) as client:
        message_id, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        client.cancel(message_id)
        assert (await refusal(answer)).code == CANCELLED


async def test_a_clients_ids_never_hit_our_own_requests():
    server = make_server("test", "1")

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(_: types.HoverParams) -> types.Hover:
        ask = types.ConfigurationParams(items=[types.ConfigurationItem(section="qwenLsp")])
        sent = server.protocol.send_request("workspace/configuration", ask, msg_id="1")
        return types.Hover(contents=str(await asyncio.wrap_future(sent)))

    async with connect(server) as client:
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def configuration(_: Any) -> list[Any]:
            asked.set()
            await go_on.wait()
            return ["settings"]

        client.handlers["workspace/configuration"] = configuration
        _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        await asked.wait()
        client.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "1"}})
        with pytest.raises(LspError):
            await client.request("test/unknown")
        go_on.set()
        assert (await answer)["contents"] == "('settings',)"


async def test_two_requests_with_one_id():
    slow = Slow()
    async with connect(slow.server) as client:
        message_id, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        message = {"id": message_id, "method": "textDocument/hover", "params": params()}
        client.send(message)
        assert (await refusal(answer)).code == INVALID_REQUEST
        client._waiting[message_id] = again = asyncio.get_running_loop().create_future()
        client.cancel(message_id)
        assert (await refusal(again)).code == CANCELLED
