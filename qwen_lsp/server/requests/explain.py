"""The command `qwenLsp.explain`: an explanation that is shown while it is written."""

from collections.abc import Callable
from typing import Any, cast

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.actions import RefusalError, find_site
from qwen_lsp.features.explain import explain
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.boundary import ContentModifiedError, RequestFailedError
from qwen_lsp.server.plain_text import without_links
from qwen_lsp.server.progress import progress
from qwen_lsp.server.requests.arguments import document_and_span
from qwen_lsp.server.session import Session

NOTIFICATION = "qwenLsp/explanation"


def register(session: Session) -> None:
    """Add the command."""
    server = session.server

    @server.command("qwenLsp.explain")
    async def _(argument: dict[str, Any]) -> dict[str, str]:
        document, span = document_and_span(session, argument)
        if session.paused:
            raise RequestFailedError("qwen-lsp is paused.")
        site = find_site(document, span)
        if site is None:
            raise RequestFailedError(f"Files like {document.path} cannot be explained.")
        show = _shown_by(session, document.uri, argument.get("partialResultToken"))
        session.status.begin_work("Explaining.")
        try:
            async with progress(server, "Explaining"):
                model = await session.model()
                if session.server.documents.get(document.uri) is not document:
                    raise ContentModifiedError("The document has changed; ask again.")
                language = session.settings.review.language
                said = await explain(
                    site, model, language, lambda so_far: show(without_links(so_far), False)
                )
                text = without_links(said)
        except (RefusalError, EngineError, TemplateFileError) as error:
            raise RequestFailedError(str(error)) from error
        finally:
            session.status.end_work()
        show(text, True)
        return {"text": text}


def _shown_by(session: Session, uri: str, token: Any) -> Callable[[str, bool], None]:
    """Return what shows the text so far, and whether it is done, in the way the client knows."""
    server = session.server

    def notify(text: str, done: bool) -> None:
        server.protocol.notify(NOTIFICATION, {"uri": uri, "text": text, "done": done})

    def report(text: str, done: bool) -> None:
        value = {"text": text, "done": done}
        server.progress(types.ProgressParams(token=token, value=value))

    def pop_up(text: str, done: bool) -> None:
        if done:
            message = types.ShowMessageParams(type=types.MessageType.Info, message=text)
            server.window_show_message(message)

    if isinstance(token, (str, int)):
        return report
    return notify if _shows_explanations(session) else pop_up


def _shows_explanations(session: Session) -> bool:
    """Say whether the client announced it: experimental {"qwenLsp": {"explanation": true}}."""
    announced: Any = session.server.client_capabilities.experimental
    for key in ("qwenLsp", "explanation"):
        is_table = isinstance(announced, dict)
        announced = cast("dict[str, Any]", announced).get(key) if is_table else None
    return announced is True
