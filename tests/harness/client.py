"""The client's end of an in-memory connection; `lsp_client.connect` makes one."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from qwen_lsp.server import wire
from tests.harness.client_texts import ClientTexts

Json = dict[str, Any]
IGNORED = {"$/progress", "qwenLsp/status", "window/logMessage"}


class LspError(Exception):
    """An error response."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data


class Client:
    """The client's end of a connection.

    `notifications` holds what the server sent and no `wait_for` has taken; `ignored` names the
    methods that may remain there at the end. `handlers` answer the server's requests, from their
    params, plainly or as a coroutine; `requests` records those requests. `settings` are what
    `workspace/configuration` returns, by section.
    """

    def __init__(self, reader: asyncio.StreamReader, encoding: str, settings: Json) -> None:
        self._to_server = reader
        self.from_server = asyncio.StreamReader()
        self.texts = ClientTexts(encoding)
        self.settings = settings
        self.ignored = set(IGNORED)
        self.notifications: list[tuple[str, Any]] = []
        self.requests: list[tuple[str, Any]] = []
        self.complaints: list[str] = []
        self.errors_without_id: list[LspError] = []
        self.applied: list[Json] = []
        self.initialize_result: Json = {}
        self.handlers: dict[str, Callable[[Any], Any]] = {
            "workspace/configuration": lambda params: [
                self.settings.get(item.get("section")) for item in params["items"]
            ],
            "workspace/applyEdit": self._apply_edit,
            "window/workDoneProgress/create": lambda _: None,
            "window/showMessageRequest": lambda _: None,
            "client/registerCapability": lambda _: None,
        }
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next_id = 1
        self._arrived = asyncio.Event()
        self._answering: set[asyncio.Task[None]] = set()

    # What a test sends.

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are, header and all."""
        self._to_server.feed_data(data)

    def send(self, message: Json) -> None:
        """Send a message as it is, in a frame."""
        self.send_raw(wire.frame(json.dumps(message).encode()))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start(self, method: str, params: Any = None) -> tuple[int, asyncio.Future[Any]]:
        """Send a request without waiting; return its id and the future of its result."""
        message_id = self._next_id
        self._next_id += 1
        future = self._waiting[message_id] = asyncio.get_running_loop().create_future()
        self.send({"jsonrpc": "2.0", "id": message_id, "method": method, "params": params})
        return message_id, future

    async def request(self, method: str, params: Any = None, timeout_s: float = 10) -> Any:
        """Return a request's result; raises LspError for an error response."""
        _, future = self.start(method, params)
        return await asyncio.wait_for(future, timeout_s)

    def cancel(self, message_id: int) -> None:
        self.notify("$/cancelRequest", {"id": message_id})

    async def command(self, command: str, *arguments: Any) -> Any:
        params = {"command": command, "arguments": list(arguments)}
        return await self.request("workspace/executeCommand", params)

    async def wait_for(
        self, method: str, timeout_s: float = 5, where: Callable[[Any], bool] = lambda _: True
    ) -> Any:
        """Take the oldest notification of `method` that fits `where`, and return its params."""
        async with asyncio.timeout(timeout_s):
            while True:
                for index, (name, params) in enumerate(self.notifications):
                    if name == method and where(params):
                        del self.notifications[index]
                        return params
                self._arrived.clear()
                await self._arrived.wait()

    # Documents.

    def open(self, file: Path | str, text: str | None = None, language_id: str = "python") -> str:
        """Open a file (its text from disk where none is given) or a URI; return the URI."""
        uri = file.as_uri() if isinstance(file, Path) else file
        if text is None:
            assert isinstance(file, Path)
            text = file.read_bytes().decode()
        self.texts.open(uri, text)
        item = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, *edits: tuple[int, int, str] | str) -> None:
        """Change a document on both sides, in one notification.

        An edit is `(start, end, new_text)` in code points of the text after the edits before it,
        or the whole new text.
        """
        changes = [self.texts.change(uri, edit) for edit in edits]
        document = {"uri": uri, "version": self.texts.next_version(uri)}
        params = {"textDocument": document, "contentChanges": changes}
        self.notify("textDocument/didChange", params)

    def close(self, uri: str) -> None:
        self.texts.close(uri)
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def text(self, uri: str) -> str:
        return self.texts.text(uri)

    def at(self, uri: str, offset: int) -> Json:
        """Return TextDocumentPositionParams for an offset in code points."""
        position = self.texts.position(uri, offset)
        return {"textDocument": {"uri": uri}, "position": position}

    def apply(self, edit: Json) -> bool:
        """Apply a WorkspaceEdit as an editor does; return False where a version is stale."""
        changes = self.texts.workspace_changes(edit)
        if changes is None:
            return False
        for uri, edits in changes.items():
            self.change(uri, *edits)
        self.applied.append(edit)
        return True

    def _apply_edit(self, params: Any) -> Json:
        return {"applied": self.apply(params["edit"])}

    # What the server sends.

    async def receive(self) -> None:
        """Handle what the server sends until it is gone."""
        async for body in wire.read_frames(self.from_server):
            message = json.loads(body)
            if "method" not in message:
                self._receive_answer(message)
            elif "id" in message:
                task = asyncio.create_task(self._answer(message))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
            else:
                self.notifications.append((message["method"], message.get("params")))
                self._arrived.set()

    def _receive_answer(self, message: Json) -> None:
        error = message.get("error")
        failure = LspError(error["code"], error["message"], error.get("data")) if error else None
        if failure and message["id"] is None:
            self.errors_without_id.append(failure)
            return
        future = self._waiting.pop(message["id"], None)
        if future is None:
            self.complaints.append(f"answered twice, or never asked: {message}")
        elif not future.done():
            if failure:
                future.set_exception(failure)
                future.exception()  # A test need not look at each failure.
            else:
                future.set_result(message["result"])

    async def _answer(self, request: Json) -> None:
        params = request.get("params")
        self.requests.append((request["method"], params))
        handler = self.handlers.get(request["method"])
        reply: Json = {"jsonrpc": "2.0", "id": request["id"]}
        if handler is None:
            self.complaints.append(f"no handler for {request['method']}")
            reply["error"] = {"code": -32601, "message": "no handler in this test"}
        else:
            try:
                result = handler(params)
                reply["result"] = await result if isinstance(result, Awaitable) else result
            except LspError as error:
                reply["error"] = {"code": error.code, "message": error.message}
        self.send(reply)

    def check_nothing_remains(self) -> None:
        """Fail where a request was not answered exactly once, or a message was not looked at."""
        left = [entry for entry in self.notifications if entry[0] not in self.ignored]
        assert not self._waiting, f"requests without an answer: {sorted(self._waiting)}"
        assert not self.complaints, self.complaints
        assert not left, f"notifications that no test looked at: {left}"
        assert not self.errors_without_id, f"errors without an id: {self.errors_without_id}"
