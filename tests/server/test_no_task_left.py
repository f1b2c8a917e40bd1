"""After hundreds of requests, answered and cancelled, the server has no task more than before."""

import asyncio
import contextlib

from qwen_lsp.server.app import create_server
from tests.harness.client import Client
from tests.harness.lsp_client import LspError, connect
from tests.server.given_engine import GivenEngine, session_options

CODE = (
    "def area(width, height):\n    return \n\n\ndef around(width, height):\n    return 2 * width\n"
)
ROUNDS = 40


async def work(client: Client, number: int) -> None:
    """Open a file, ask for everything there, cancel half of it, and close it again."""
    uri = client.open(f"file:///code/shape{number}.py", CODE)
    here = client.at(uri, CODE.index("return") + 7)
    area = {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 8}}
    menu = {**here, "range": area, "context": {"diagnostics": []}}
    arguments = [{"uri": uri, "range": area}]
    asked = [
        client.start("textDocument/inlineCompletion", {**here, "context": {"triggerKind": 2}}),
        client.start("textDocument/codeAction", menu),
        client.start(
            "workspace/executeCommand", {"command": "qwenLsp.explain", "arguments": arguments}
        ),
        client.start(
            "workspace/executeCommand", {"command": "qwenLsp.review", "arguments": arguments}
        ),
        client.start("textDocument/inlineCompletion", {**here, "context": {"triggerKind": 2}}),
    ]
    client.change(uri, (len(CODE), len(CODE), f"x = {number}\n"))
    for message_id, _ in asked[number % 2 :: 2]:
        client.cancel(message_id)
    for _, answer in asked:
        with contextlib.suppress(LspError):
            await asyncio.wait_for(answer, 5)
    client.close(uri)


async def settled_tasks(client: Client, at_most: int) -> int:
    """Return the number of tasks as soon as it is small enough, or after many requests more."""
    for _ in range(200):
        if len(asyncio.all_tasks()) <= at_most:
            break
        await client.command("qwenLsp.accepted", {})
    return len(asyncio.all_tasks())


async def test_no_task_is_left() -> None:
    engine = GivenEngine(*["width * height"] * (ROUNDS * 20))
    server, _session = create_server(**session_options(engine))
    async with connect(server) as client:
        client.ignored |= {"textDocument/publishDiagnostics", "window/showMessage"}
        await work(client, 0)
        await client.command("qwenLsp.accepted", {})
        before = await settled_tasks(client, 3)
        for number in range(1, ROUNDS):
            await work(client, number)
        assert len(engine.requests) > ROUNDS
        assert await settled_tasks(client, before) <= before
