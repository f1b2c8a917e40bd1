"""The model is not asked twice: typing through, accepting in parts, writing ahead, alternatives."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from qwen_lsp.engine.requests import EngineError, GenerateRequest, Generation, Priority
from qwen_lsp.server.requests import sync
from tests.harness.lsp_client import Client, LspError
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import complete, editor

URI = "file:///a.py"
LINE = "face = '😀', "
TEXT = f"import os\n\n{LINE}\nprint(face)\n"
PLACE = TEXT.index(LINE) + len(LINE)
EXPLICIT = 1
CANCELLED = -32800


@pytest.fixture(autouse=True)
def spare_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync, "has_spare_power", lambda: True)


async def settle(client: Client) -> None:
    """Wait until the server has done what it was told before."""
    await client.request("textDocument/diagnostic", {"textDocument": {"uri": URI}})
    for _ in range(5):
        await asyncio.sleep(0)


def edit(client: Client, item: dict[str, Any]) -> tuple[int, int, str]:
    start, end = (client.texts.offset(URI, item["range"][side]) for side in ("start", "end"))
    return start, end, item["insertText"]


def accept(client: Client, item: dict[str, Any]) -> int:
    """Insert an item as editors do; return where the cursor is then."""
    start, end, text = edit(client, item)
    client.change(URI, (start, end, text))
    return start + len(text)


def accept_part(client: Client, item: dict[str, Any], length: int, way: str) -> int:
    """Insert the beginning of an item: VS Code at the cursor, Neovim in place of the range."""
    start, end, text = edit(client, item)
    client.change(URI, (start, end if way == "neovim" else start, text[:length]))
    return start + length


def texts(items: list[dict[str, Any]]) -> list[str]:
    return [item["insertText"] for item in items]


def typing_requests(engine: GivenEngine) -> int:
    return len([one for one in engine.requests if one.priority == Priority.TYPING])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_closers_that_the_editor_adds_are_replaced(encoding: str) -> None:
    engine = GivenEngine("max('😀😀', face)\n", "")
    async with editor(engine, encoding=encoding) as client:
        client.open(URI, TEXT)
        await complete(client, URI, PLACE)
        client.change(URI, (PLACE, PLACE, "max('😀')"))
        cursor = PLACE + len("max('😀")
        (item,) = await complete(client, URI, cursor)
        assert item["insertText"] == item["filterText"] == "😀', face)"
        assert edit(client, item)[:2] == (cursor, cursor + 2)
        accept(client, item)
        assert client.text(URI) == TEXT.replace(LINE, LINE + "max('😀😀', face)")
    assert typing_requests(engine) == 1


@pytest.mark.parametrize("way", ["vscode", "neovim"])
async def test_word_by_word_from_memory(way: str) -> None:
    text = "max('😀😀', face)"
    engine = GivenEngine(text, "")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        (item,) = await complete(client, URI, PLACE)
        client.change(URI, (PLACE, PLACE, "max()"))
        (item,) = await complete(client, URI, PLACE + len("max("))
        for word, rest in (("'😀", "😀', face)"), ("😀',", " face)"), (" face", ")")):
            cursor = accept_part(client, item, len(word), way)
            items = await complete(client, URI, cursor)
            if rest == ")" and way == "vscode":
                assert items == []  # The bracket that is left is there already.
                continue
            (item,) = items
            assert item["insertText"] == item["filterText"] == rest
            assert edit(client, item)[0] == cursor
    assert typing_requests(engine) == 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
async def test_line_by_line_from_memory(line_end: str) -> None:
    before, behind = "def f(a):\n    if a:\n        ", "\n\n\nprint(f(1))\n"
    body = "a += 1\n        b = a\n        return b"
    engine = GivenEngine(f"        {body}", "", "")
    async with editor(engine) as client:
        whole = (before + body + behind).replace("\n", line_end)
        client.open(URI, (before + behind).replace("\n", line_end))
        cursor = len(before.replace("\n", line_end))
        rests: list[str] = []
        for _ in range(3):
            (item,) = await complete(client, URI, cursor)
            rests += texts([item])
            line = item["insertText"].partition("\n")[0]
            length = min(len(line) + 1, len(item["insertText"]))
            cursor = accept_part(client, item, length, "vscode")
        assert client.text(URI) == whole
    assert rests[1:] == [rests[0][rests[0].index("\n") + 1 :], "        return b"]
    assert typing_requests(engine) == 1


async def test_accept_and_undo_bring_the_same_suggestion() -> None:
    engine = GivenEngine("os.sep", "")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        (item,) = await complete(client, URI, PLACE)
        end = accept(client, item)
        client.change(URI, (PLACE, end, ""))
        assert await complete(client, URI, PLACE) == [item]
    assert typing_requests(engine) == 1


async def test_what_follows_is_written_once_it_is_accepted() -> None:
    engine = GivenEngine("os.sep", "# fine", "never asked for")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        (item,) = await complete(client, URI, PLACE)
        end = accept(client, item)
        await settle(client)
        assert [one.priority for one in engine.requests] == [Priority.TYPING, Priority.AHEAD]
        await client.command("qwenLsp.accepted", {"kind": "all"} | client.at(URI, end))
        found = await complete(client, URI, end)
        assert len(engine.requests) == 2
    assert engine.ahead == []
    assert texts(found) == ["  # fine"] or texts(found) == ["# fine"]


async def test_behind_a_line_that_was_accepted_the_model_writes_what_follows_the_whole() -> None:
    before, behind = "def f(a):\n    ", "\n\n\nprint(f(1))\n"
    engine = GivenEngine("    a += 1\n    return a", " + 1")
    async with editor(engine) as client:
        client.open(URI, before + behind)
        (item,) = await complete(client, URI, len(before))
        for number, key in enumerate("a "):
            client.change(URI, (len(before) + number, len(before) + number, key))
        await settle(client)
        assert len(engine.requests) == 1
        (item,) = await complete(client, URI, len(before) + 2)
        cursor = accept_part(client, item, len("+= 1\n"), "vscode")
        await settle(client)
        assert engine.requests[-1].priority == Priority.AHEAD
        (item,) = await complete(client, URI, cursor)
        assert texts(await complete(client, URI, accept(client, item))) == [" + 1"]
    assert len(engine.requests) == 2


async def test_the_accepted_command_counts_and_names_the_place() -> None:
    engine = GivenEngine("os.sep")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        place = {"uri": URI, "position": client.at(URI, PLACE)["position"]}
        assert await client.command("qwenLsp.accepted", {"kind": "word"}) == {"word": 1}
        for odd in ("line", {"uri": URI, "position": None}, {"uri": 3, "position": {"line": "x"}}):
            await client.command("qwenLsp.accepted", odd)
        assert await client.command("qwenLsp.accepted") == {"word": 1, "all": 4}
        await client.command("qwenLsp.accepted", {"kind": "line"} | place)
        assert texts(await complete(client, URI, PLACE)) == ["os.sep"]
    assert [one.priority for one in engine.requests] == [Priority.AHEAD]


@pytest.mark.parametrize("setting", ["readAhead", "paused"])
async def test_nothing_is_written_ahead_where_it_is_not_wanted(setting: str) -> None:
    engine = GivenEngine("os.sep")
    options = {"inlineCompletion": {"readAhead": setting != "readAhead"}}
    async with editor(engine, options=options) as client:
        client.open(URI, TEXT)
        (item,) = await complete(client, URI, PLACE)
        if setting == "paused":
            await client.command("qwenLsp.pause")
        accept(client, item)
        await settle(client)
        if setting == "paused":
            client.change(URI, TEXT)
            assert await complete(client, URI, PLACE) == []
    assert len(engine.requests) == 1


class TestWaitingForWhatIsWrittenAhead:
    async def written_ahead(self, client: Client, engine: GivenEngine) -> int:
        """Let the model begin to write behind an accepted suggestion; it waits for the gate."""
        client.open(URI, TEXT)
        (item,) = await complete(client, URI, PLACE)
        engine.gate = asyncio.Event()
        end = accept(client, item)
        await settle(client)
        assert len(engine.requests) == 2
        return end

    def ask(self, client: Client, offset: int) -> tuple[int, asyncio.Future[Any]]:
        params = client.at(URI, offset) | {"context": {"triggerKind": 2}}
        return client.start("textDocument/inlineCompletion", params)

    async def test_requests_join_it_and_one_that_is_cancelled_leaves_it(self) -> None:
        engine = GivenEngine("os.sep", ", 1")
        async with editor(engine) as client:
            end = await self.written_ahead(client, engine)
            _, first = self.ask(client, end)
            number, second = self.ask(client, end)
            await settle(client)
            client.cancel(number)
            with pytest.raises(LspError) as caught:
                await second
            assert caught.value.code == CANCELLED
            assert engine.gate is not None
            engine.gate.set()
            assert texts((await first)["items"]) == [", 1"]
        assert (len(engine.requests), engine.cancelled) == (2, 0)

    async def test_it_ends_when_the_document_is_closed(self) -> None:
        engine = GivenEngine("os.sep", ", 1")
        async with editor(engine) as client:
            end = await self.written_ahead(client, engine)
            _, answer = self.ask(client, end)
            await settle(client)
            client.close(URI)
            assert (await answer)["items"] == []
            assert engine.cancelled == 1

    async def test_it_ends_with_the_server(self) -> None:
        engine = GivenEngine("os.sep", ", 1")
        async with editor(engine) as client:
            await self.written_ahead(client, engine)
        assert engine.cancelled == 1

    async def test_who_asks_does_not_wait_for_a_busy_engine(self) -> None:
        engine = GivenEngine("os.sep", ", 1", ", 1")
        async with editor(engine) as client:
            end = await self.written_ahead(client, engine)
            engine.asked.clear()
            _, answer = self.ask(client, end)
            await engine.asked.wait()
            assert engine.requests[-1].priority == Priority.TYPING
            assert engine.gate is not None
            engine.gate.set()
            assert len((await answer)["items"]) == 1


class TestAlternatives:
    async def test_are_different_and_come_only_when_asked_for(self) -> None:
        engine = GivenEngine("os.sep", "os.name", "os . sep", "len(face)", "never asked for")
        async with editor(engine) as client:
            client.open(URI, TEXT)
            assert texts(await complete(client, URI, PLACE)) == ["os.sep"]
            found = await complete(client, URI, PLACE, EXPLICIT)
            assert texts(found) == ["os.sep", "os.name", "len(face)"]
            assert all(item["range"] == found[0]["range"] for item in found)
            assert await complete(client, URI, PLACE, EXPLICIT) == found
            assert await complete(client, URI, PLACE) == found[:1]
            client.change(URI, (PLACE, PLACE, "os."))
            assert texts(await complete(client, URI, PLACE + 3, EXPLICIT)) == ["sep", "name"]
            client.change(URI, (PLACE, PLACE + 3, "le"))
            assert texts(await complete(client, URI, PLACE + 2)) == ["n(face)"]
        greedy, *drawn = engine.requests
        assert greedy.sampling.temperature == 0
        assert all(one.prompt == greedy.prompt for one in drawn)
        assert all(one.sampling.temperature > 0 for one in drawn)
        assert len({one.sampling.seed for one in drawn}) == len(drawn) == 3
        assert len({one.supersedes for one in engine.requests}) == 4

    @pytest.mark.parametrize("most", [1, 2])
    async def test_are_as_many_as_the_user_wants(self, most: int) -> None:
        engine = GivenEngine("os.sep", "os.name")
        options = {"inlineCompletion": {"alternatives": most}}
        async with editor(engine, options=options) as client:
            client.open(URI, TEXT)
            found = await complete(client, URI, PLACE, EXPLICIT)
        assert texts(found) == ["os.sep", "os.name"][:most]
        assert len(engine.requests) == most

    async def test_that_fail_leave_the_first_one(self) -> None:
        engine = GivenEngine("os.sep", *[EngineError("The engine ended.")] * 4)
        async with editor(engine) as client:
            client.open(URI, TEXT)
            assert texts(await complete(client, URI, PLACE, EXPLICIT)) == ["os.sep"]

    async def test_end_when_another_place_is_asked_for(self) -> None:
        engine = GivenEngine("os.sep", "face")
        async with editor(engine) as client:
            client.open(URI, TEXT)
            await complete(client, URI, PLACE)
            engine.gate = asyncio.Event()
            engine.asked.clear()
            context = {"context": {"triggerKind": EXPLICIT}}
            params = client.at(URI, PLACE) | context
            _, explicit = client.start("textDocument/inlineCompletion", params)
            await engine.asked.wait()
            client.change(URI, (PLACE, PLACE, "x"))
            params = client.at(URI, PLACE + 1) | {"context": {"triggerKind": 2}}
            _, answer = client.start("textDocument/inlineCompletion", params)
            assert (await explicit)["items"] == []
            assert engine.cancelled == 2
            engine.gate.set()
            await answer


async def test_new_settings_ask_anew() -> None:
    engine = GivenEngine("os.sep", "os.name")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        await complete(client, URI, PLACE)
        settings = {"settings": {"qwenLsp": {"inlineCompletion": {"maxTokens": 64}}}}
        client.settings["qwenLsp"] = settings["settings"]["qwenLsp"]
        client.notify("workspace/didChangeConfiguration", settings)
        await settle(client)
        assert texts(await complete(client, URI, PLACE)) == ["os.name"]


async def test_what_was_cut_is_shown_until_one_asks_for_all_of_it() -> None:
    class Late(GivenEngine):
        """An engine whose first answer comes at the deadline."""

        async def generate(self, request: GenerateRequest, **callbacks: Any) -> Generation:
            is_first = not self.requests
            generation = await super().generate(request, **callbacks)
            return replace(generation, finish="deadline") if is_first else generation

    engine = Late("os.se", "p", "os.sep", "os.name", "os.linesep")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        assert texts(await complete(client, URI, PLACE)) == ["os.se"]
        for number, key in enumerate("os.se"):
            assert texts(await complete(client, URI, PLACE + number)) == ["os.se"[number:]]
            client.change(URI, (PLACE + number, PLACE + number, key))
        assert texts(await complete(client, URI, PLACE + 5)) == ["p"]
        client.change(URI, (PLACE, PLACE + 5, ""))
        assert texts(await complete(client, URI, PLACE)) == ["os.se"]
        found = await complete(client, URI, PLACE, EXPLICIT)
        assert texts(found) == ["os.sep", "os.name", "os.linesep"]


async def test_what_was_cut_is_asked_for_again_also_without_alternatives() -> None:
    class Late(GivenEngine):
        """An engine whose answers come at the deadline."""

        async def generate(self, request: GenerateRequest, **callbacks: Any) -> Generation:
            return replace(await super().generate(request, **callbacks), finish="deadline")

    engine = Late("os.se", "os.sep")
    async with editor(engine, options={"inlineCompletion": {"alternatives": 1}}) as client:
        client.open(URI, TEXT)
        assert texts(await complete(client, URI, PLACE)) == ["os.se"]
        assert texts(await complete(client, URI, PLACE, EXPLICIT)) == ["os.sep"]


async def test_a_menu_entry_and_a_closer_are_replaced_together() -> None:
    engine = GivenEngine("max(face)")
    async with editor(engine) as client:
        client.open(URI, TEXT)
        await complete(client, URI, PLACE)
        client.change(URI, (PLACE, PLACE, "max(f)"))
        place = client.at(URI, PLACE + 4)["position"]
        end = client.at(URI, PLACE + 5)["position"]
        chosen = {"range": {"start": place, "end": end}, "text": "fac"}
        context = {"context": {"triggerKind": 2, "selectedCompletionInfo": chosen}}
        params = client.at(URI, PLACE + 5) | context
        (item,) = (await client.request("textDocument/inlineCompletion", params))["items"]
        assert item["insertText"] == item["filterText"] == "face)"
        assert edit(client, item)[:2] == (PLACE + 4, PLACE + 6)
    assert len(engine.requests) == 1


@pytest.mark.parametrize("cancelled", [1, 2])
async def test_who_cancels_does_not_cancel_for_others_that_ask_the_same(cancelled: int) -> None:
    engine = GivenEngine("os.sep")
    engine.gate = asyncio.Event()
    async with editor(engine) as client:
        client.open(URI, TEXT)
        params = client.at(URI, PLACE) | {"context": {"triggerKind": 2}}
        asked = [client.start("textDocument/inlineCompletion", params) for _ in range(2)]
        await engine.asked.wait()
        await settle(client)
        for number, answer in asked[:cancelled]:
            client.cancel(number)
            with pytest.raises(LspError):
                await answer
        engine.gate.set()
        for _, answer in asked[cancelled:]:
            assert texts((await answer)["items"]) == ["os.sep"]
    assert len(engine.requests) == 1
    assert engine.cancelled == (1 if cancelled == 2 else 0)
