"""How messages are received, run and answered: corrections of pygls 2.1, each with its test.

- Each request is one task and is answered once, when that task ends, however it ends. pygls
  leaves unanswered what it cannot read or write, runs a command on after its cancel, and changes
  the dictionary of requests while `shutdown` walks through it.
- A handler runs to its first await before the next message is read, so that the snapshot which
  it takes there is the document at the moment of the request.
- Errors are one sentence in the reply; pygls sends tracebacks.
- Bodies are never logged: they hold the user's code.

Handlers are plain or `async` functions; pygls's `@server.thread()` is not supported. Lifecycle
and documents are `boundary`'s.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Generator
from functools import partial
from inspect import isawaitable, isgeneratorfunction
from typing import Any, cast

from cattrs import Converter
from lsprotocol import types
from pygls import exceptions as errors
from pygls.lsp.server import LanguageServer
from pygls.protocol import (
    JsonRPCNotification,
    JsonRPCRequestMessage,
    JsonRPCResponseMessage,
    LanguageServerProtocol,
    lsp_method,
)

from qwen_lsp.failures import log_failure
from qwen_lsp.server import wire
from qwen_lsp.server.plain_text import without_links

_log = logging.getLogger(__name__)

Message = dict[str, Any]
MessageId = int | str
Work = asyncio.Task[Any]


class MessageProtocol(LanguageServerProtocol):
    """The messages of one connection."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        # cattrs lets anything pass as an id or a token, also what no dictionary takes as a key.
        converter.register_structure_hook(MessageId, _structure_id)
        converter.register_structure_hook(MessageId | None, _structure_optional_id)
        self._initialize_seen = False
        self._reading: Work | None = None
        # pygls keeps the client's requests and ours in one dictionary, where a client's cancel
        # or id can hit ours. Here `_request_futures` holds only ours, and these only theirs.
        self._requests: dict[MessageId, Work] = {}
        self._notifications: set[Work] = set()
        self._progress: dict[types.ProgressToken, Work] = {}

    async def serve(self, reader: asyncio.StreamReader) -> int:
        """Handle messages until `exit`, `stop()` or the stream's end; return the exit code.

        The code is 0 where the client asked for `shutdown` first, else 1. Work that is still
        going on is cancelled and answered.
        """
        self._reading = asyncio.create_task(self._read(reader))
        try:
            await asyncio.wait([self._reading])
        finally:
            self._reading.cancel()
            self.cancel_other_work()
            if rest := {*self._requests.values(), *self._notifications}:
                await asyncio.wait(rest, timeout=2)
        return 0 if self._shutdown else 1

    def stop(self) -> None:
        """Make `serve` return, as at the end of the stream."""
        if self._reading is not None:
            self._reading.cancel()

    def cancel_other_work(self) -> None:
        """Cancel all requests and notifications that are going on, but not the caller."""
        for task in {*self._requests.values(), *self._notifications} - {asyncio.current_task()}:
            task.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        async for body in wire.read_frames(reader):
            try:
                self.receive(body)
            except Exception as error:  # noqa: BLE001 - no message may end the server
                log_failure("a message", error)
            # Lets the handler run to its first await, so that a message which came in one piece
            # with this one meets what this one has done: `initialize`, a change, `shutdown`.
            await asyncio.sleep(0)

    def receive(self, body: bytes) -> None:
        """Handle one message."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._send_error(None, errors.JsonRpcParseError("The message is not JSON."))
            return
        if isinstance(message, dict):
            message = cast("Message", message)
            match message:
                case {"id": bool()}:
                    pass  # which Python takes for a number
                case {"method": str(method), "id": int() | str() as message_id}:
                    self._receive_request(message_id, method, message)
                    return
                case {"method": str(method)} if "id" not in message:
                    self._receive_notification(method, message)
                    return
                case {"id": int() | str() as message_id} if "method" not in message:
                    self._receive_response(message_id, message)
                    return
                case _:
                    pass
        self._send_error(None, errors.JsonRpcInvalidRequest("The message is not JSON-RPC."))

    def _receive_request(self, message_id: MessageId, method: str, message: Message) -> None:
        try:
            self._refuse_out_of_order(message_id, method)
            handler = self._get_handler(method)
            params = self._params(method, message, JsonRPCRequestMessage)
        except errors.JsonRpcException as error:
            self._send_error(message_id, error)
            return
        task = asyncio.create_task(self._run(handler, params))
        self._requests[message_id] = task
        task.add_done_callback(partial(self._answer, message_id, method))
        token = getattr(params, "work_done_token", None)
        if token is not None:
            self.cancel_with(token, task)

    def _refuse_out_of_order(self, message_id: MessageId, method: str) -> None:
        if self._shutdown:
            raise errors.JsonRpcInvalidRequest("The server is shutting down.")
        if method != types.INITIALIZE and not self._initialize_seen:
            raise errors.JsonRpcServerNotInitialized("The server is not initialized yet.")
        if method == types.INITIALIZE and self._initialize_seen:
            raise errors.JsonRpcInvalidRequest("The server is initialized already.")
        if message_id in self._requests:
            raise errors.JsonRpcInvalidRequest("A request with this id is still going on.")

    def _receive_notification(self, method: str, message: Message) -> None:
        if method != types.EXIT and (self._shutdown or not self._initialize_seen):
            return
        try:
            handler = self._get_handler(method)
            params = self._params(method, message, JsonRPCNotification)
        except errors.JsonRpcMethodNotFound:
            return  # As LSP asks: notifications that a server does not know are ignored.
        except errors.JsonRpcException as error:
            _log.warning("ignored a notification: %s", error.message)
            return
        task = asyncio.create_task(self._run(handler, params))
        self._notifications.add(task)
        task.add_done_callback(partial(self._finish_notification, method))

    def _receive_response(self, message_id: MessageId, message: Message) -> None:
        future = self._request_futures.pop(message_id, None)
        response = self._result_types.pop(message_id, None) or JsonRPCResponseMessage
        # Whoever waited may have been cancelled in the meantime.
        if future is None or not future.set_running_or_notify_cancel():
            _log.debug("ignored a response that nobody waits for")
            return
        try:
            if message.get("error") is not None:
                error = self._converter.structure(message["error"], types.ResponseError)
                future.set_exception(errors.JsonRpcException.from_error(error))
                return
            whole = {"jsonrpc": self.VERSION, "result": None, **message}
            future.set_result(self._converter.structure(whole, response).result)
        except Exception:  # noqa: BLE001 - cattrs promises no kind of error
            future.set_exception(errors.JsonRpcInvalidParams("The response cannot be read."))

    def _params(self, method: str, message: Message, custom: type[Any]) -> Any:
        kind = self.get_message_type(method) or custom
        whole = {"jsonrpc": self.VERSION, "params": None, **message} if kind is custom else message
        try:
            return self._converter.structure(whole, kind).params
        except Exception as error:  # cattrs promises no kind of error
            sentence = f"The parameters of {method!r} do not have the protocol's shape."
            raise errors.JsonRpcInvalidParams(sentence) from error

    async def _run(self, handler: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a handler; a built-in one of pygls is a generator that yields the user's handler."""
        if not isgeneratorfunction(handler):
            result = handler(*args, **kwargs)
            return await result if isawaitable(result) else result
        generator = handler(*args, **kwargs)
        value: Any = None
        while True:
            try:
                inner, inner_args, inner_kwargs = generator.send(value)
            except StopIteration as end:
                return end.value
            value = await self._run(inner, *(inner_args or ()), **(inner_kwargs or {}))

    def _answer(self, message_id: MessageId, method: str, task: Work) -> None:
        del self._requests[message_id]
        try:
            self._send_data({"jsonrpc": self.VERSION, "id": message_id, "result": task.result()})
        except asyncio.CancelledError:
            error = errors.JsonRpcRequestCancelled("The request was cancelled.")
            self._send_error(message_id, error)
        except errors.JsonRpcException as error:
            self._send_error(message_id, error)
        except Exception as error:  # noqa: BLE001 - also a result that is no JSON
            log_failure(method, error)
            sentence = "The server failed at this request; its log says where."
            self._send_error(message_id, errors.JsonRpcInternalError(sentence))

    def _finish_notification(self, method: str, task: Work) -> None:
        self._notifications.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_failure(method, error)

    def _send_error(self, message_id: MessageId | None, error: errors.JsonRpcException) -> None:
        body = {"code": error.code, "message": without_links(error.message)}
        self._send_data({"jsonrpc": self.VERSION, "id": message_id, "error": body})

    def _send_data(self, data: Any) -> None:
        """Send a message, and log no word of it; raises where it cannot be written as JSON."""
        text = json.dumps(data, default=self._serialize_message, allow_nan=False)
        if self.writer is not None:
            self.writer.write(wire.frame(text.encode()))

    def cancel_with(self, token: types.ProgressToken, task: Work | None = None) -> None:
        """Let the client's cancel of progress `token` cancel `task`, or the task that calls."""
        task = task or cast("Work", asyncio.current_task())
        self._progress[token] = task

        def forget(_: Work) -> None:
            if self._progress.get(token) is task:
                del self._progress[token]
                # pygls keeps each token for ever.
                self.progress.tokens.pop(token, None)  # pyright: ignore[reportUnknownMemberType] - untyped there

        task.add_done_callback(forget)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(
        self, params: types.ExecuteCommandParams
    ) -> Generator[Any, Any, Any]:
        """Run a command as pygls does, which counts the arguments only where there are some."""
        params.arguments = params.arguments or []
        return (yield from super().lsp_workspace__execute_command(params))

    @lsp_method(types.CANCEL_REQUEST)
    def lsp_cancel_request(self, params: types.CancelParams) -> None:
        """Cancel a request; it is answered when its task has ended."""
        if (task := self._requests.get(params.id)) is not None:
            task.cancel()


def _structure_id(value: Any, _: Any) -> MessageId:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return value
    raise TypeError("neither a number nor a string")


def _structure_optional_id(value: Any, kind: Any) -> MessageId | None:
    return None if value is None else _structure_id(value, kind)
