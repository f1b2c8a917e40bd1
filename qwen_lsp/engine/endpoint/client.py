"""The server as features see it: an `Engine` whose model is somebody else's process.

A newer request for the same document takes the place of an older one by closing its stream, which
ends the work in the server: nothing stale waits in a queue. When the server cannot be reached, it
is left alone for a moment, longer each time, and then asked anew who it is.
"""

import asyncio
import contextlib
import logging
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from qwen_lsp.engine.endpoint.address import Endpoint
from qwen_lsp.engine.endpoint.calls import call_for, writes_holes
from qwen_lsp.engine.endpoint.connection import BusyError, Connection
from qwen_lsp.engine.endpoint.probe import knows_marks, recognise
from qwen_lsp.engine.endpoint.prompt import Form, form_of, qwen_form
from qwen_lsp.engine.endpoint.reading import Reading
from qwen_lsp.engine.endpoint.servers.base import Call, Server
from qwen_lsp.engine.endpoint.speeds import Speeds
from qwen_lsp.engine.messages import LoadFailed, Loading, OnState, Ready
from qwen_lsp.engine.requests import (
    EngineError,
    EngineUnavailableError,
    Finish,
    GenerateRequest,
    Generation,
    ModelFacts,
)

_log = logging.getLogger(__name__)

# Where a server does not say how much it can hold, this much is safe to send.
_CAREFUL_CONTEXT_TOKENS = 4096
# A server that loads a large model answers 503 until it is done.
_LOAD_SECONDS = 300.0
_LOAD_POLL_SECONDS = 1.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 30.0


@dataclass(frozen=True)
class _Reached:
    """A server that was recognised, how its model wants its prompts, and whose turn it is."""

    connection: Connection
    server: Server
    form: Form
    turn: contextlib.AbstractAsyncContextManager[object]


@dataclass(eq=False)
class _Running:
    """A request on its way; `ending` says why it was ended from here.

    `reading` is there from when the server is asked.
    """

    request: GenerateRequest
    enough: Callable[[str], bool] | None
    on_text: Callable[[str], None] | None
    began: float = field(default_factory=time.monotonic)
    work: "asyncio.Task[None]" = field(init=False)
    reading: Reading | None = None
    ending: Finish | None = None

    def end(self, ending: Finish) -> None:
        self.ending = self.ending or ending
        self.work.cancel()

    def generation(self) -> Generation:
        """Return what it came to; a text that nobody asked for is left out."""
        if self.reading is None:
            return Generation("", self.ending or "length")
        self.reading.finish = self.reading.finish or self.ending
        generation = self.reading.generation()
        if not self.request.max_tokens:
            # llama-server writes one token all the same.
            return replace(generation, text="", finish="length")
        return generation


