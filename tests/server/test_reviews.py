"""What is kept of reviews, dismissed findings, and the fixes of other tools' diagnostics."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness.lsp_client import Client, LspError
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import EDITOR, FOUND, RIGHT, SEARCH, WRONG, editor

NOTHING = '{"findings": []}'
SUM = "def total(prices):\n    amount = 0\n    return sum(prices)\n"
UNUSED = {
    "range": {"start": {"line": 1, "character": 4}, "end": {"line": 1, "character": 10}},
    "message": "Local variable `amount` is assigned to but never used",
    "source": "Ruff",
    "code": "F841",
}


async def review(client: Client, uri: str, **more: Any) -> dict[str, int]:
    return await client.command("qwenLsp.review", {"uri": uri, **more})


async def quick_fixes(client: Client, uri: str, offset: int, *diagnostics: Any) -> list[Any]:
    place = client.at(uri, offset)["position"]
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": list(diagnostics), "only": ["quickfix"]},
    }
    return await client.request("textDocument/codeAction", params)


async def shown(client: Client, uri: str) -> list[Any]:
    params = {"textDocument": {"uri": uri}}
    return (await client.request("textDocument/diagnostic", params))["items"]


async def test_an_unchanged_function_is_not_reviewed_again_in_another_session():
    functions = "\n\n".join(f"def double_{at}(x):\n    return x + {at}\n" for at in range(40))
    text = f"{SEARCH}\n\n{functions}"
    first = GivenEngine(FOUND, f"    {RIGHT}\n", *[NOTHING] * 40)
    async with editor(first) as client:
        uri = client.open("file:///a.py", text)
        assert await review(client, uri) == {"functions": 41, "findings": 1}
        before = await shown(client, uri)
    second = GivenEngine()
    async with editor(second) as client:
        uri = client.open("file:///a.py", f"import os\n\n{text}")
        assert await review(client, uri) == {"functions": 41, "findings": 1}
        (after,) = await shown(client, uri)
    assert second.requests == []
    assert after["message"] == before[0]["message"]
    assert after["range"]["start"]["line"] == before[0]["range"]["start"]["line"] + 2


async def test_a_changed_function_and_another_language_are_reviewed_again():
    text = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
    engine = GivenEngine(NOTHING, NOTHING, NOTHING)
    async with editor(engine) as client:
        uri = client.open("file:///a.py", text)
        await review(client, uri)
        client.change(uri, (text.index("2"), text.index("2") + 1, "3"))
        await review(client, uri)
    assert len(engine.requests) == 3
    german = GivenEngine(NOTHING, NOTHING)
    async with editor(german, options={"review": {"language": "German"}}) as client:
        await review(client, client.open("file:///a.py", text))
    assert len(german.requests) == 2


async def test_what_was_edited_last_is_reviewed_first():
    text = "def one():\n    return 1\n" + "\n" * 20 + "def two():\n    return 2\n"
    engine = GivenEngine(NOTHING, NOTHING)
    async with editor(engine) as client:
        uri = client.open("file:///a.py", text)
        client.change(uri, (text.index("2"), text.index("2") + 1, "3"))
        await review(client, uri)
    first = engine.requests[0].prompt.messages[1].text  # pyright: ignore[reportAttributeAccessIssue]  # a chat
    assert "def two" in first


async def test_a_dismissed_finding_stays_away_until_it_is_asked_for():
    async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
        uri = client.open("file:///a.py", SEARCH)
        await review(client, uri)
        _, dismissal = await quick_fixes(client, uri, SEARCH.index(WRONG))
        assert dismissal["title"] == "Dismiss this finding"
        command = dismissal["command"]
        await client.command(command["command"], *command["arguments"])
        assert await shown(client, uri) == []
    async with editor(GivenEngine()) as client:
        uri = client.open("file:///a.py", SEARCH)
        assert (await review(client, uri))["findings"] == 0
        await client.command("qwenLsp.clearReview", {"dismissed": True})
        assert (await review(client, uri))["findings"] == 1
        assert len(await shown(client, uri)) == 1


async def test_a_fix_is_offered_anywhere_on_the_line_of_its_finding():
    async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
        uri = client.open("file:///a.py", SEARCH)
        await review(client, uri)
        line_start = SEARCH.rindex("\n", 0, SEARCH.index(WRONG)) + 1
        for offset in (line_start, SEARCH.index("\n", line_start)):
            titles = [each["title"] for each in await quick_fixes(client, uri, offset)]
            assert titles == [f"Fix: {RIGHT}", "Dismiss this finding"]
        assert await quick_fixes(client, uri, line_start - 1) == []


async def test_a_damaged_memory_is_an_empty_one(tmp_path: Path):
    async with editor(GivenEngine(NOTHING)) as client:
        await review(client, client.open("file:///a.py", SEARCH))
    (kept,) = (tmp_path / "home" / "cache" / "review").glob("*.json")
    kept.write_text('{"found": [1], "dismissed"', encoding="utf-8")
    engine = GivenEngine(NOTHING)
    async with editor(engine) as client:
        await review(client, client.open("file:///a.py", SEARCH))
    assert len(engine.requests) == 1


async def test_what_another_tool_says_is_not_said_again():
    place = {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 9}}
    known = [{"range": place, "message": "This loop misses the last one.", "source": "other"}]
    async with editor(GivenEngine(FOUND, f"    {RIGHT}\n")) as client:
        uri = client.open("file:///a.py", SEARCH)
        assert (await review(client, uri, known=known))["findings"] == 0


class TestFixesOfOthers:
    FIXED = "    return sum(prices)\n"

    async def test_a_diagnostic_of_another_tool_is_fixed(self):
        engine = GivenEngine(self.FIXED)
        async with editor(engine) as client:
            uri = client.open("file:///a.py", SUM)
            (fix,) = await quick_fixes(client, uri, SUM.index("amount"), UNUSED)
            assert fix["title"].startswith("Fix: Local variable `amount`")
            assert engine.requests == []
            resolved = await client.request("codeAction/resolve", fix)
            assert client.apply(resolved["edit"])
            assert client.text(uri) == "def total(prices):\n    return sum(prices)\n"
        (request,) = engine.requests
        assert "never used [F841]" in request.prompt.messages[1].text  # pyright: ignore[reportAttributeAccessIssue]  # a chat

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            ("    amount = 0\n    return sum(sorted(prices))\n", "is as it was"),
            ("    return (\n", "syntax error"),
            ("    return sum(prices)\n\n    def other():\n        pass\n", "adds or removes"),
        ],
    )
    async def test_a_fix_elsewhere_or_a_broken_one_is_refused(self, reply: str, reason: str):
        async with editor(GivenEngine(reply, reply)) as client:
            uri = client.open("file:///a.py", SUM)
            (fix,) = await quick_fixes(client, uri, SUM.index("amount"), UNUSED)
            with pytest.raises(LspError, match=reason):
                await client.request("codeAction/resolve", fix)
            assert client.text(uri) == SUM

    async def test_there_is_none_outside_of_functions_and_for_our_own(self):
        async with editor(GivenEngine(), EDITOR) as client:
            uri = client.open("file:///a.py", f"amount = 1\n\n\n{SUM}")
            top = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 6}}
            assert await quick_fixes(client, uri, 0, UNUSED | {"range": top}) == []
            assert await quick_fixes(client, uri, 20, UNUSED | {"source": "qwen-lsp"}) == []
