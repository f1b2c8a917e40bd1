"""The requests of an editor, with an engine whose answers are given."""

import asyncio
import dataclasses
import json
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.requests import EngineError, GenerateRequest, Generation, Infill
from qwen_lsp.features.launch import Weights
from qwen_lsp.models.catalogue import card
from qwen_lsp.server.app import create_server
from qwen_lsp.settings import Settings
from tests.harness.lsp_client import Client, LspError, connect
from tests.server.given_engine import GivenEngine, session_options

FIBONACCI = "def fibonacci(n):\n    \n\nprint('😀', fibonacci(10))\n"
CURSOR = FIBONACCI.index("\n\nprint")
BODY = "    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)"
SEARCH = """\
def find(names, wanted):
    low, high = 0, len(names) - 1
    while low < high:
        middle = (low + high) // 2
        if names[middle] == wanted:
            return middle
        if names[middle] < wanted:
            low = middle + 1
        else:
            high = middle - 1
    return -1
"""
WRONG = "while low < high:"
RIGHT = "while low <= high:"
FOUND = json.dumps({"findings": [{"line": WRONG, "category": "wrong-condition"}]})
EDITOR = {
    "textDocument": {
        "inlineCompletion": {},
        "codeAction": {"dataSupport": True, "resolveSupport": {"properties": ["edit"]}},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}},
}


@asynccontextmanager
async def editor(
    engine: GivenEngine, capabilities: Any = EDITOR, *, ready: bool = True, **options: Any
) -> AsyncGenerator[Client]:
    """Connect an editor to a server that has the engine; diagnostics and status may come."""
    server, _ = create_server(**session_options(engine))
    async with connect(server, capabilities=capabilities, **options) as client:
        client.ignored |= {"qwenLsp/status", "textDocument/publishDiagnostics"}
        if ready:
            client.open("untitled:warm-up", "x = 1\n")
            await client.wait_for("qwenLsp/status", where=lambda status: status["state"] == "ready")
        yield client


async def complete(client: Client, uri: str, offset: int, trigger: int = 2) -> list[Any]:
    params = client.at(uri, offset) | {"context": {"triggerKind": trigger}}
    result = await client.request("textDocument/inlineCompletion", params)
    return result["items"]


async def actions(
    client: Client, uri: str, offset: int, *only: str, end: int | None = None
) -> list[Any]:
    place = client.at(uri, offset)["position"]
    last = place if end is None else client.at(uri, end)["position"]
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": last},
        "context": {"diagnostics": [], **({"only": list(only)} if only else {})},
    }
    return await client.request("textDocument/codeAction", params)


class TestInitialize:
    async def test_announces_what_it_can_do(self):
        async with editor(GivenEngine(), ready=False) as client:
            said = client.initialize_result["capabilities"]
        assert said["inlineCompletionProvider"] is not None
        assert said["codeActionProvider"]["resolveProvider"] is True
        assert "refactor.rewrite.addTypeHints" in said["codeActionProvider"]["codeActionKinds"]
        assert "qwenLsp.review" in said["executeCommandProvider"]["commands"]
        assert said["textDocumentSync"]["change"] == 2

    async def test_leaves_the_menu_alone_where_there_is_ghost_text(self):
        async with editor(GivenEngine(), ready=False) as client:
            assert "completionProvider" not in client.initialize_result["capabilities"]
        async with editor(GivenEngine(), {}, ready=False) as client:
            assert "completionProvider" in client.initialize_result["capabilities"]

    async def test_does_not_ask_to_be_pulled_what_it_pushes(self):
        async with editor(GivenEngine(), ready=False) as client:
            assert "diagnosticProvider" not in client.initialize_result["capabilities"]


