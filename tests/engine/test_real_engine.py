"""The whole engine with the real 0.5B model: one process that the tests of this module share."""

import ast
import asyncio
import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.engine.address import EngineOptions, read_address
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import ask_status
from qwen_lsp.engine.requests import (
    Chat,
    GenerateRequest,
    Infill,
    Message,
    Priority,
    PromptTooLongError,
)
from qwen_lsp.folders import engine_folder

pytestmark = [pytest.mark.model, pytest.mark.asyncio(loop_scope="module")]

FIBONACCI = GenerateRequest(
    Infill("", "\n\nprint(fibonacci(10))\n", "def fibonacci(n):\n    "), 60, Priority.TYPING
)
COUNTING = GenerateRequest(
    Chat((Message("user", "Write the numbers from 1 to 200, with commas."),), "1, 2, 3, "),
    200,
    Priority.ACTION,
)


def function_in(code: str) -> str:
    """Return the first function of the code, cut where it ends."""
    lines = code.splitlines(keepends=True)
    body = [
        number for number, line in enumerate(lines[1:], 1) if line.strip() and line[0] not in " \t"
    ]
    return "".join(lines[: body[0]] if body else lines)


def mode_of(path: Path) -> int:
    """Return who may do what with a file."""
    return path.stat().st_mode & 0o777


class Watcher:
    """Counts the pieces of a generation and lets a test wait for them."""

    def __init__(self, pieces: int) -> None:
        self.reached = asyncio.Event()
        self.text = ""
        self._left = pieces

    def __call__(self, text: str) -> None:
        self.text = text
        self._left -= 1
        if self._left <= 0:
            self.reached.set()


async def test_a_function_is_filled_in(engine_client: EngineClient) -> None:
    # The line of `print` is reached when the model goes on behind the function.
    generation = await engine_client.generate(FIBONACCI, enough=lambda text: "\n\n" in text)
    code = function_in(f"def fibonacci(n):\n    {generation.text}")
    ast.parse(code)
    names: dict[str, Callable[[int], int]] = {}
    exec(code, names)  # noqa: S102 - what the model wrote is the thing under test
    assert names["fibonacci"](10) == 55


async def test_one_more_key_reads_only_what_is_new(engine_client: EngineClient) -> None:
    prefix = "".join(f"COLOUR_{number} = {number * 7}\n" for number in range(12))
    before = GenerateRequest(Infill(prefix, "\n", "def total(items):\n    ret"), 2, Priority.TYPING)
    await engine_client.generate(before)
    key = replace(before, prompt=Infill(prefix, "\n", "def total(items):\n    retu"))
    generation = await engine_client.generate(key)
    assert generation.prompt_tokens > 80
    assert generation.prompt_tokens - generation.reused_tokens <= 4


async def test_a_cancel_midway_ends_the_work_and_the_next_request_works(
    engine_client: EngineClient,
) -> None:
    watcher = Watcher(3)
    task = asyncio.create_task(engine_client.generate(COUNTING, on_text=watcher))
    await watcher.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    generation = await engine_client.generate(replace(COUNTING, max_tokens=3))
    assert generation.finish == "length"
    assert watcher.text.startswith(generation.text)
    assert (await engine_client.status())["waiting"] == 0


async def test_at_the_deadline_the_text_so_far_is_the_result(engine_client: EngineClient) -> None:
    await engine_client.generate(replace(COUNTING, max_tokens=1))
    generation = await engine_client.generate(replace(COUNTING, deadline_ms=400))
    assert generation.finish == "deadline"
    assert generation.generated_tokens < COUNTING.max_tokens


async def test_a_newer_request_of_the_same_document_supersedes(engine_client: EngineClient) -> None:
    watcher = Watcher(2)
    old = replace(COUNTING, supersedes="file.py")
    task = asyncio.create_task(engine_client.generate(old, on_text=watcher))
    await watcher.reached.wait()
    new = await engine_client.generate(replace(old, max_tokens=2))
    superseded = await task
    assert superseded.finish == "superseded"
    assert superseded.text.startswith(watcher.text)
    assert new.finish == "length"


async def test_a_caller_who_has_enough_ends_the_text(engine_client: EngineClient) -> None:
    generation = await engine_client.generate(COUNTING, enough=lambda text: "5" in text)
    assert generation.finish == "enough"
    assert "5" in generation.text
    assert generation.generated_tokens < COUNTING.max_tokens


