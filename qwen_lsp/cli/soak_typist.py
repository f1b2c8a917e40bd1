"""Somebody who works in an editor for a long time; all that he does is drawn from a seed."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from typing import Any

from qwen_lsp.cli.editor import Editor, Json, ServerError

_TABS = 5
_LONGEST_WAIT_SECONDS = 90.0


class Typist:
    """Opens files in turn, types some of their lines again and uses what is offered there.

    Each line ends as it began, so that the workspace stays as large as it was. `counts` says what
    was done.
    """

    def __init__(
        self, editor: Editor, files: dict[Path, str], seed: int, key_seconds: float
    ) -> None:
        self._editor = editor
        self._files = files
        self._chance = random.Random(seed)  # noqa: S311 - a typist, not a secret
        self._key_seconds = key_seconds
        self._open: list[str] = []
        self.counts: Counter[str] = Counter()

    async def work(self) -> None:
        """Work until cancelled.

        Each file is looked at first, so that less of what a file takes once looks like growth.
        """
        for path, text in self._files.items():
            await self._look_at(path, text)
        while True:
            for path in self._chance.sample(list(self._files), len(self._files)):
                await self._visit(path, self._files[path])

    async def _look_at(self, path: Path, text: str) -> None:
        uri, lines = self._open_file(path, text), text.split("\n")
        for number in self._lines_worth(lines, 2):
            await self._suggestions(uri, number, len(lines[number]))
            await self._menu(uri, number)

    async def _visit(self, path: Path, text: str) -> None:
        uri, lines = self._open_file(path, text), text.split("\n")
        for number in self._lines_worth(lines, 3):
            await self._type_line(uri, lines, number)
            self._editor.change(uri, text)
            await self._use_what_is_offered(uri, lines, number)
        self._save(path, text)

    def _open_file(self, path: Path, text: str) -> str:
        """Open a file and close the one that was opened first, if there are many."""
        uri = path.as_uri()
        if uri not in self._open:
            self._editor.open(path, "python", text)
            self._open.append(uri)
            self.counts["files opened"] += 1
        if len(self._open) > _TABS:
            closed = {"textDocument": {"uri": self._open.pop(0)}}
            self._editor.notify("textDocument/didClose", closed)
        return uri

    def _lines_worth(self, lines: list[str], most: int) -> list[int]:
        """Return the numbers of some lines that have something in them."""
        worth = [number for number, line in enumerate(lines) if len(line.strip()) > 8]
        return self._chance.sample(worth, min(len(worth), most))

    def _save(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        self._editor.notify("textDocument/didSave", {"textDocument": {"uri": path.as_uri()}})
        self.counts["saves"] += 1

    async def _type_line(self, uri: str, lines: list[str], number: int) -> None:
        """Type a line again key by key, until its end or until a suggestion was accepted."""
        line = lines[number]
        asked: asyncio.Task[list[Json]] | None = None
        for length in range(len(line) - len(line.lstrip()), len(line) + 1):
            self._show(uri, lines, number, line[:length])
            self.counts["keys"] += 1
            if asked is not None and not asked.done():
                asked.cancel()
                self.counts["cancelled"] += 1
            asked = asyncio.ensure_future(self._suggestions(uri, number, length))
            thinks = self._chance.random() < 0.1
            await asyncio.sleep(self._key_seconds * self._chance.uniform(0.4, 1.6))
            items = await asked if thinks else []
            if items and self._chance.random() < 0.5:
                await self._accept(uri, lines, number, line[:length], items[0])
                return
        if asked is not None:
            await asked

    def _show(self, uri: str, lines: list[str], number: int, line: str) -> None:
        self._editor.change(uri, "\n".join([*lines[:number], line, *lines[number + 1 :]]))

    async def _suggestions(self, uri: str, number: int, character: int) -> list[Json]:
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": number, "character": character},
            "context": {"triggerKind": 2},
        }
        self.counts["suggestions asked"] += 1
        result = await self._ask("textDocument/inlineCompletion", params)
        items: list[Json] = result["items"] if result else []
        self.counts["suggestions shown"] += bool(items)
        return items

    async def _accept(
        self, uri: str, lines: list[str], number: int, typed: str, item: Json
    ) -> None:
        accepted = typed[: item["range"]["start"]["character"]] + item["insertText"]
        self._show(uri, lines, number, accepted)
        self.counts["accepted"] += 1
        written = accepted.split("\n")
        place = {"line": number + len(written) - 1, "character": len(written[-1])}
        await self._command("qwenLsp.accepted", {"kind": "all", "uri": uri, "position": place})

    async def _menu(self, uri: str, number: int) -> list[Json]:
        place = {"line": number, "character": 0}
        params: Json = {
            "textDocument": {"uri": uri},
            "range": {"start": place, "end": place},
            "context": {"diagnostics": []},
        }
        self.counts["menus"] += 1
        return await self._ask("textDocument/codeAction", params) or []

    async def _use_what_is_offered(self, uri: str, lines: list[str], number: int) -> None:
        line = {
            "start": {"line": number, "character": 0},
            "end": {"line": number, "character": len(lines[number])},
        }
        offered = await self._menu(uri, number)
        actions = [action for action in offered if "data" in action and "disabled" not in action]
        drawn = self._chance.random()
        if actions and drawn < 0.12:
            self.counts["actions"] += 1
            await self._ask("codeAction/resolve", self._chance.choice(actions))
        elif drawn < 0.16:
            self.counts["reviews"] += 1
            await self._command("qwenLsp.review", {"uri": uri, "range": line})
        elif drawn < 0.19:
            self.counts["explanations"] += 1
            await self._command("qwenLsp.explain", {"uri": uri, "range": line})

    async def _command(self, command: str, argument: Json) -> None:
        params = {"command": command, "arguments": [argument]}
        await self._ask("workspace/executeCommand", params)

    async def _ask(self, method: str, params: Json) -> Any:
        """Return the result, or None where the server said no or took too long."""
        try:
            async with asyncio.timeout(_LONGEST_WAIT_SECONDS):
                return await self._editor.request(method, params)
        except ServerError as error:
            self.counts[f"answers of {str(error)!r}"] += 1
        except TimeoutError:
            self.counts["given up"] += 1
        return None
