"""Every request is answered exactly once; `connect` checks that at the end of each test."""

import asyncio
import json
import logging
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from qwen_lsp.server.boundary import (
    ContentModifiedError,
    RequestFailedError,
    Server,
    make_server,
)
from tests.harness.lsp_client import LspError, connect

URI = "file:///code/a.py"
CODE = "def not_for_the_log(): ..."
MODIFIED, FAILED, NOT_INITIALIZED = -32801, -32803, -32002
PARSE, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603


def failing_server(error: Exception) -> Server:
    server = make_server("test", "1")

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(_: types.HoverParams) -> None:
        raise error

    return server


def params(**more: Any) -> dict[str, Any]:
    position = {"line": 0, "character": 0}
    return {"textDocument": {"uri": URI}, "position": position, **more}


async def refusal(future: asyncio.Future[Any]) -> LspError:
    with pytest.raises(LspError) as caught:
        await asyncio.wait_for(future, 5)
    return caught.value


async def test_a_handler_sees_the_document_as_it_was_when_its_request_came():
    server = make_server("test", "1")

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(_: types.HoverParams) -> types.Hover:
        document = server.documents.get(URI)
        assert document
        await asyncio.sleep(0.01)
        return types.Hover(contents=document.text)

    async with connect(server) as client:
        client.open(URI, "before")
        _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        client.change(URI, "after")
        assert (await answer)["contents"] == "before"


async def test_a_request_that_cannot_be_read_is_refused():
    async with connect(failing_server(RequestFailedError())) as client:
        wrong = params(position={"line": "one"})
        for bad in (wrong, None, [], 3):
            _, answer = client.start(types.TEXT_DOCUMENT_HOVER, bad)
            assert (await refusal(answer)).code == INVALID_PARAMS
        _, answer = client.start("test/unknown")
        assert (await refusal(answer)).code == NO_METHOD


async def test_nonsense_is_survived(caplog: pytest.LogCaptureFixture):
    server = failing_server(RequestFailedError("Still here."))
    async with connect(server) as client:
        for body in (b"{not json", b"\xff\xfe", b"[" * 100_000, b"[]", b"7", b"{}", b""):
            client.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        client.send({"jsonrpc": "2.0", "id": None, "method": "textDocument/hover"})
        client.send({"jsonrpc": "2.0", "id": [1], "method": "textDocument/hover"})
        client.send({"jsonrpc": "2.0", "id": True, "method": "textDocument/hover"})
        client.send({"jsonrpc": "2.0", "id": "nobody's", "result": None})
        client.send_raw(b"x" * 100_000 + b"\nContent-Length: many\r\n\r\n")
        with caplog.at_level(logging.WARNING):
            client.notify("textDocument/didOpen", {"textDocument": CODE})
            client.notify("$/unknown", {})
            client.notify("test/unknown", {})
            client.cancel(12345)
            _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
            assert (await refusal(answer)).code == FAILED
        codes = [error.code for error in client.errors_without_id]
        assert codes == [PARSE] * 3 + [INVALID_REQUEST] * 3 + [PARSE] + [INVALID_REQUEST] * 3
        client.errors_without_id.clear()
    assert "textDocument/didOpen" in caplog.text
    assert "test/unknown" not in caplog.text  # A server may be sent what it does not know.
    assert CODE not in caplog.text


@pytest.mark.parametrize("length", [b"-5", b"many", b"", b"9" * 10, b"9" * 5000])
async def test_a_length_that_cannot_be_is_no_header(length: bytes):
    async with connect(failing_server(RequestFailedError())) as client:
        client.send_raw(b"Content-Length: " + length + b"\r\n\r\n{}")
        _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        assert (await refusal(answer)).code == FAILED


async def test_ids_and_tokens_are_numbers_or_strings(caplog: pytest.LogCaptureFixture):
    async with connect(failing_server(RequestFailedError())) as client:
        for odd in ([], {}, True):
            client.notify("$/cancelRequest", {"id": odd})
            client.notify("window/workDoneProgress/cancel", {"token": odd})
            _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params(workDoneToken=odd))
            assert (await refusal(answer)).code == INVALID_PARAMS
        for usual in (None, 1, "a"):
            _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params(workDoneToken=usual))
            assert (await refusal(answer)).code == FAILED
    assert " failed with " not in caplog.text


