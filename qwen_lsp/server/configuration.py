"""Where a session's settings come from: the editor, and the files of the workspace."""

import asyncio
import logging
from pathlib import Path
from typing import Any, cast

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from qwen_lsp.server.session import Session
from qwen_lsp.settings import read_settings, workspace_table

_log = logging.getLogger(__name__)
_ANSWER_SECONDS = 5.0


async def pull_settings(session: Session) -> bool:
    """Ask the client for section `qwenLsp` and use it; say whether the client could be asked."""
    workspace = session.server.client_capabilities.workspace
    if workspace is None or not workspace.configuration:
        return False
    params = types.ConfigurationParams(items=[types.ConfigurationItem(section="qwenLsp")])
    try:
        request = session.server.workspace_configuration_async(params)
        (section,) = await asyncio.wait_for(request, _ANSWER_SECONDS)
    except (TimeoutError, JsonRpcException, ValueError):
        _log.warning("the client did not tell its settings")
        return False
    apply_settings(session, cast("dict[str, Any]", section) if isinstance(section, dict) else None)
    return True


def apply_settings(session: Session, section: dict[str, Any] | None) -> None:
    """Use the editor's section (None: what it said last) together with the workspace's files.

    Each value that cannot be used is told to the user once, by name.
    """
    if section is not None:
        session.editor_section = section
    table: dict[str, Any] = {}
    problems: list[str] = []
    for folder in session.server.documents.folders[::-1]:
        of_folder, problems_of_folder = workspace_table(Path(folder))
        table |= of_folder
        problems += problems_of_folder
    settings, bad_values = read_settings(session.editor_section, table)
    session.use_settings(settings)
    for problem in [*problems, *bad_values, *session.templates.problems]:
        if problem not in session.told:
            session.told.add(problem)
            _log.warning("%s", problem)
            session.server.window_show_message(
                types.ShowMessageParams(types.MessageType.Warning, f"qwen-lsp: {problem}")
            )
