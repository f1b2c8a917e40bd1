"""Where pygls ends and our server begins: the connection, the server, and how it is run.

pygls 2.1 needs corrections; those of its message handling are in `messages`, the rest are here:

- documents are kept in `Documents`, not in pygls's workspace, which splits lines wrongly;
- `shutdown` cancels what is going on and has each answered, `exit` ends with the right code,
  and the death of the editor ends the server;
- stdout belongs to the protocol, stray prints go to stderr;
- no pop-ups for our own errors, and none of pygls's chatter, which quotes the user's code.
"""

import asyncio
import logging
from collections.abc import Generator
from typing import Any, cast

import psutil
from cattrs import Converter
from lsprotocol import types
from pygls.capabilities import ServerCapabilitiesBuilder
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import lsp_method
from pygls.uris import from_fs_path

from qwen_lsp.failures import log_uncaught_of
from qwen_lsp.server import wire
from qwen_lsp.server.convert import Encoding
from qwen_lsp.server.documents import Documents
from qwen_lsp.server.messages import MessageProtocol
from qwen_lsp.server.plain_text import without_links

_log = logging.getLogger(__name__)

Steps = Generator[Any, Any, None]


class ContentModifiedError(JsonRpcException):
    """The document changed since the request's data was made; the client may ask anew."""

    CODE = types.LSPErrorCodes.ContentModified.value
    MESSAGE = "The document has changed."


class RequestFailedError(JsonRpcException):
    """The request is right, but cannot be fulfilled; the one sentence says why."""

    CODE = types.LSPErrorCodes.RequestFailed.value
    MESSAGE = "The request failed."


class Protocol(MessageProtocol):
    """One connection to one client: its lifecycle and its documents."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.documents = Documents()

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Note what documents need to know, then answer as pygls does."""
        self._initialize_seen = True
        encoding = ServerCapabilitiesBuilder.choose_position_encoding(params.capabilities)
        self.documents.encoding = Encoding(encoding)
        root = params.root_uri or (params.root_path and from_fs_path(params.root_path))
        folders = [folder.uri for folder in params.workspace_folders or ()]
        self.documents.change_folders(folders or ([root] if root else []))
        result = yield from super().lsp_initialize(params)
        # Findings are pushed; a client that is told to pull as well would show each twice.
        result.capabilities.diagnostic_provider = None
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Steps:
        """Cancel all other work; each cancelled request is answered when its task ends."""
        self._shutdown = True
        self.cancel_other_work()
        yield from self._user_handler(types.SHUTDOWN, *args)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Steps:
        """End `serve`; pygls calls `sys.exit` here, and then returns 0 all the same."""
        yield from self._user_handler(types.EXIT, *args)
        self.stop()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Steps:
        """Take in a document."""
        self.documents.open(params)
        yield from self._user_handler(types.TEXT_DOCUMENT_DID_OPEN, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Steps:
        """Change a document; where it is not open, no handler hears of it."""
        if self.documents.change(params) is not None:
            yield from self._user_handler(types.TEXT_DOCUMENT_DID_CHANGE, params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Steps:
        """Forget a document."""
        self.documents.close(params)
        yield from self._user_handler(types.TEXT_DOCUMENT_DID_CLOSE, params)

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(
        self, params: types.DidChangeWorkspaceFoldersParams
    ) -> Steps:
        """Add and remove workspace folders."""
        self.documents.change_folders(
            added=[folder.uri for folder in params.event.added],
            removed=[folder.uri for folder in params.event.removed],
        )
        method = types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS
        yield from self._user_handler(method, params)

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(self, params: types.WorkDoneProgressCancelParams) -> Steps:
        """Cancel the work behind a progress token."""
        if (task := self._progress.get(params.token)) is not None:
            task.cancel()
        yield from self._user_handler(types.WINDOW_WORK_DONE_PROGRESS_CANCEL, params)

    def _user_handler(self, method: str, *args: Any) -> Steps:
        """Yield the handler that the server registered for a method, for `_run` to run."""
        features = cast("dict[str, Any]", self.fm.features)  # pyright: ignore[reportUnknownMemberType] - untyped in pygls
        if (handler := features.get(method)) is not None:
            yield handler, args, None


class Server(LanguageServer):
    """A pygls server with our protocol."""

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride] - set once, by pygls

    @property
    def documents(self) -> Documents:
        """Return the open documents."""
        return self.protocol.documents

    def cancel_with(self, token: types.ProgressToken) -> None:
        """Let the client's cancel of progress `token` cancel the running task.

        A request's own `workDoneToken` does so already.
        """
        self.protocol.cancel_with(token)

    def window_show_message(self, params: types.ShowMessageParams) -> None:
        """Show a message; what it quotes makes no links in it."""
        shown = types.ShowMessageParams(params.type, without_links(params.message))
        super().window_show_message(shown)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error; pygls shows it as a pop-up."""
        _log.error("%s in pygls (%s)", type(error).__name__, source)


def make_server(name: str, version: str) -> Server:
    """Return a server without handlers, to which `server.feature(METHOD)` adds them."""
    # pygls quotes the bodies of messages at INFO and DEBUG.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    return Server(
        name,
        version,
        text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
        protocol_cls=Protocol,
    )


def run_stdio(server: Server) -> int:
    """Serve one client over stdin and stdout; return the exit code (see `Protocol.serve`).

    Takes both streams away from the rest of the process for good: `print` goes to stderr.
    """
    return asyncio.run(_serve_descriptors(server, *wire.claim_stdio()))


async def _serve_descriptors(server: Server, stdin: int, stdout: int) -> int:
    loop = asyncio.get_running_loop()
    log_uncaught_of(loop)

    def on_lost() -> None:
        loop.call_soon_threadsafe(server.protocol.stop)

    writer = wire.ThreadWriter(stdout, on_lost)
    server.protocol.set_writer(writer)
    watch = asyncio.create_task(stop_with_parent(server))
    try:
        return await server.protocol.serve(wire.read_in_thread(stdin))
    finally:
        watch.cancel()
        writer.close()


async def stop_with_parent(server: Server, every_s: float = 5.0) -> None:
    """Stop the server when the process that the client named at `initialize` has gone.

    A client in another container names a process that was never here, which says nothing.
    """
    seen = False
    while True:
        await asyncio.sleep(every_s)
        here = server.process_id is not None and psutil.pid_exists(server.process_id)
        if seen and not here:
            server.protocol.stop()
        seen = seen or here