class EndpointClient:
    """Asks the model of one server. Use it from one event loop."""

    def __init__(self, endpoint: Endpoint, on_state: OnState | None = None) -> None:
        self._endpoint = endpoint
        self._on_state = on_state
        self._reached: _Reached | None = None
        self._reaching: asyncio.Task[_Reached] | None = None
        self._running: set[_Running] = set()
        self._left: list[Connection] = []
        self._speeds = Speeds()
        self._failure = ""
        self._pause_seconds = _FIRST_PAUSE_SECONDS
        self._paused_until = 0.0

    @property
    def facts(self) -> ModelFacts | None:
        """What the server says of its model; None before it was asked."""
        return self._facts_of(self._reached) if self._reached else None

    def _facts_of(self, reached: _Reached) -> ModelFacts:
        facts = reached.server.facts
        return ModelFacts(
            name=_title(facts.model),
            architecture="",
            parameters=0,
            context_tokens=facts.context_tokens or _CAREFUL_CONTEXT_TOKENS,
            can_infill=writes_holes(reached.server, reached.form) or reached.server.fills_holes,
            can_roll_back=True,
            speed=self._speeds.speed(),
        )

    @property
    def where(self) -> str:
        """Return where code goes, for people: the address and what answers there."""
        if self._reached is None:
            return self._endpoint.url
        server = self._reached.server
        return f"{self._endpoint.url} ({f'{server.title} {server.facts.version}'.strip()})"

    async def start(self) -> Ready:
        """Find out what the server is and wait until it has its model; raises EngineError."""
        began = time.monotonic()
        reached = await self._reach()
        return Ready(self._facts_of(reached), (time.monotonic() - began) * 1000)

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the generation; see `requests.Engine`."""
        for other in [one for one in self._running if one.request.gives_way_to(request)]:
            other.end("superseded")
        running = _Running(request, enough, on_text)
        running.work = asyncio.create_task(self._answer(running))
        self._running.add(running)
        try:
            await _finish(running)
        finally:
            self._running.discard(running)
            running.work.cancel()
        if running.work.cancelled():
            running.ending = running.ending or "cancelled"
        elif (error := running.work.exception()) is not None and running.ending is None:
            raise error
        generation = running.generation()
        if running.reading is not None and request.max_tokens:
            self._pause_seconds = _FIRST_PAUSE_SECONDS
            self._speeds.note(generation)
        return generation

    async def _answer(self, running: _Running) -> None:
        """Ask the server and read its answer; raises EngineError."""
        reached, request = await self._reach(), running.request
        reads_ahead = reached.server.reads_ahead and self._endpoint.is_here
        if not request.max_tokens and not reads_ahead:
            return
        try:
            call, reading = await call_for(
                request, reached.server, reached.form, reached.connection
            )
            reading.began, running.reading = running.began, reading
            await _read(reached, call, reading, running)
        except EngineUnavailableError as error:
            self._note_failure(error)
            raise

    async def status(self) -> dict[str, Any]:
        """Return what is known of the server; raises EngineError."""
        reached = await self._reach()
        speed = self._speeds.speed()
        return {
            "endpoint": self._endpoint.url,
            "server": reached.server.title,
            "version": reached.server.facts.version,
            "model": reached.server.facts.model,
            "context_tokens": reached.server.facts.context_tokens,
            "prompt_speed": speed.prompt_speed if speed else 0.0,
            "generation_speed": round(1000 / speed.token_ms, 1) if speed else 0.0,
        }

    async def close(self) -> None:
        """End what is under way and hang up."""
        reached, self._reached = self._reached, None
        if (reaching := self._reaching) is not None:
            reaching.cancel()
            # It has a connection that is not ours yet, and closes that.
            await asyncio.wait({reaching})
        for running in list(self._running):
            running.end("cancelled")
        for connection in (*self._left, *([reached.connection] if reached else [])):
            await connection.close()
        self._left.clear()

    async def restart(self) -> None:
        """Ask the server anew what it is, at once; its process is not ours to end."""
        await self.close()
        self._paused_until, self._pause_seconds = 0.0, _FIRST_PAUSE_SECONDS

    async def _reach(self) -> _Reached:
        """Return the server once it is known; a request that ends meanwhile does not end that."""
        if self._reached is not None:
            return self._reached
        if self._reaching is None:
            self._reaching = asyncio.create_task(self._find_out())
            self._reaching.add_done_callback(self._note_reached)
        return await asyncio.shield(self._reaching)

    def _note_reached(self, reaching: "asyncio.Task[_Reached]") -> None:
        self._reaching = None
        if not reaching.cancelled():
            # Read here, as perhaps nobody waits for it any more.
            reaching.exception()

    async def _find_out(self) -> _Reached:
        if time.monotonic() < self._paused_until:
            raise EngineUnavailableError(self._failure)
        began = time.monotonic()
        try:
            self._reached = await self._recognise()
        except EngineUnavailableError as error:
            self._note_failure(error)
            raise
        reach_ms = (time.monotonic() - began) * 1000
        self._tell(Ready(self._facts_of(self._reached), reach_ms))
        return self._reached

    async def _recognise(self) -> _Reached:
        connection = Connection(self._endpoint)
        try:
            server = await self._wait_for_model(connection)
            form = form_of(server.facts.model, server.facts.chat_template)
            if not form.has_marks and await knows_marks(connection, server):
                form = qwen_form(server.facts.model, server.facts.chat_template)
        except BaseException:
            await connection.close()
            raise
        _log.info("%s at %s", server.title, self._endpoint.url)
        turn = contextlib.nullcontext() if server.answers_together else asyncio.Lock()
        return _Reached(connection, server, form, turn)

    async def _wait_for_model(self, connection: Connection) -> Server:
        give_up = time.monotonic() + _LOAD_SECONDS
        while True:
            try:
                return await recognise(connection, self._endpoint.url, self._endpoint.model)
            except BusyError:
                if time.monotonic() > give_up:
                    raise
            self._tell(Loading(0.0))
            await asyncio.sleep(_LOAD_POLL_SECONDS)

    def _note_failure(self, error: EngineUnavailableError) -> None:
        """Leave a server alone that cannot be reached; one that is busy can be asked again."""
        if isinstance(error, BusyError):
            return
        self._failure = str(error)
        self._paused_until = time.monotonic() + self._pause_seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        self._pause_seconds = min(2 * self._pause_seconds, _LONGEST_PAUSE_SECONDS)
        reached, self._reached = self._reached, None
        if reached is not None:
            # Others may still read from it; what it was is asked anew.
            self._left.append(reached.connection)
        self._tell(LoadFailed(self._failure))

    def _tell(self, state: Loading | Ready | LoadFailed) -> None:
        if self._on_state is not None:
            self._on_state(state)


def _title(model: str) -> str:
    """Return a model's name for people; llama-server gives the whole path of a file."""
    return re.split(r"[/\\\\]", model)[-1] if model.endswith(".gguf") else model


async def _finish(running: _Running) -> None:
    """Wait for the work, for the request's deadline at most."""
    deadline_ms = running.request.deadline_ms
    done, _ = await asyncio.wait(
        {running.work}, timeout=None if deadline_ms is None else deadline_ms / 1000
    )
    if not done:
        running.end("deadline")
        await asyncio.wait({running.work})


async def _read(reached: _Reached, call: Call, reading: Reading, running: _Running) -> None:
    """Read the stream of a call until it ends, or until there is enough; raises EngineError."""
    enough, on_text = running.enough, running.on_text
    stream = reached.connection.stream(call.path, call.body)
    async with reached.turn, contextlib.aclosing(stream) as objects:
        async for data in objects:
            reading.take(reached.server.read(data))
            text = reading.text
            if on_text is not None and text:
                on_text(text)
            if reading.finish is None and enough is not None and text and enough(text):
                reading.finish = "enough"
            if reading.finish is not None:
                return
    if not reading.has_ended:
        raise EngineError("The server ended its answer in the middle.")
