"""Looking at and ending the engines of this user, whichever models they hold. Starts none."""

import asyncio
from typing import Any

from qwen_lsp.engine.address import (
    Address,
    address_path,
    is_running,
    published_keys,
    read_address,
    wait_for_end,
)
from qwen_lsp.engine.channel import Channel
from qwen_lsp.engine.client import dial_address, from_thread
from qwen_lsp.engine.messages import AskStatus, EngineMessage, Status, Stop

_ANSWER_SECONDS = 10.0
_END_SECONDS = 10.0


async def ask_status() -> list[dict[str, Any]]:
    """Return what each running engine says of itself."""
    found: list[dict[str, Any]] = []
    for _, address in _addresses():
        status = await _ask(address, AskStatus(0))
        if status is not None:
            found.append(status)
    return found


async def stop_engines() -> list[int]:
    """End every engine, by force where it does not end itself; return their process ids."""
    stopped: list[int] = []
    for key, address in _addresses():
        if is_running(key):
            await _ask(address, Stop())
            await asyncio.to_thread(wait_for_end, key, address.pid, _END_SECONDS)
            stopped.append(address.pid)
        address_path(key).unlink(missing_ok=True)
    return stopped


def _addresses() -> list[tuple[str, Address]]:
    pairs = [(key, read_address(key)) for key in published_keys()]
    return [(key, address) for key, address in pairs if address is not None]


async def _ask(address: Address, message: EngineMessage) -> dict[str, Any] | None:
    """Return the status that the engine answers with; None where it is gone or only stops."""
    line = await asyncio.to_thread(dial_address, address)
    if line is None:
        return None
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[dict[str, Any] | None] = loop.create_future()

    def settle(status: dict[str, Any] | None) -> None:
        if not answer.done():
            answer.set_result(status)

    def on_message(_channel: Channel, message: EngineMessage) -> None:
        if isinstance(message, Status):
            from_thread(loop, settle, message.status)

    def on_closed(_channel: Channel) -> None:
        from_thread(loop, settle, None)

    channel = Channel(line, on_message, on_closed)
    channel.open()
    channel.send(message)
    try:
        return await asyncio.wait_for(answer, _ANSWER_SECONDS)
    except TimeoutError:
        return None
    finally:
        await asyncio.to_thread(channel.close)
