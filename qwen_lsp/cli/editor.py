"""A small editor that drives the real language server over stdio, as a user's editor does.

The demo and its tests use it; it knows the protocol's plain JSON and nothing of our server.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from qwen_lsp.server.wire import frame, read_frames

Json = dict[str, Any]


class ServerError(Exception):
    """The server answered a request with an error. The text is its sentence."""


class Editor:
    """One running server and what it has said."""

    def __init__(
        self, process: asyncio.subprocess.Process, on_status: Callable[[Json], None]
    ) -> None:
        self._process = process
        self._on_status = on_status
        self._number = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._versions: dict[str, int] = {}
        self.diagnostics: dict[str, list[Json]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def request(self, method: str, params: Any) -> Any:
        """Return the result of a request; raises ServerError. Who cancels it cancels it there."""
        self._number += 1
        number = self._number
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        try:
            return await self._answers[number]
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": number})
            raise
        finally:
            del self._answers[number]

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    def open(self, path: Path, language_id: str, text: str) -> str:
        """Open a document and return its URI."""
        uri = path.as_uri()
        self._versions[uri] = 1
        item = {"uri": uri, "languageId": language_id, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, text: str) -> None:
        """Give a document a new text."""
        self._versions[uri] += 1
        document = {"uri": uri, "version": self._versions[uri]}
        changes = [{"text": text}]
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def close(self) -> int:
        """Shut the server down and return its exit code."""
        await self.request("shutdown", None)
        self.notify("exit", None)
        code = await self._process.wait()
        await self._reading
        return code

    def _send(self, message: Json) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(frame(json.dumps({"jsonrpc": "2.0"} | message).encode()))

    async def _read(self) -> None:
        reader = cast("asyncio.StreamReader", self._process.stdout)
        async for body in read_frames(reader):
            self._receive(json.loads(body))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ServerError("The language server has ended."))

    def _receive(self, message: Json) -> None:
        method = message.get("method")
        if method is None:
            answer = self._answers.get(message["id"])
            if answer is None or answer.done():
                return  # Its request was cancelled.
            if "error" in message:
                answer.set_exception(ServerError(message["error"]["message"]))
            else:
                answer.set_result(message.get("result"))
        elif "id" in message:
            result = [None] if method == "workspace/configuration" else None
            self._send({"id": message["id"], "result": result})
        elif method == "qwenLsp/status":
            self._on_status(message["params"])
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]


@asynccontextmanager
async def running_editor(
    folder: Path, settings: Json, on_status: Callable[[Json], None], **process_options: Any
) -> AsyncGenerator[Editor]:
    """Start `qwen-lsp serve` for the workspace in `folder`, and shut it down in the end.

    `process_options` are those of `asyncio.create_subprocess_exec`.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "qwen_lsp", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        **process_options,
    )
    editor = Editor(process, on_status)
    try:
        await editor.request("initialize", _initialize_params(folder, settings))
        editor.notify("initialized", {})
        yield editor
        await editor.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _initialize_params(folder: Path, settings: Json) -> Json:
    text_document = {
        "inlineCompletion": {},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["refactor", "source"]}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
        "publishDiagnostics": {"dataSupport": True},
    }
    return {
        "processId": None,
        "clientInfo": {"name": "qwen-lsp demo"},
        "rootUri": folder.as_uri(),
        "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
        "initializationOptions": settings,
        "capabilities": {
            "general": {"positionEncodings": ["utf-32"]},
            "textDocument": text_document,
            "workspace": {"workspaceEdit": {"documentChanges": True}},
        },
    }