class TestInlineCompletion:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
    async def test_gives_text_range_and_filter(self, encoding: str):
        engine = GivenEngine("😀')")
        text = "print('😀 "
        async with editor(engine, encoding=encoding) as client:
            uri = client.open("file:///a.py", text)
            (item,) = await complete(client, uri, len(text))
            place = client.at(uri, len(text))["position"]
        assert item["insertText"] == item["filterText"] == "😀')"
        assert item["range"] == {"start": place, "end": place}

    async def test_keeps_the_near_text_behind_the_hole(self):
        engine = GivenEngine(BODY)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            (item,) = await complete(client, uri, CURSOR)
        prompt = engine.requests[0].prompt
        assert isinstance(prompt, Infill)
        assert prompt.middle == "def fibonacci(n):\n"
        assert item["insertText"] == BODY.strip()

    async def test_asks_no_second_time_while_the_suggestion_is_typed(self):
        engine = GivenEngine(BODY)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            await complete(client, uri, CURSOR)
            client.change(uri, (CURSOR, CURSOR, "return"))
            (item,) = await complete(client, uri, CURSOR + len("return"))
        assert "return" + item["insertText"] == BODY.strip()
        assert len(engine.requests) == 1

    async def test_is_empty_where_nothing_can_be_said(self):
        engine = GivenEngine(EngineError("broken"))
        async with editor(engine) as client:
            unknown = client.open("file:///a.xyz", "hello ", "klingon")
            assert await complete(client, unknown, 6) == []
            assert await complete(client, client.open("file:///b.py", FIBONACCI), CURSOR) == []
            closed = {"textDocument": {"uri": "file:///never-opened.py"}}
            position = {"position": {"line": 3, "character": 1}, "context": {"triggerKind": 2}}
            result = await client.request("textDocument/inlineCompletion", closed | position)
        assert result["items"] == []

    async def test_answers_a_cancelled_request_once(self):
        engine = GivenEngine(BODY)
        engine.gate = asyncio.Event()
        async with editor(engine) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            params = client.at(uri, CURSOR) | {"context": {"triggerKind": 2}}
            number, answer = client.start("textDocument/inlineCompletion", params)
            await engine.asked.wait()
            client.cancel(number)
            with pytest.raises(LspError) as caught:
                await answer
        assert caught.value.code == -32800
        assert engine.cancelled == 1

    async def test_counts_what_the_menu_has_selected_as_typed(self):
        engine = GivenEngine("(10)")
        text = "import json\njson.lo"
        async with editor(engine) as client:
            uri = client.open("file:///a.py", text)
            start = client.at(uri, len(text) - 2)["position"]
            end = client.at(uri, len(text))["position"]
            chosen = {"range": {"start": start, "end": end}, "text": "loads"}
            context = {"triggerKind": 2, "selectedCompletionInfo": chosen}
            params = client.at(uri, len(text)) | {"context": context}
            result = await client.request("textDocument/inlineCompletion", params)
        (item,) = result["items"]
        assert item["insertText"] == "loads(10)"
        assert item["range"] == {"start": start, "end": end}


async def test_completion_says_the_same_to_editors_without_ghost_text():
    engine = GivenEngine(BODY)
    async with editor(engine, {}) as client:
        uri = client.open("file:///a.py", FIBONACCI)
        result = await client.request("textDocument/completion", client.at(uri, CURSOR))
    (item,) = result["items"]
    assert item["textEdit"]["newText"] == BODY.strip()
    assert result["isIncomplete"] is True