@pytest.mark.parametrize("arguments", [None, [], [1, 2], [3]])
async def test_a_command_with_other_arguments_than_its_own_is_refused(arguments: Any):
    server = make_server("test", "1")

    @server.command("one")
    def one(_: dict[str, Any]) -> None: ...

    async with connect(server) as client:
        call = {"command": "one", "arguments": arguments}
        _, answer = client.start("workspace/executeCommand", call)
        assert (await refusal(answer)).code == INVALID_PARAMS


async def test_a_mistake_of_ours_costs_one_message(monkeypatch: pytest.MonkeyPatch):
    server = failing_server(RequestFailedError())
    monkeypatch.setattr(server.protocol, "_receive_notification", lambda *_: 1 / 0)
    async with connect(server, initialize=False) as client:
        client.notify("test/unknown", {})
        _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        assert (await refusal(answer)).code == NOT_INITIALIZED
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ContentModifiedError(), MODIFIED, "The document has changed."),
        (RequestFailedError("No model."), FAILED, "No model."),
        (ValueError(CODE), INTERNAL, "The server failed at this request; its log says where."),
    ],
)
async def test_errors_are_one_sentence(
    error: Exception, code: int, message: str, caplog: pytest.LogCaptureFixture
):
    async with connect(failing_server(error)) as client:
        _, answer = client.start(types.TEXT_DOCUMENT_HOVER, params())
        failure = await refusal(answer)
    assert (failure.code, failure.message, failure.data) == (code, message, None)
    assert ("in hover" in caplog.text) == isinstance(error, ValueError)
    assert all(CODE not in record.getMessage() for record in caplog.records if record.levelno > 10)


async def test_errors_in_notifications_show_no_pop_up():
    server = make_server("test", "1")

    @server.feature("test/notify")
    def notified(_: Any) -> None:
        raise ValueError(CODE)

    async with connect(server) as client:  # At the end no message may remain.
        client.notify("test/notify", {})
        server._report_server_error(ValueError(CODE), ValueError)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("result", [{1, 2}, float("nan"), object()])
async def test_a_result_that_is_no_json_is_an_error(result: object):
    server = make_server("test", "1")

    @server.feature("test/odd")
    def odd(_: Any) -> object:
        return result

    async with connect(server) as client:
        _, answer = client.start("test/odd")
        assert (await refusal(answer)).code == INTERNAL


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"error": {"code": -32601, "message": "no"}}, NO_METHOD),
        ({"error": 3}, INVALID_PARAMS),
        ({"result": 3}, INVALID_PARAMS),
    ],
)
async def test_bad_responses_reach_whoever_waits(answer: dict[str, Any], code: int):
    server = make_server("test", "1")

    @server.feature("test/ask")
    async def ask(_: Any) -> str:
        edit = types.ApplyWorkspaceEditParams(edit=types.WorkspaceEdit())
        try:
            await asyncio.wait_for(server.workspace_apply_edit_async(edit), 2)
        except TimeoutError:
            return "nothing came"
        except JsonRpcException as error:
            return str(error.code)
        return "it passed"

    async with connect(server) as client:
        asking = asyncio.Event()

        async def never_answer(_: Any) -> None:
            asking.set()
            await asyncio.Event().wait()

        client.handlers["workspace/applyEdit"] = never_answer
        _, asked = client.start("test/ask")
        await asking.wait()
        [message_id] = server.protocol._request_futures
        client.send({"jsonrpc": "2.0", "id": message_id, **answer})
        assert await asked == str(code)
        for task in client._answering:
            task.cancel()


async def test_bodies_are_never_logged(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)  # The root logger's level, as a library may set it.
    server = failing_server(RequestFailedError())
    async with connect(server, options={"jsonrpc": CODE}) as client:
        client.open(URI, CODE)
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, CODE))
        assert CODE in json.dumps(await client.wait_for("window/showMessage"))
        with pytest.raises(LspError):
            await client.request(types.TEXT_DOCUMENT_HOVER, params(secret=CODE))
    assert CODE not in caplog.text
