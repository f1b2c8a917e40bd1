"""While a user types, the model reads up to the place where the change ends."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from qwen_lsp.engine.requests import EngineError, GenerateRequest, Generation, Infill, Priority
from qwen_lsp.server.requests import sync
from tests.harness.lsp_client import Client
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import complete, editor

LINE = "face, name = '😀', "
TEXT = f"import os\n\n{LINE}\nprint(name)\n"
PLACE = TEXT.index(LINE) + len(LINE)


@pytest.fixture(autouse=True)
def spare_power(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the machine have power to spare, until the test says otherwise."""

    def have(spare: bool) -> None:
        monkeypatch.setattr(sync, "has_spare_power", lambda: spare)

    have(True)
    return have


async def settle(client: Client, uri: str) -> None:
    """Wait until the server has done what it was told before."""
    await client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
    await asyncio.sleep(0)


@asynccontextmanager
async def typing(
    engine: GivenEngine, text: str = TEXT, language_id: str = "python", **options: Any
) -> AsyncGenerator[tuple[Client, str]]:
    async with editor(engine, **options) as client:
        uri = client.open("file:///a.py", text, language_id)
        yield client, uri
        await settle(client, uri)


def cursor(request: GenerateRequest) -> tuple[str, str]:
    """Return the line before the cursor and the line behind it."""
    assert isinstance(request.prompt, Infill)
    before = request.prompt.prefix + request.prompt.middle + request.begun
    return before.rpartition("\n")[2], request.prompt.suffix.strip("\n").partition("\n")[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_every_change_is_read_once_up_to_its_end(encoding: str) -> None:
    engine = GivenEngine()
    async with typing(engine, encoding=encoding) as (client, uri):
        for number, key in enumerate("os.", 1):
            place = PLACE + number - 1
            client.change(uri, (place, place, key))
            await settle(client, uri)
            assert len(engine.ahead) == number
            assert cursor(engine.ahead[-1]) == (LINE + "os."[:number], "print(name)")
    assert all(
        (request.priority, request.max_tokens, request.supersedes) == (Priority.AHEAD, 0, uri)
        for request in engine.ahead
    )
    assert engine.requests == []


async def test_what_is_read_is_what_a_request_there_needs() -> None:
    engine = GivenEngine("path")
    async with typing(engine) as (client, uri):
        client.change(uri, (PLACE, PLACE, "os."))
        await settle(client, uri)
        await complete(client, uri, PLACE + 3)
    (ahead,), (request,) = engine.ahead, engine.requests
    assert ahead.prompt == request.prompt
    assert ahead.supersedes == request.supersedes


async def test_a_change_of_several_lines_is_read_to_its_last_one() -> None:
    engine = GivenEngine()
    async with typing(engine) as (client, uri):
        added = "1\nfor x in y:\n    pas"
        client.change(uri, (PLACE, PLACE, added))
        await settle(client, uri)
        client.change(uri, (PLACE - 2, PLACE + len(added), ", '😀'\nother = n"))
    assert [cursor(request)[0] for request in engine.ahead] == ["    pas", "other = n"]


async def test_the_prompt_that_is_shown_is_the_one_that_was_asked() -> None:
    engine = GivenEngine()
    async with typing(engine) as (client, uri):
        client.change(uri, (PLACE, PLACE, "os"))
        await settle(client, uri)
        assert len(engine.ahead) == 1
        assert "Nothing" in await client.command("qwenLsp.showPrompt")


async def test_a_suggestion_that_is_being_typed_needs_no_reading() -> None:
    engine = GivenEngine("os.sep")
    async with typing(engine) as (client, uri):
        await complete(client, uri, PLACE)
        for number, key in enumerate("os"):
            client.change(uri, (PLACE + number, PLACE + number, key))
            await settle(client, uri)
    assert len(engine.requests) == 1
    assert engine.ahead == []


async def test_nothing_is_read_while_paused() -> None:
    engine = GivenEngine()
    async with typing(engine) as (client, uri):
        await client.command("qwenLsp.pause")
        client.change(uri, (PLACE, PLACE, "o"))
        await settle(client, uri)
        assert engine.ahead == []
        await client.command("qwenLsp.pause")
        client.change(uri, (PLACE + 1, PLACE + 1, "s"))
    assert len(engine.ahead) == 1


@pytest.mark.parametrize("setting", ["readAhead", "enabled"])
async def test_nothing_is_read_where_the_user_does_not_want_it(setting: str) -> None:
    engine = GivenEngine()
    async with typing(engine, options={"inlineCompletion": {setting: False}}) as (client, uri):
        client.change(uri, (PLACE, PLACE, "o"))
    assert engine.ahead == []


async def test_nothing_is_read_without_power_to_spare(spare_power: Callable[[bool], None]) -> None:
    engine = GivenEngine()
    async with typing(engine) as (client, uri):
        spare_power(False)
        client.change(uri, (PLACE, PLACE, "o"))
        await settle(client, uri)
        assert engine.ahead == []
        spare_power(True)
        client.change(uri, (PLACE + 1, PLACE + 1, "s"))
    assert len(engine.ahead) == 1


async def test_a_new_text_and_several_changes_at_once_have_no_place_to_read_to() -> None:
    engine = GivenEngine()
    async with typing(engine) as (client, uri):
        client.change(uri, TEXT + "x = 1\n")
        client.change(uri, (0, 0, "\n"), (PLACE + 1, PLACE + 1, "o"))
        client.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": 9}, "contentChanges": []},
        )
    assert engine.ahead == []


async def test_nothing_is_read_in_a_language_that_nobody_knows() -> None:
    engine = GivenEngine()
    async with typing(engine, language_id="klingon") as (client, uri):
        client.change(uri, (PLACE, PLACE, "o"))
    assert engine.ahead == []


async def test_nothing_is_read_before_there_is_a_model() -> None:
    engine = GivenEngine()
    async with editor(engine, ready=False) as client:
        uri = client.open("file:///a.xyz", TEXT, "klingon")
        client.change(uri, (PLACE, PLACE, "o"))
        await settle(client, uri)
    assert engine.ahead == []


async def test_an_engine_that_fails_is_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(GivenEngine):
        async def generate(self, request: GenerateRequest, **callbacks: Any) -> Generation:
            if request.priority == Priority.AHEAD:
                raise EngineError("The engine ended.")
            return await super().generate(request, **callbacks)

    engine = Broken("s.sep")
    with caplog.at_level(logging.INFO):
        async with typing(engine) as (client, uri):
            client.change(uri, (PLACE, PLACE, "o"))
            await settle(client, uri)
            caught = [each for each in caplog.records if "The engine ended." in each.getMessage()]
            assert await complete(client, uri, PLACE + 1)
    (record,) = caught
    assert record.exc_info is None
    assert record.levelno <= logging.INFO