class TestCodeActions:
    TEXT = "def double(amount):\n    return amount * 2\n"

    async def test_are_offered_from_syntax_alone(self):
        engine = GivenEngine()
        async with editor(engine) as client:
            uri = client.open("file:///a.py", self.TEXT)
            titles = [action["title"] for action in await actions(client, uri, 5)]
            only = await actions(client, uri, 5, "refactor.rewrite.addDocstring")
        assert {"Add type hints", "Add docstring", "Review this function"} <= set(titles)
        assert [action["title"] for action in only] == ["Add docstring"]
        assert engine.requests == []

    async def test_resolve_to_an_edit_that_applies(self):
        engine = GivenEngine(" int)", " int:")
        async with editor(engine) as client:
            uri = client.open("file:///a.py", self.TEXT)
            (action,) = await actions(client, uri, 5, "refactor.rewrite.addTypeHints")
            resolved = await client.request("codeAction/resolve", action)
            assert client.apply(resolved["edit"])
            assert client.text(uri).startswith("def double(amount: int) -> int:\n")

    async def test_keep_the_selection_from_the_menu_to_the_edit(self):
        engine = GivenEngine("find_middle(", "Find the middle.\n")
        start = SEARCH.index("middle = ")
        end = SEARCH.index("\n", start)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", SEARCH)
            kind = "refactor.extract"
            assert await actions(client, uri, start, kind) == []
            (action,) = await actions(client, uri, start, kind, end=end)
            assert engine.requests == []
            resolved = await client.request("codeAction/resolve", action)
            assert client.apply(resolved["edit"])
            assert client.text(uri) == (
                "def find_middle(low, high):\n"
                '    """Find the middle."""\n'
                "    middle = (low + high) // 2\n"
                "    return middle\n\n\n"
                + SEARCH.replace("(low + high) // 2", "find_middle(low, high)")
            )

    async def test_inline_a_call_without_asking_the_model(self):
        engine = GivenEngine()
        text = "def half(x):\n    return x / 2\n\n\nprint(half(3))\n"
        async with editor(engine) as client:
            uri = client.open("file:///a.py", text)
            (action,) = await actions(client, uri, text.index("half(3)"), "refactor.inline")
            resolved = await client.request("codeAction/resolve", action)
            assert client.apply(resolved["edit"])
            assert client.text(uri).endswith("print(3 / 2)\n")
        assert engine.requests == []

    async def test_are_refused_for_a_document_that_has_changed(self):
        engine = GivenEngine()
        async with editor(engine) as client:
            uri = client.open("file:///a.py", self.TEXT)
            action = (await actions(client, uri, 5))[0]
            client.change(uri, (0, 0, "\n"))
            with pytest.raises(LspError) as caught:
                await client.request("codeAction/resolve", action)
        assert caught.value.code == -32801

    async def test_refuse_an_edit_that_changes_more_than_it_promises(self):
        engine = GivenEngine(" os.system('x'))", " print()", " 'x'", " (")
        async with editor(engine) as client:
            uri = client.open("file:///a.py", self.TEXT)
            (action,) = await actions(client, uri, 5, "refactor.rewrite.addTypeHints")
            with pytest.raises(LspError) as caught:
                await client.request("codeAction/resolve", action)
        assert caught.value.code == -32803
        assert "Add type hints" in str(caught.value)

    @pytest.mark.parametrize("allowed", ["path", "off"])
    async def test_ask_the_tools_of_the_workspace_as_the_editor_wants(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: str
    ):
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
        (tmp_path / "ruff.toml").touch()
        engine = GivenEngine(*["    return f''\n"] * 2)
        options = {"checks": {"workspaceTools": allowed}}
        async with editor(engine, workspace=tmp_path, options=options) as client:
            uri = client.open((tmp_path / "a.py").as_uri(), SEARCH)
            (action,) = await actions(client, uri, 5, "refactor.rewrite.simplify")
            if allowed == "off":
                assert (await client.request("codeAction/resolve", action))["edit"]
                return
            with pytest.raises(LspError, match="ruff: F541"):
                await client.request("codeAction/resolve", action, timeout_s=60)

    async def test_are_a_command_for_editors_that_cannot_resolve(self):
        engine = GivenEngine(" int)", " int:")
        async with editor(engine, {}) as client:
            uri = client.open("file:///a.py", self.TEXT)
            (action,) = await actions(client, uri, 5, "refactor.rewrite.addTypeHints")
            command = action["command"]
            await client.command(command["command"], *command["arguments"])
            assert client.text(uri).startswith("def double(amount: int) -> int:\n")


class TestReview:
    async def found(self, client: Client) -> tuple[str, list[Any]]:
        uri = client.open("file:///a.py", SEARCH)
        await client.command("qwenLsp.review", {"uri": uri})
        params = await client.wait_for("textDocument/publishDiagnostics")
        return uri, params["diagnostics"]

    async def test_pushes_and_gives_diagnostics(self):
        async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
            uri, (diagnostic,) = await self.found(client)
            pulled = await client.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        assert pulled["items"] == [diagnostic]
        assert diagnostic["source"] == "qwen-lsp"
        assert diagnostic["code"] == "wrong-condition"
        assert diagnostic["range"]["start"] == {"line": 2, "character": 4}
        assert RIGHT in diagnostic["message"]

    async def test_findings_move_with_the_text_and_go_with_their_line(self):
        async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
            uri, _ = await self.found(client)
            client.change(uri, (0, 0, "import os\n\n"))
            moved = await client.wait_for("textDocument/publishDiagnostics")
            assert moved["diagnostics"][0]["range"]["start"] == {"line": 4, "character": 4}
            place = client.text(uri).index(WRONG)
            client.change(uri, (place + 6, place + 9, "high"))
            gone = await client.wait_for("textDocument/publishDiagnostics")
            assert gone["diagnostics"] == []

    async def test_findings_go_with_their_file_and_by_command(self):
        async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
            uri, _ = await self.found(client)
            await client.command("qwenLsp.clearReview", {"uri": uri})
            cleared = await client.wait_for("textDocument/publishDiagnostics")
            assert cleared["diagnostics"] == []
        async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
            uri, _ = await self.found(client)
            client.close(uri)
            cleared = await client.wait_for("textDocument/publishDiagnostics")
            assert cleared["diagnostics"] == []

    async def test_offers_the_line_that_the_model_would_write(self):
        async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
            uri, _ = await self.found(client)
            fix, _ = await actions(client, uri, SEARCH.index(WRONG), "quickfix")
            assert client.apply(fix["edit"])
            assert client.text(uri) == SEARCH.replace(WRONG, RIGHT)

    async def test_reports_progress_and_stops_when_it_is_cancelled(self):
        engine = GivenEngine(FOUND)
        engine.gate = asyncio.Event()
        async with editor(engine, EDITOR | {"window": {"workDoneProgress": True}}) as client:
            uri = client.open("file:///a.py", SEARCH)
            params = {"command": "qwenLsp.review", "arguments": [{"uri": uri}]}
            _, answer = client.start("workspace/executeCommand", params)
            begun = await client.wait_for("$/progress")
            assert begun["value"]["kind"] == "begin"
            await engine.asked.wait()
            client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
            with pytest.raises(LspError) as caught:
                await answer
            ended = await client.wait_for(
                "$/progress", where=lambda params: params["value"]["kind"] == "end"
            )
            client.ignored.add("$/progress")
        assert ended["token"] == begun["token"]
        assert caught.value.code == -32800
        assert engine.cancelled == 1

    async def test_on_save_takes_only_what_changed(self):
        engine = GivenEngine('{"findings": []}')
        other = "\n\ndef other():\n    return 1\n"
        options = {"review": {"onSave": True}}
        async with editor(engine, options=options) as client:
            uri = client.open("file:///a.py", SEARCH + other)
            client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            end = len(SEARCH + other)
            client.change(uri, (end - 2, end - 1, "2"))
            client.notify("textDocument/didSave", {"textDocument": {"uri": uri}})
            await client.wait_for("textDocument/publishDiagnostics")
        (request,) = engine.requests
        assert "def other" in request.prompt.messages[1].text  # pyright: ignore[reportAttributeAccessIssue]  # a chat


