"""initialize, initialized, shutdown: what the client can do, and its settings."""

from typing import Any, cast

from lsprotocol import types

from qwen_lsp.server.configuration import apply_settings, pull_settings
from qwen_lsp.server.requests import completion
from qwen_lsp.server.session import Session


def register(session: Session) -> None:
    """Add the handlers."""
    server = session.server

    @server.feature(types.INITIALIZE)
    def _(params: types.InitializeParams) -> None:
        document = params.capabilities.text_document
        # Where the client has ghost text, the same words in its menu would be one too many.
        if document is None or document.inline_completion is None:
            completion.register(session)
        options = cast("Any", params.initialization_options)
        if isinstance(options, dict):
            apply_settings(session, cast("dict[str, Any]", options))

    @server.feature(types.INITIALIZED)
    async def _(_params: types.InitializedParams) -> None:
        if not await pull_settings(session):
            apply_settings(session, None)
        session.configured.set()

    @server.feature(types.SHUTDOWN)
    async def _(_params: None) -> None:
        await session.close()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    async def _(params: types.DidChangeConfigurationParams) -> None:
        settings = cast("Any", params.settings)
        if not await pull_settings(session) and isinstance(settings, dict):
            section = cast("dict[str, Any]", settings).get("qwenLsp", settings)
            apply_settings(session, section)
