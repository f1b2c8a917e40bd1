"""The small commands: pause, model, prompt, restart, accepted."""

import contextlib
from typing import Any, cast

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.models import catalogue, files
from qwen_lsp.models.errors import ModelError
from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.convert import to_offset
from qwen_lsp.server.requests.sync import prefetch_at
from qwen_lsp.server.session import Session
from qwen_lsp.server.status import State


def register(session: Session) -> None:
    """Add the commands."""
    server = session.server

    @server.command("qwenLsp.pause")
    def _(*_arguments: Any) -> dict[str, bool]:
        session.paused = not session.paused
        if session.paused:
            session.status.set(State.PAUSED, "Paused.")
        else:
            session.status.set(State.READY if session.last_model else State.STARTING, "Resumed.")
            session.warm_up()
        return {"paused": session.paused}

    @server.command("qwenLsp.selectModel")
    async def _(*arguments: Any) -> dict[str, str]:
        return await _select_model(session, str(arguments[0]) if arguments else "")

    @server.command("qwenLsp.showPrompt")
    def _(*_arguments: Any) -> str:
        model = session.last_model
        if model is None or model.last_prompt is None:
            return "Nothing has been sent to the model yet."
        return model.last_prompt.readable()

    @server.command("qwenLsp.restartEngine")
    async def _(*_arguments: Any) -> None:
        try:
            await session.restart_engine()
        except EngineError as error:
            raise RequestFailedError(str(error)) from error

    @server.command("qwenLsp.accepted")
    def _(*arguments: Any) -> dict[str, int]:
        return _note_accepted(session, arguments)


def _note_accepted(session: Session, arguments: tuple[Any, ...]) -> dict[str, int]:
    """Count it, and let the model go on where the client says that the cursor is.

    The argument is {kind: "all" | "word" | "line", uri, position}, each of which may be missing.
    """
    told = cast("dict[str, Any]", arguments[0] if arguments and _is_table(arguments[0]) else {})
    kind = told.get("kind")
    session.accepted[kind if kind in ("word", "line") else "all"] += 1
    document = session.server.documents.get(str(told.get("uri")))
    with contextlib.suppress(KeyError, TypeError, ValueError):
        position = types.Position(int(told["position"]["line"]), int(told["position"]["character"]))
        if document is not None:
            offset = to_offset(document, position, session.server.documents.encoding)
            prefetch_at(session, document, offset)
    return dict(session.accepted)


def _is_table(argument: object) -> bool:
    return isinstance(argument, dict)


async def _select_model(session: Session, name: str) -> dict[str, str]:
    """Use another model until the settings change; without a name the user is asked."""
    name = name or await _ask_for_model(session)
    try:
        here = session.settings.backend == "llama.cpp"
        if here and not files.is_path(name) and name != "auto":
            catalogue.card(name)
        session.choose_model(name)
        await session.leave_model()
        await session.model()
    except (ModelError, EngineError) as error:
        raise RequestFailedError(str(error)) from error
    return {"model": session.status.model}


async def _ask_for_model(session: Session) -> str:
    """Let the user choose among the models on this machine; raises RequestFailedError."""
    if session.settings.backend == "openai":
        raise RequestFailedError("The setting endpointModel names the server's model.")
    names = sorted(files.on_disk())
    if not names:
        raise RequestFailedError("There is no model on this machine yet.")
    answer = await session.server.window_show_message_request_async(
        types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message="Which model should qwen-lsp use?",
            actions=[types.MessageActionItem(name) for name in names],
        )
    )
    if answer is None:
        raise RequestFailedError("No model was chosen.")
    return answer.title
