"""Servers and engines come and go: nothing is left behind, and no request falls in between."""

import asyncio
from pathlib import Path

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.requests import Chat, GenerateRequest, Message, Priority
from qwen_lsp.evaluation.fuzz.restarts import restart_servers

SHORT = GenerateRequest(Chat((Message("user", "Count."),)), 4, Priority.ACTION)


async def test_a_request_during_a_restart_is_for_the_new_engine(
    engine_home: Path, model: Path
) -> None:
    assert engine_home
    client = EngineClient(EngineOptions(model, context_tokens=512, threads=1))
    await client.start()
    old = (await client.status())["pid"]

    async def ask_after(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return (await client.generate(SHORT)).finish

    restarting = asyncio.create_task(client.restart())
    # At moments before, while and after the old engine ends.
    assert set(await asyncio.gather(*(ask_after(n / 50) for n in range(8)))) == {"length"}
    await restarting
    assert (await client.status())["pid"] != old
    await client.close()
    await stop_engines()


def test_quick_restarts_of_the_server_leave_nothing() -> None:
    figures = restart_servers(count=3, seed=3)
    assert figures.problems == ()
    assert figures.is_well
    assert figures.refusals == ()
