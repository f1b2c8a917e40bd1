"""The language server: its handlers, in one visible list."""

from typing import Any

from qwen_lsp import __version__
from qwen_lsp.failures import log_uncaught
from qwen_lsp.server.boundary import Server, make_server, run_stdio
from qwen_lsp.server.requests import (
    code_action,
    code_action_resolve,
    commands,
    diagnostics,
    explain,
    inline_completion,
    lifecycle,
    review,
    rewrite,
    save,
    sync,
    watched_files,
)
from qwen_lsp.server.session import Session

HANDLERS = (
    lifecycle,
    sync,
    save,
    inline_completion,
    code_action,
    code_action_resolve,
    rewrite,
    explain,
    review,
    diagnostics,
    commands,
    watched_files,
)


def create_server(**session_options: Any) -> tuple[Server, Session]:
    """Return a server with all its handlers, and its session."""
    server = make_server("qwen-lsp", __version__)
    session = Session(server, **session_options)
    for handler in HANDLERS:
        handler.register(session)
    return server, session


def serve() -> int:
    """Serve one editor over stdio; return the exit code."""
    log_uncaught()
    server, _session = create_server()
    return run_stdio(server)
