"""The command `qwenLsp.rewrite`: the code at a range as an instruction says."""

from typing import Any

from lsprotocol import types

from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.requests.arguments import document_and_span
from qwen_lsp.server.requests.code_action_resolve import edit_of
from qwen_lsp.server.session import Session


def register(session: Session) -> None:
    """Add the command."""
    server = session.server

    @server.command("qwenLsp.rewrite")
    async def _(argument: dict[str, Any]) -> dict[str, bool]:
        document, span = document_and_span(session, argument)
        instruction = argument.get("instruction")
        if not isinstance(instruction, str) or not instruction.strip():
            raise RequestFailedError("Rewrite as I say: say what to do, as its instruction.")
        data = {
            "uri": document.uri,
            "version": document.version,
            "action": "custom",
            "start": span.start,
            "end": span.end,
        }
        edit = await edit_of(session, data, instruction)
        params = types.ApplyWorkspaceEditParams(edit=edit, label="Rewrite as I say")
        result = await server.workspace_apply_edit_async(params)
        return {"applied": result.applied}
