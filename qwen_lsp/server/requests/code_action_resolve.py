"""codeAction/resolve: here the model is asked, and its edit checked."""

from dataclasses import replace
from typing import Any, cast

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.actions import RefusalError, asks_model, find_site, resolve
from qwen_lsp.features.actions.generate_tests import GENERATE_TESTS
from qwen_lsp.features.model import no_model
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.boundary import ContentModifiedError, RequestFailedError
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.edits import edit_of_rewrite, refuse_new_files
from qwen_lsp.server.progress import progress
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document, Span


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


async def edit_of(
    session: Session, data: dict[str, Any], instruction: str = ""
) -> types.WorkspaceEdit:
    """Return the edit of the action that `data` describes.

    Raises ContentModifiedError where the document has changed since, and RequestFailedError with
    one sentence where there is no good edit.
    """
    documents = session.server.documents
    document = documents.get(str(data.get("uri")))
    if document is None or document.version != data.get("version"):
        raise ContentModifiedError("The document has changed; ask for the action again.")
    if is_too_large(document):
        raise RequestFailedError(f"{document.path} is too large to work on.")
    selection = _selection(data, document)
    instruction = instruction or str(data.get("instruction", ""))
    site = find_site(document, selection, documents.folder_of(document), instruction)
    if site is None:
        raise RequestFailedError(f"There are no actions for files like {document.path}.")
    if session.paused:
        raise RequestFailedError("qwen-lsp is paused.")
    action = str(data.get("action", ""))
    title = action.replace("_", " ").capitalize()
    if action == GENERATE_TESTS.id:
        refuse_new_files(session, title)  # before the model works for nothing
    session.status.begin_work(f"{title}.")
    try:
        async with progress(session.server, title) as bar:
            model = await session.model() if asks_model(action) else no_model()
            _refuse_changed(session, document)  # also by the settings, which may hide it
            tools = session.settings.checks.workspace_tools
            exclude = session.settings.context.exclude
            site = replace(site, report=bar.report, exclude=exclude)
            rewrite = await resolve(site, action, model, tools)
    except (RefusalError, EngineError, TemplateFileError) as error:
        raise RequestFailedError(str(error)) from error
    finally:
        session.status.end_work()
    _refuse_changed(session, document)
    return edit_of_rewrite(session, document, rewrite)


def _selection(data: dict[str, Any], document: Document) -> Span:
    try:
        span = Span(int(data.get("start", 0)), int(data.get("end", 0)))
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestFailedError("This action does not say where it is to be done.") from error
    if span.end > len(document.text):
        raise RequestFailedError("This action lies outside of the file.")
    return span


def _refuse_changed(session: Session, document: Document) -> None:
    if session.server.documents.get(document.uri) is not document:
        raise ContentModifiedError("The document has changed; ask for the action again.")