class TestCommands:
    async def test_pause_stops_suggestions_and_resume_brings_them_back(self):
        engine = GivenEngine(BODY)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            assert await client.command("qwenLsp.pause") == {"paused": True}
            await client.wait_for("qwenLsp/status", where=lambda s: s["state"] == "paused")
            assert await complete(client, uri, CURSOR) == []
            assert await client.command("qwenLsp.pause") == {"paused": False}
            assert len(await complete(client, uri, CURSOR)) == 1

    async def test_show_prompt_gives_what_was_sent(self):
        async with editor(GivenEngine(BODY)) as client:
            assert "Nothing" in await client.command("qwenLsp.showPrompt")
            uri = client.open("file:///a.py", FIBONACCI)
            await complete(client, uri, CURSOR)
            shown = await client.command("qwenLsp.showPrompt")
        assert shown.startswith("complete@")
        assert "def fibonacci(n):" in shown

    async def test_accepted_is_counted_here_only(self):
        engine = GivenEngine()
        server, session = create_server(**session_options(engine))
        async with connect(server, capabilities=EDITOR) as client:
            await client.command("qwenLsp.accepted", {"kind": "line"})
        assert session.accepted == {"line": 1}

    async def test_an_unknown_model_is_a_sentence(self):
        async with editor(GivenEngine()) as client:
            with pytest.raises(LspError, match="qwen9"):
                await client.command("qwenLsp.selectModel", "qwen9")


class MeasuredEngine(GivenEngine):
    """Says of each answer that 11 tokens took 0.5 s after the first 0.1 s."""

    async def generate(self, request: GenerateRequest, **callbacks: Any) -> Generation:
        generation = await super().generate(request, **callbacks)
        cost = {"generated_tokens": 11, "first_token_ms": 100.0, "total_ms": 600.0}
        return dataclasses.replace(generation, **cost)


class TestStatus:
    async def test_tells_the_speed_of_what_was_measured(self):
        engine = MeasuredEngine(BODY)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            assert len(await complete(client, uri, CURSOR)) == 1
            told = await client.wait_for("qwenLsp/status", where=lambda s: s["speed"] != "")
        assert told["speed"] == "20 tok/s · 600 ms"
        assert told["state"] == "ready"


