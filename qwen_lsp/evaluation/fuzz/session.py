"""One life of a server: begun, stormed, asked something normal, and ended in one of four ways."""

import random
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwen_lsp.evaluation.fuzz.connection import Books, Connection, start_server
from qwen_lsp.evaluation.fuzz.edits import random_changes, random_text
from qwen_lsp.evaluation.fuzz.nonsense import mutated, random_json
from qwen_lsp.evaluation.fuzz.requests import LANGUAGES, random_settings, settings_for
from qwen_lsp.evaluation.fuzz.texts import ENCODINGS, ClientText, Json

_NORMAL = "def total(prices):\n    \n\n\nprint(total([1, 2]))\n"
_CANCELLED = -32800


class WrongAnswerError(Exception):
    """A normal request was not answered as it should be, or a process ended with a wrong code."""


@dataclass
class Place:
    """Where a run takes place: its chance, books and folders, and how long it waits for anything.

    `edits` counts notifications of changes, `changes` what stood in them, and `differences` says
    which texts were not the same on both sides.
    """

    chance: random.Random
    folder: Path
    model: Path
    seconds: float
    books: Books = field(default_factory=Books)
    edits: int = 0
    changes: int = 0
    differences: list[str] = field(default_factory=list[str])

    @property
    def log(self) -> Path:
        """Return the file with what the servers wrote to stderr."""
        return self.folder / "server.log"