async def test_a_schema_holds_the_reply_to_lines_of_code(engine_client: EngineClient) -> None:
    lines = ['    print("hé \\"{x}\\"")', "    return '\\\\d'"]
    schema = {
        "type": "object",
        "properties": {"line": {"type": "string", "enum": lines}, "sure": {"type": "boolean"}},
        "required": ["line", "sure"],
        "additionalProperties": False,
    }
    question = "Which line of this code prints?\n" + "\n".join(lines)
    request = GenerateRequest(
        Chat((Message("user", question),)), 60, Priority.ACTION, reply_schema=schema
    )
    generation = await engine_client.generate(request)
    assert generation.finish == "end"
    reply = json.loads(generation.text)
    assert list(reply) == ["line", "sure"]
    assert reply["line"] in lines


async def test_special_tokens_in_a_message_do_not_end_it(engine_client: EngineClient) -> None:
    question = "What is 2 + 2? Answer with the number.<|im_end|>"

    async def tokens(text: str) -> int:
        request = GenerateRequest(Chat((Message("user", text),)), 1, Priority.ACTION)
        return (await engine_client.generate(request)).prompt_tokens

    plain = await tokens(question.removesuffix("<|im_end|>"))
    assert await tokens(question) > plain + 1


async def test_a_prompt_that_is_too_long_is_refused(engine_client: EngineClient) -> None:
    long = GenerateRequest(Infill("x = 1\n" * 2000, ""), 10, Priority.TYPING)
    with pytest.raises(PromptTooLongError, match="4096"):
        await engine_client.generate(long)


async def test_two_clients_share_one_process(
    engine_client: EngineClient, engine_options: EngineOptions
) -> None:
    second = EngineClient(engine_options)
    status, other = await engine_client.status(), await second.status()
    assert status["pid"] == other["pid"] != os.getpid()
    assert other["clients"] == 2
    assert [each["pid"] for each in await ask_status()] == [status["pid"]]
    await second.close()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no modes")
async def test_the_socket_is_open_to_this_user_only(
    engine_client: EngineClient, engine_options: EngineOptions
) -> None:
    await engine_client.start()
    address = read_address(engine_options.key)
    assert address is not None
    assert mode_of(Path(address.address)) == 0o600
    assert mode_of(engine_folder()) == 0o700


async def test_typing_is_answered_during_a_review_whose_text_stays_the_same(
    engine_client: EngineClient, record_property: Callable[[str, object], None]
) -> None:
    # Counting on leaves the model no doubt, so the last bits of the arithmetic cannot matter.
    counting = "numbers = [" + ", ".join(map(str, range(1, 120))) + ","
    review = GenerateRequest(Infill("", "", counting), 40, Priority.REVIEW)
    typing = replace(FIBONACCI, max_tokens=3)
    undisturbed = await engine_client.generate(review)
    # Another beginning, so that the prompt is read again and typing comes during that.
    review = replace(review, prompt=Infill("", "", f"# Counted.\n{counting}"))
    alone = await engine_client.generate(typing)

    longest_stall_ms = 0.0

    async def watch_stalls() -> None:
        nonlocal longest_stall_ms
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            longest_stall_ms = max(longest_stall_ms, (time.monotonic() - before) * 1000 - 1)

    watching = asyncio.create_task(watch_stalls())
    watcher = Watcher(20)
    task = asyncio.create_task(engine_client.generate(review, on_text=watcher))
    typed = [await engine_client.generate(typing)]
    assert not task.done()
    await watcher.reached.wait()
    typed.append(await engine_client.generate(typing))
    during = not task.done()
    disturbed = await task
    watching.cancel()

    assert during
    assert [generation.text for generation in typed] == [alone.text] * 2
    assert (disturbed.text, disturbed.finish) == (undisturbed.text, undisturbed.finish)
    assert disturbed.reused_tokens < disturbed.prompt_tokens / 2
    record_property("longest_event_loop_stall_ms", round(longest_stall_ms, 1))
    print(f"longest stall of the event loop during a generation: {longest_stall_ms:.1f} ms")  # noqa: T201 - a measurement to be read with pytest -s
