"""An in-memory LSP client: client and server in one event loop, no process.

It keeps its own copy of each document and computes positions its own way, so that a mistake in
the server's conversions shows as a difference between the two copies.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from qwen_lsp.server.boundary import Server
from tests.harness.client import Client, Json, LspError

__all__ = ["EVERYTHING", "Client", "LspError", "connect", "initialize_params"]

# What an editor says that shows ghost text and takes every kind of edit.
EVERYTHING: Json = {
    "textDocument": {
        "inlineCompletion": {},
        "codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}},
    },
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    },
}


class _Writer:
    """The server's way to the client."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self.write = reader.feed_data

    def close(self) -> None: ...


@asynccontextmanager
async def connect(
    server: Server,
    *,
    capabilities: Json | None = None,
    encoding: str = "utf-16",
    workspace: Path | None = None,
    settings: Json | None = None,
    options: Any = None,
    initialize: bool = True,
) -> AsyncGenerator[Client]:
    """Connect a client to a server and initialize it; shut it down and check it at the end.

    `workspace` is the workspace folder, `options` the initializationOptions.
    """
    reader = asyncio.StreamReader()
    client = Client(reader, encoding, settings or {})
    server.protocol.set_writer(_Writer(client.from_server))
    serving = asyncio.create_task(server.protocol.serve(reader))
    receiving = asyncio.create_task(client.receive())
    try:
        if initialize:
            with _plain_timeouts("initialize"):
                params = initialize_params(capabilities, encoding, workspace, options)
                client.initialize_result = await client.request("initialize", params)
                client.notify("initialized", {})
        yield client
        if not serving.done():
            if initialize:
                with _plain_timeouts("shutdown"):
                    await client.request("shutdown")
            client.notify("exit")
    finally:
        reader.feed_eof()
        await asyncio.wait([serving], timeout=10)
        client.from_server.feed_eof()
        await asyncio.wait([receiving], timeout=10)
    assert serving.done()
    serving.result()
    receiving.result()
    client.check_nothing_remains()


@contextmanager
def _plain_timeouts(what: str) -> Generator[None]:
    try:
        yield
    except TimeoutError:
        raise AssertionError(f"no answer to {what}") from None


def initialize_params(
    capabilities: Json | None = None,
    encoding: str = "utf-16",
    workspace: Path | None = None,
    options: Any = None,
) -> Json:
    given = capabilities or {}
    general = {"positionEncodings": [encoding], **given.get("general", {})}
    folders = [{"uri": workspace.as_uri(), "name": workspace.name}] if workspace else None
    return {
        "processId": None,
        "rootUri": workspace.as_uri() if workspace else None,
        "workspaceFolders": folders,
        "initializationOptions": options,
        "capabilities": {**given, "general": general},
    }
