"""Downloading a model for an editor: in a thread, with progress, and with a working cancel."""

import asyncio
import threading

from qwen_lsp.features.launch import Weights
from qwen_lsp.models import files
from qwen_lsp.models.errors import ModelError
from qwen_lsp.server.boundary import Server
from qwen_lsp.server.progress import progress
from qwen_lsp.server.status import State, Status


async def download(server: Server, status: Status, weights: Weights) -> None:
    """Fetch and verify the file of `weights`; raises ModelError."""
    card = weights.card
    if card is None:
        raise ModelError(f"{weights.name} is not a model of the catalogue.")
    loop = asyncio.get_running_loop()
    cancelled = threading.Event()
    status.set(State.DOWNLOADING, f"Downloading {card.id}.")
    async with progress(server, f"Downloading {card.id}", percentage=0) as bar:

        def show(done: int, total: int, what: str) -> None:
            fraction = done / max(total, 1)
            status.set(State.DOWNLOADING, f"Downloading {card.id}: {fraction:.0%}.")
            bar.report(what, fraction)

        def on_progress(done: int, total: int, what: str) -> None:
            loop.call_soon_threadsafe(show, done, total, what)

        try:
            await asyncio.to_thread(files.pull, card, on_progress, cancelled)
        finally:
            cancelled.set()
