"""Progress of long work in the client's own words: begin, report, end; and its cancel button."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from qwen_lsp.server.boundary import Server

_ANSWER_SECONDS = 2.0


class Progress:
    """One progress bar; does nothing where the client shows none."""

    def __init__(self, server: Server, token: types.ProgressToken | None) -> None:
        self._server = server
        self._token = token

    def report(self, message: str, fraction: float | None = None) -> None:
        """Show how far the work is."""
        percentage = None if fraction is None else min(100, int(fraction * 100))
        self._send(types.WorkDoneProgressReport(message=message, percentage=percentage))

    def _send(
        self,
        value: types.WorkDoneProgressBegin
        | types.WorkDoneProgressReport
        | types.WorkDoneProgressEnd,
    ) -> None:
        if self._token is not None:
            self._server.progress(types.ProgressParams(token=self._token, value=value))

    def begin(self, title: str, percentage: int | None) -> None:
        """Show the bar."""
        self._send(
            types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=percentage)
        )

    def end(self) -> None:
        """Take the bar away."""
        self._send(types.WorkDoneProgressEnd())


@asynccontextmanager
async def progress(
    server: Server, title: str, percentage: int | None = None
) -> AsyncGenerator[Progress]:
    """Show progress while the block runs; the client's cancel cancels the running task."""
    token = await _new_token(server)
    if token is not None:
        server.cancel_with(token)
    bar = Progress(server, token)
    bar.begin(title, percentage)
    try:
        yield bar
    finally:
        bar.end()


async def _new_token(server: Server) -> types.ProgressToken | None:
    window = server.client_capabilities.window
    if window is None or not window.work_done_progress:
        return None
    token = str(uuid.uuid4())
    try:
        params = types.WorkDoneProgressCreateParams(token=token)
        request = server.window_work_done_progress_create_async(params)
        await asyncio.wait_for(request, _ANSWER_SECONDS)
    except (TimeoutError, JsonRpcException):
        return None  # a client that refuses the bar gets the work all the same
    return token
