"""Answers that are being made: who asks for the same place waits for the same answer."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.text import Document

# The engine lets everything go before what nobody asked for. Who then does ask must not wait for
# a review, so he asks himself unless the model has begun to write within this time.
_PATIENCE_SECONDS = 0.3

_Task = asyncio.Task[list[Suggestion]]


@dataclass(eq=False)
class Work:
    """One answer on its way.

    `asked_for` is how many suggestions it will have, `is_ahead` says that nobody had asked for it
    when it was begun, and `writes` that the model has begun to write.
    """

    document: Document
    offset: int
    asked_for: int
    is_ahead: bool
    waiting: int = 0
    writes: asyncio.Event = field(default_factory=asyncio.Event)

    def serves(self, document: Document, offset: int, asked_for: int) -> bool:
        """Say whether the answer is for this place and has as many suggestions."""
        return (
            self.offset == offset
            and self.asked_for >= asked_for
            and self.document.text == document.text
        )


Make = Callable[[Work], Coroutine[Any, Any, list[Suggestion]]]


class UnderWay:
    """The newest work for each document.

    Work goes on while somebody waits for it. When nobody does any more it is cancelled, and with
    it what the engine does.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Work, _Task]] = {}

    async def share(self, work: Work, make: Make, deadline_ms: int) -> list[Suggestion]:
        """Return the answer, made by `make` unless it is being made already.

        Who joins what was begun ahead waits for `deadline_ms` at most. Raises what `make` raises.
        Returns nothing where a newer request took the work's place.
        """
        newest = self._newest.get(work.document.uri)
        if newest is None or not newest[0].serves(work.document, work.offset, work.asked_for):
            return await self._wait(*self._begin(work, make))
        running, task = newest
        if work.is_ahead or not running.is_ahead:
            return await self._wait(running, task)
        if not await self._goes_on(running, task):
            return await self._wait(*self._begin(work, make))
        return await self._wait(running, task, deadline_ms / 1000)

    def forget(self, uri: str) -> None:
        """End what is made for a document that was closed."""
        newest = self._newest.pop(uri, None)
        if newest is not None:
            newest[1].cancel()

    def _begin(self, work: Work, make: Make) -> tuple[Work, _Task]:
        uri = work.document.uri
        older = self._newest.get(uri)
        if older is not None and not older[0].is_ahead:
            # The engine would let it give way, but until then its syntax tree is kept. Work ahead
            # is left to the engine: cancelled, it would lose what it is reading.
            older[1].cancel()
        task = asyncio.create_task(make(work))
        newest = self._newest[uri] = work, task

        def leave(done: _Task) -> None:
            if self._newest.get(uri) is newest:
                del self._newest[uri]
            if not done.cancelled():
                done.exception()  # Nobody may be waiting for it.

        task.add_done_callback(leave)
        return newest

    async def _wait(
        self, work: Work, task: _Task, timeout_s: float | None = None
    ) -> list[Suggestion]:
        work.waiting += 1
        try:
            await asyncio.wait({task}, timeout=timeout_s)
        finally:
            work.waiting -= 1
            if not work.waiting and not task.done():
                task.cancel()
                await asyncio.wait({task})
        return [] if not task.done() or task.cancelled() else task.result()

    @staticmethod
    async def _goes_on(work: Work, task: _Task) -> bool:
        """Say whether work that was begun ahead is done or being written, before patience ends."""
        writes = asyncio.create_task(work.writes.wait())
        try:
            watched: set[asyncio.Future[Any]] = {task, writes}
            done, _ = await asyncio.wait(
                watched, timeout=_PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            writes.cancel()
        return bool(done)
