"""What actions look like to an editor: annotations, new files, and the commands around them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.harness.lsp_client import Client, LspError
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import EDITOR, actions, editor

TEXT = """\
def total(prices):
    result = 0
    for price in prices:
        result += price
    return result
"""
SIMPLER = "    return sum(prices)\n"
WORKSPACE: dict[str, Any] = {
    "documentChanges": True,
    "resourceOperations": ["create", "rename"],
    "changeAnnotationSupport": {"groupsOnLabel": True},
}
RICH_EDITOR = EDITOR | {"workspace": {"workspaceEdit": WORKSPACE}}


def whole(client: Client, uri: str) -> dict[str, Any]:
    """Return the argument of a command for the first function of a document."""
    place = client.at(uri, 0)["position"]
    return {"uri": uri, "range": {"start": place, "end": place}}


async def resolved(client: Client, uri: str, kind: str) -> dict[str, Any]:
    (action,) = await actions(client, uri, 5, kind)
    return (await client.request("codeAction/resolve", action))["edit"]


class TestAnnotations:
    async def test_rewritten_code_is_to_be_looked_at_first(self):
        async with editor(GivenEngine(SIMPLER), RICH_EDITOR) as client:
            uri = client.open("file:///a.py", TEXT)
            edit = await resolved(client, uri, "refactor.rewrite.simplify")
            assert client.apply(edit)
            assert client.text(uri) == "def total(prices):\n" + SIMPLER
        ((name, annotation),) = edit["changeAnnotations"].items()
        assert annotation["label"] == "Simplify"
        assert annotation["needsConfirmation"] is True
        assert annotation["description"]
        (change,) = edit["documentChanges"]
        assert [each["annotationId"] for each in change["edits"]] == [name]

    async def test_documentation_is_taken_at_once(self):
        async with editor(GivenEngine("Add prices up."), RICH_EDITOR) as client:
            uri = client.open("file:///a.py", TEXT)
            edit = await resolved(client, uri, "refactor.rewrite.addDocstring")
        (annotation,) = edit["changeAnnotations"].values()
        assert annotation["label"] == "Add docstring"
        assert annotation["needsConfirmation"] is False

    async def test_editors_that_do_not_know_them_get_none(self):
        async with editor(GivenEngine(SIMPLER)) as client:
            uri = client.open("file:///a.py", TEXT)
            edit = await resolved(client, uri, "refactor.rewrite.simplify")
        assert "changeAnnotations" not in edit
        assert "annotationId" not in edit["documentChanges"][0]["edits"][0]


class TestGenerateTests:
    REPLY = "(self):\n        self.assertEqual(total([1, 2]), 3)\n"

    async def test_makes_a_file(self, tmp_path: Path):
        path = tmp_path / "prices.py"
        path.write_text(TEXT)
        async with editor(GivenEngine(self.REPLY), RICH_EDITOR, workspace=tmp_path) as client:
            uri = client.open(path)
            edit = await resolved(client, uri, "source.generateTests")
            assert client.apply(edit)
            made = (tmp_path / "tests" / "test_prices.py").as_uri()
            assert "self.assertEqual(total([1, 2]), 3)" in client.text(made)
            assert client.text(uri) == TEXT
        create, change = edit["documentChanges"]
        assert create["kind"] == "create"
        assert create["uri"] == change["textDocument"]["uri"] == made
        assert create["options"]["overwrite"] is False
        assert change["textDocument"]["version"] is None
        (annotation,) = edit["changeAnnotations"].values()
        assert annotation["needsConfirmation"] is True

    async def test_is_refused_where_the_editor_makes_no_files(self, tmp_path: Path):
        engine = GivenEngine()
        async with editor(engine, workspace=tmp_path) as client:
            uri = client.open(tmp_path / "prices.py", TEXT)
            with pytest.raises(LspError, match="cannot make new files"):
                await resolved(client, uri, "source.generateTests")
        assert engine.requests == []


async def test_a_cursor_that_moves_is_offered_nothing_about_the_file():
    async with editor(GivenEngine()) as client:
        uri = client.open("file:///a.py", TEXT)
        place = client.at(uri, 5)["position"]
        kinds: list[set[str]] = []
        for trigger in (1, 2):
            params = {
                "textDocument": {"uri": uri},
                "range": {"start": place, "end": place},
                "context": {"diagnostics": [], "triggerKind": trigger},
            }
            found = await client.request("textDocument/codeAction", params)
            kinds.append({action["kind"] for action in found})
    invoked, automatic = kinds
    assert invoked - automatic == {"source.generateTests", "source.review"}
    assert "refactor.rewrite.simplify" in automatic


class TestRewrite:
    async def test_the_menu_has_its_command(self):
        async with editor(GivenEngine()) as client:
            uri = client.open("file:///a.py", TEXT)
            (action,) = await actions(client, uri, 0, "refactor.rewrite.custom")
            assert action["title"] == "Rewrite as I say"
            assert action["command"]["command"] == "qwenLsp.rewrite"
            assert action["command"]["arguments"] == [whole(client, uri)]

    async def test_applies_what_the_model_makes_of_it(self):
        engine = GivenEngine("def total(prices):\n" + SIMPLER)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", TEXT)
            argument = whole(client, uri) | {"instruction": "Use sum."}
            assert await client.command("qwenLsp.rewrite", argument) == {"applied": True}
            assert client.text(uri) == "def total(prices):\n" + SIMPLER
        assert "Use sum." in engine.requests[0].prompt.messages[1].text  # pyright: ignore[reportAttributeAccessIssue]  # a chat

    @pytest.mark.parametrize("instruction", [None, "", "  ", 3])
    async def test_without_an_instruction_says_what_is_missing(self, instruction: Any):
        engine = GivenEngine()
        async with editor(engine) as client:
            uri = client.open("file:///a.py", TEXT)
            argument = whole(client, uri) | {"instruction": instruction}
            with pytest.raises(LspError, match="say what to do"):
                await client.command("qwenLsp.rewrite", argument)
        assert engine.requests == []


@pytest.mark.parametrize("command", ["qwenLsp.rewrite", "qwenLsp.explain"])
async def test_a_command_without_a_place_says_what_it_needs(command: str):
    async with editor(GivenEngine()) as client:
        uri = client.open("file:///a.py", TEXT)
        with pytest.raises(LspError, match="needs a range"):
            await client.command(command, {"uri": uri, "range": {"start": 1}})
        with pytest.raises(LspError, match="is not open"):
            await client.command(command, {"instruction": "Use sum."})


class TestExplain:
    WORDS = "It adds **prices** up."

    async def test_is_a_message_where_the_editor_knows_nothing_better(self):
        async with editor(GivenEngine(self.WORDS)) as client:
            uri = client.open("file:///a.py", TEXT)
            result = await client.command("qwenLsp.explain", whole(client, uri))
            shown = await client.wait_for("window/showMessage")
        assert result == {"text": self.WORDS}
        assert shown["message"] == self.WORDS

    async def test_streams_to_editors_that_announce_it(self):
        announced = EDITOR | {"experimental": {"qwenLsp": {"explanation": True}}}
        async with editor(GivenEngine(self.WORDS), announced) as client:
            uri = client.open("file:///a.py", TEXT)
            result = await client.command("qwenLsp.explain", whole(client, uri))
            first = await client.wait_for("qwenLsp/explanation")
            last = await client.wait_for("qwenLsp/explanation", where=lambda told: told["done"])
            client.ignored.add("qwenLsp/explanation")
        assert first == {"uri": uri, "text": "I", "done": False}
        assert last == {"uri": uri, "text": self.WORDS, "done": True}
        assert result == {"text": self.WORDS}

    async def test_streams_to_a_token(self):
        async with editor(GivenEngine(self.WORDS)) as client:
            uri = client.open("file:///a.py", TEXT)
            argument = whole(client, uri) | {"partialResultToken": "mine"}
            await client.command("qwenLsp.explain", argument)
            last = await client.wait_for("$/progress", where=lambda told: told["value"]["done"])
        assert last == {"token": "mine", "value": {"text": self.WORDS, "done": True}}

    async def test_stops_when_it_is_cancelled(self):
        engine = GivenEngine(self.WORDS)
        engine.gate = asyncio.Event()
        async with editor(engine) as client:
            uri = client.open("file:///a.py", TEXT)
            params = {"command": "qwenLsp.explain", "arguments": [whole(client, uri)]}
            number, answer = client.start("workspace/executeCommand", params)
            await engine.asked.wait()
            client.cancel(number)
            with pytest.raises(LspError) as caught:
                await answer
        assert caught.value.code == -32800
        assert engine.cancelled == 1

    async def test_says_where_there_is_nothing_to_explain(self):
        async with editor(GivenEngine()) as client:
            uri = client.open("file:///a.py", "x = 1\n")
            with pytest.raises(LspError, match="no function here to explain"):
                await client.command("qwenLsp.explain", whole(client, uri))


class TestOddArguments:
    """What an editor should not send is refused in a sentence."""

    @pytest.mark.parametrize(
        ("command", "argument", "sentence"),
        [
            ("review", {"range": 3}, "needs a range"),
            ("review", {"known": [3]}, "cannot be read"),
            ("review", {"known": 3}, "cannot be read"),
            ("explain", {"range": {"start": None}}, "needs a range"),
            ("rewrite", {}, "needs a range"),
            ("applyAction", {"version": 1, "start": "x"}, "does not say where"),
            ("applyAction", {"version": 1, "start": -1}, "does not say where"),
            ("applyAction", {"version": 1, "start": 2, "end": 1}, "does not say where"),
            ("applyAction", {"version": 1, "end": 1e999}, "does not say where"),
            ("applyAction", {"version": 1, "end": 10**9}, "outside of the file"),
        ],
    )
    async def test_of_commands(self, command: str, argument: dict[str, Any], sentence: str):
        async with editor(GivenEngine()) as client:
            uri = client.open("file:///a.py", TEXT)
            with pytest.raises(LspError, match=sentence) as caught:
                await client.command(f"qwenLsp.{command}", {"uri": uri, **argument})
        assert caught.value.code == -32803

    async def test_that_clear_all_the_same(self):
        async with editor(GivenEngine()) as client:
            assert await client.command("qwenLsp.clearReview", 3, [], None) is None

    async def test_on_a_file_that_is_too_large(self):
        async with editor(GivenEngine()) as client:
            uri = client.open("file:///a.py", TEXT * (500_000 // len(TEXT) + 1))
            place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
            about = {"uri": uri, "version": 1, "start": 0, "end": 1, "range": place}
            for command in ("applyAction", "review", "explain", "rewrite"):
                with pytest.raises(LspError, match="too large"):
                    await client.command(f"qwenLsp.{command}", about)
            assert await actions(client, uri, 0) == []