class TestSettings:
    async def test_bad_values_are_told_once_by_name(self):
        options = {"inlineCompletion": {"maxTokens": "many", "enabled": False}}
        engine = GivenEngine()
        async with editor(engine, options=options) as client:
            told = await client.wait_for("window/showMessage")
            changed = {"settings": {"qwenLsp": options}}
            client.notify("workspace/didChangeConfiguration", changed)
            uri = client.open("file:///a.py", FIBONACCI)
            assert await complete(client, uri, CURSOR) == []
        assert "inlineCompletion.maxTokens" in told["message"]
        assert engine.requests == []

    async def test_are_pulled_from_editors_that_have_them(self):
        capabilities = EDITOR | {"workspace": {"configuration": True}}
        engine = GivenEngine()
        settings = {"qwenLsp": {"inlineCompletion": {"enabled": False}}}
        async with editor(engine, capabilities, settings=settings) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            assert await complete(client, uri, CURSOR) == []

    async def test_another_model_is_started_at_once(self):
        async with editor(GivenEngine()) as client:
            section = {"qwenLsp": {"model": "qwen3.5-4b"}}
            client.notify("workspace/didChangeConfiguration", {"settings": section})
            for state in ("starting", "ready"):
                await client.wait_for("qwenLsp/status", where=lambda s, e=state: s["state"] == e)

    async def test_a_workspace_cannot_choose_the_model(self, tmp_path: Path):
        (tmp_path / "qwen-lsp.toml").write_text('model = "/tmp/evil.gguf"\n')
        async with editor(GivenEngine(), workspace=tmp_path) as client:
            told = await client.wait_for("window/showMessage")
        assert "model cannot be set by a workspace" in told["message"]


class TestStarting:
    async def test_a_suggestion_waits_for_the_model_and_comes_for_the_newest_text_alone(self):
        engine = GivenEngine(BODY)
        options = session_options(engine)
        found, connect_model = threading.Event(), options["find_weights"]

        def find_slowly(settings: Settings) -> Weights:
            assert found.wait(30)
            return connect_model(settings)

        server, _ = create_server(**options | {"find_weights": find_slowly})
        settings = {"inlineCompletion": {"deadlineMs": 50}}
        async with connect(server, capabilities=EDITOR, options=settings) as client:
            client.ignored.add("qwenLsp/status")
            uri = client.open("file:///a.py", "#" + FIBONACCI)
            old = asyncio.create_task(complete(client, uri, CURSOR + 1))
            await asyncio.sleep(0.2)
            client.change(uri, (0, 1, ""))
            new = asyncio.create_task(complete(client, uri, CURSOR))
            await asyncio.sleep(0.2)
            assert not old.done()
            found.set()
            assert await old == []
            assert len(await new) == 1
        assert len(engine.requests) == 1


class TestMissingModel:
    async def test_shows_in_the_status_and_never_pops_up(self):
        weights = Weights(card("qwen2.5-coder-0.5b"), None, "The test says so.")
        options = session_options(GivenEngine()) | {"find_weights": lambda _: weights}
        server, _ = create_server(**options)
        async with connect(server, capabilities=EDITOR, options={"modelPull": "never"}) as client:
            uri = client.open("file:///a.py", FIBONACCI)
            status = await client.wait_for("qwenLsp/status", where=lambda s: s["state"] == "error")
            assert await complete(client, uri, CURSOR) == []
            client.ignored.add("qwenLsp/status")
        assert "qwen-lsp models pull qwen2.5-coder-0.5b" in status["message"]

    @asynccontextmanager
    async def declined(self) -> AsyncGenerator[tuple[Client, list[Any]]]:
        """Connect an editor whose user declines the download, and note what is asked."""
        weights = Weights(card("qwen2.5-coder-0.5b"), None, "The test says so.")
        options = session_options(GivenEngine()) | {"find_weights": lambda _: weights}
        server, _ = create_server(**options)
        asked: list[Any] = []
        async with connect(server, capabilities=EDITOR) as client:
            client.ignored.add("qwenLsp/status")
            client.handlers["window/showMessageRequest"] = lambda params: (
                asked.append(params) or {"title": "Not now"}
            )
            yield client, asked

    async def test_is_asked_for_once(self):
        async with self.declined() as (client, asked):
            uri = client.open("file:///a.py", FIBONACCI)
            assert await complete(client, uri, CURSOR) == []
            assert await complete(client, uri, CURSOR) == []
        assert len(asked) == 1
        assert "0.5 GB" in asked[0]["message"]

    async def test_is_asked_for_again_by_whoever_chooses_it(self):
        async with self.declined() as (client, asked):
            uri = client.open("file:///a.py", FIBONACCI)
            assert await complete(client, uri, CURSOR) == []
            with pytest.raises(LspError, match="was not downloaded"):
                await client.command("qwenLsp.restartEngine")
            assert len(asked) == 1
            with pytest.raises(LspError, match="was not downloaded"):
                await client.command("qwenLsp.selectModel", "qwen2.5-coder-0.5b")
            assert len(asked) == 2
            section = {"qwenLsp": {"model": "qwen2.5-coder-0.5b"}}
            client.notify("workspace/didChangeConfiguration", {"settings": section})
            assert await complete(client, uri, CURSOR) == []
        assert len(asked) == 3
