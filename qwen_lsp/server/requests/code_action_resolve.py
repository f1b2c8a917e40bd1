"""codeAction/resolve: here the model is asked, and its edit checked."""

from typing import Any, cast

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.actions import RefusalError, resolve
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.boundary import ContentModifiedError, RequestFailedError
from qwen_lsp.server.convert import to_text_edit
from qwen_lsp.server.edits import workspace_edit
from qwen_lsp.server.progress import progress
from qwen_lsp.server.session import Session


def register(session: Session) -> None:
    """Add the handler, and the command for clients that cannot resolve."""
    server = session.server

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def _(action: types.CodeAction) -> types.CodeAction:
        data = cast("Any", action.data)
        if action.edit is None and isinstance(data, dict):
            action.edit = await edit_of(session, cast("dict[str, Any]", data))
        return action

    @server.command("qwenLsp.applyAction")
    async def _(data: dict[str, Any]) -> None:
        edit = await edit_of(session, data)
        await server.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit=edit))


async def edit_of(session: Session, data: dict[str, Any]) -> types.WorkspaceEdit:
    """Return the edit of the action that `data` describes.

    Raises ContentModifiedError where the document has changed since, and RequestFailedError with
    one sentence where there is no good edit.
    """
    documents = session.server.documents
    document = documents.get(str(data.get("uri")))
    if document is None or document.version != data.get("version"):
        raise ContentModifiedError("The document has changed; ask for the action again.")
    if session.paused:
        raise RequestFailedError("qwen-lsp is paused.")
    title = str(data.get("action", "")).replace("_", " ").capitalize()
    session.status.begin_work(f"{title}.")
    try:
        async with progress(session.server, title):
            model = await session.model()
            rewrite = await resolve(
                document, str(data.get("action")), int(data.get("offset", 0)), model
            )
    except (RefusalError, EngineError, TemplateFileError) as error:
        raise RequestFailedError(str(error)) from error
    finally:
        session.status.end_work()
    if documents.get(document.uri) is not document:
        raise ContentModifiedError("The document has changed; ask for the action again.")
    edits = [to_text_edit(document, edit, documents.encoding) for edit in rewrite.edits]
    return workspace_edit(session, document, edits)