class Session:
    """An editor and its server."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.chance = place.chance
        self.documents: dict[str, ClientText] = {}
        self.encoding = "utf-16"
        self.connection: Connection
        self._opened = 0
        self._is_proper = False

    async def start(self) -> None:
        """Start a server."""
        place = self.place
        self.connection = await start_server(place.books, self._answer, place.log)

    async def initialize(self, encoding: str) -> None:
        """Begin as an editor does, sometimes after a first try that has the wrong shape.

        Raises WrongAnswerError where the server does not agree to the encoding.
        """
        params = self._initialize_params(encoding)
        first = mutated(self.chance, params) if self.chance.random() < 0.3 else params
        answer = await self.request("initialize", first)
        if "error" in answer and first is not params:
            answer = await self.request("initialize", params)
            first = params
        result: Json = answer.get("result") or {}
        self.encoding = result.get("capabilities", {}).get("positionEncoding")
        if self.encoding not in ENCODINGS or (first is params and self.encoding != encoding):
            raise WrongAnswerError(f"initialize was answered by {str(answer)[:300]}")
        self.connection.notify("initialized", {})

    def _initialize_params(self, encoding: str) -> Json:
        """Return what an editor with ghost text says of itself."""
        folder = self.place.folder / "workspace"
        return {
            "processId": None,
            "rootUri": folder.as_uri(),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": "workspace"}],
            "initializationOptions": settings_for(self.place.model),
            "capabilities": {
                "general": {"positionEncodings": [encoding]},
                "window": {"workDoneProgress": self.chance.random() < 0.5},
                "workspace": {
                    "configuration": True,
                    "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
                },
                "textDocument": {
                    "inlineCompletion": {},
                    "codeAction": {"resolveSupport": {"properties": ["edit"]}},
                },
            },
        }

    async def request(self, method: str, params: Any) -> Json:
        """Return the response to a request."""
        return await self.connection.request(method, params, self.place.seconds)

    # Documents.

    def open(self, text: str | None = None, language_id: str | None = None) -> ClientText:
        """Open a document, a random one where nothing is said."""
        self._opened += 1
        name = self.chance.choice(("a.py", "b%20b/😀.ts", "c.go", "d"))
        folder = (self.place.folder / "workspace").as_uri()
        scheme = self.chance.choice((f"{folder}/{self._opened}", folder, "untitled:", "odd:"))
        document = ClientText(
            uri=f"{scheme}/{self._opened}-{name}",
            language_id=self.chance.choice(LANGUAGES) if language_id is None else language_id,
            version=self.chance.choice((1, 1, 0, -5, 7000)),
            text=random_text(self.chance) if text is None else text,
        )
        self.reopen(document)
        return document

    def reopen(self, document: ClientText) -> None:
        """Send a document as the editor has it."""
        self.documents[document.uri] = document
        item = {
            "uri": document.uri,
            "languageId": document.language_id,
            "version": document.version,
            "text": document.text,
        }
        self.connection.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, document: ClientText, changes: list[Json] | None = None) -> None:
        """Change a document on both sides, at random where nothing is said."""
        if changes is None:
            changes = random_changes(self.chance, document.text, self.encoding)
        new = document.changed(changes, self.encoding)
        self.documents[document.uri] = new
        self.place.edits += 1
        self.place.changes += len(changes)
        identifier = {"uri": new.uri, "version": new.version}
        params = {"textDocument": identifier, "contentChanges": changes}
        self.connection.notify("textDocument/didChange", params)

    def close(self, uri: str) -> None:
        """Close a document."""
        self.documents.pop(uri, None)
        self.connection.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    async def compare_texts(self) -> None:
        """Ask what the server takes the texts for, and note each that is another."""
        answer = await self.request("fuzz/texts", None)
        known: Json = answer.get("result") or {}
        for uri, document in self.documents.items():
            if known.get(uri) != document.digest:
                what = "is not open" if uri not in known else "has another text"
                text = document.text[:300]
                self.place.differences.append(f"{uri} {what} ({self.encoding}): {text!r}")
                self.reopen(document)

    # Whether all is well, and the end.

    async def check_normal_requests(self) -> None:
        """Ask what an editor asks; raises WrongAnswerError unless all of it works."""
        with self._proper_answers():
            self.connection.notify("workspace/didChangeConfiguration", {"settings": None})
            await self._command("qwenLsp.selectModel", str(self.place.model))
            if (await self._command("qwenLsp.pause"))["paused"]:
                await self._command("qwenLsp.pause")
            document = self.open(_NORMAL, "python")
            at = {"line": 1, "character": 4}
            about: Json = {"textDocument": {"uri": document.uri}}
            where: Json = {"range": {"start": at, "end": at}, "context": {"diagnostics": []}}
            answer = await self.request("textDocument/codeAction", about | where)
            titles = [action["title"] for action in answer.get("result") or ()]
            if "Add type hints" not in titles:
                raise WrongAnswerError(f"the menu was {titles or answer}")
            where = {"position": at, "context": {"triggerKind": 1}}
            answer = await self.request("textDocument/inlineCompletion", about | where)
            if not isinstance(answer.get("result", {}).get("items"), list):
                raise WrongAnswerError(f"ghost text was {answer}")
            prompt = await self._command("qwenLsp.showPrompt")
            if "def total" not in prompt:
                raise WrongAnswerError(f"the model was asked {prompt!r}")
        await self.compare_texts()

    async def end(self) -> None:
        """Leave in one of four ways; raises WrongAnswerError where the exit code is wrong."""
        way = self.chance.choice(("shutdown", "exit", "end of input", "kill"))
        expected = 1
        connection = self.connection
        if way == "shutdown":
            expected = 0
            await self.request("shutdown", None)
            for _ in range(self.chance.randrange(4)):
                connection.send_request("textDocument/codeAction", random_json(self.chance))
            await connection.settle(self.place.seconds)
        if way in ("shutdown", "exit"):
            connection.notify("exit", None)
        elif way == "kill":
            connection.process.kill()
            expected = -9
        elif connection.process.stdin is not None:
            connection.process.stdin.close()
        code = await connection.ended(self.place.seconds)
        if code != expected:
            raise WrongAnswerError(f"after {way} the exit code was {code}")

    async def kill(self) -> None:
        """End the process, whatever it does."""
        if self.connection.process.returncode is None:
            self.connection.process.kill()
            await self.connection.ended(self.place.seconds)

    async def _command(self, name: str, *arguments: Any) -> Any:
        params = {"command": name, "arguments": list(arguments)}
        answer = await self.request("workspace/executeCommand", params)
        if "error" in answer:
            raise WrongAnswerError(f"{name}: {answer['error']}")
        return answer["result"]

    @contextmanager
    def _proper_answers(self) -> Generator[None]:
        self._is_proper = True
        try:
            yield
        finally:
            self._is_proper = False

    def _answer(self, request: Json) -> Json:
        """Return the fields of the response to a request of the server's."""
        if self._is_proper or self.chance.random() < 0.85:
            return {"result": self._proper_answer(request)}
        code = self.chance.choice((_CANCELLED, -32601, 0))
        return self.chance.choice(
            (
                {"result": random_json(self.chance)},
                {"error": {"code": code, "message": "no"}},
                {"error": random_json(self.chance)},
                {},
            )
        )

    def _proper_answer(self, request: Json) -> Any:
        if request["method"] == "workspace/configuration":
            if self._is_proper:
                return [settings_for(self.place.model)]
            return [random_settings(self.chance, self.place.model)]
        return {"applied": False} if request["method"] == "workspace/applyEdit" else None
