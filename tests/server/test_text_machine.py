"""Whatever an editor does to its documents, the server has the same texts after each step.

The positions are those that editors send and those that they should not: behind the end of a line
or of the text, inside a character or a CRLF, and in ranges that run backwards. What they mean is
computed by `ClientText`, which shares nothing with the server.
"""

import asyncio
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
)

from qwen_lsp.evaluation.fuzz.texts import ENCODINGS, ClientText, Json
from qwen_lsp.server.app import create_server
from qwen_lsp.server.boundary import Server
from tests.harness.lsp_client import Client, connect
from tests.server.given_engine import GivenEngine, session_options
from tests.server.test_requests import EDITOR

URIS = (
    "file:///a.py",
    "file:///b%20c/😀.py",
    "untitled:Untitled-1",
    "file://[odd",
    "file:///a%00.py",
)
TEXT = st.text(
    st.sampled_from("ab (\t\n\r\f\v\x00\x85\u2028\ufeffé\u0301€😀\U0010ffff\ude00"), max_size=12
)
NUMBER = st.integers(0, 14) | st.sampled_from([1000, 2**31 - 1])
POSITION = st.fixed_dictionaries({"line": NUMBER, "character": NUMBER})
RANGE = st.fixed_dictionaries({"start": POSITION, "end": POSITION})
CHANGE = st.fixed_dictionaries({"text": TEXT}) | st.fixed_dictionaries(
    {"range": RANGE, "text": TEXT}, optional={"rangeLength": st.integers(0, 99)}
)


class Editor(RuleBasedStateMachine):
    """An editor whose documents are those of the server, after every step."""

    documents = Bundle("documents")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.client: Client
        self.server: Server
        self.texts: dict[str, ClientText] = {}

    @initialize(encoding=st.sampled_from(ENCODINGS))
    def connect(self, encoding: str) -> None:
        self.encoding = encoding
        self.server, _ = create_server(**session_options(GivenEngine(*["x"] * 10_000)))
        self.connection = connect(self.server, capabilities=EDITOR, encoding=encoding)
        self.client = self.runner.run(self.connection.__aenter__())
        self.client.ignored |= {"qwenLsp/status", "textDocument/publishDiagnostics"}

    @rule(
        target=documents,
        uri=st.sampled_from(URIS),
        language_id=st.sampled_from(["python", "go", ""]),
        version=st.integers(-5, 5),
        text=TEXT,
    )
    def open(self, uri: str, language_id: str, version: int, text: str) -> str:
        """Open a document, perhaps once more."""
        self.texts[uri] = ClientText(uri, language_id, version, text)
        item = {"uri": uri, "languageId": language_id, "version": version, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    @rule(uri=documents, changes=st.lists(CHANGE, max_size=5))
    def change(self, uri: str, changes: list[Json]) -> None:
        if uri in self.texts:
            self.texts[uri] = self.texts[uri].changed(changes, self.encoding)
            self.change_to(uri, self.texts[uri].version, changes)

    @rule(uri=documents, changes=st.lists(CHANGE, max_size=2), text=st.integers() | st.none())
    def change_in_a_wrong_way(self, uri: str, changes: list[Any], text: int | None) -> None:
        """Send a notification of which one change has the wrong shape: none of it counts."""
        wrong = {"range": {"start": {"line": -1, "character": text}}, "text": "x"}
        self.change_to(uri, 7, [*changes, wrong])

    @rule(uri=consumes(documents))
    def close(self, uri: str) -> None:
        self.texts.pop(uri, None)
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    @rule(uri=documents, position=POSITION)
    def ask(self, uri: str, position: Json) -> None:
        """Ask for what looks at the text around a place."""
        about = {"textDocument": {"uri": uri}}
        place = {"start": position, "end": position}
        context = {"diagnostics": []}
        request = self.client.request(
            "textDocument/codeAction", {**about, "range": place, "context": context}
        )
        assert isinstance(self.runner.run(request), list)
        context = {"triggerKind": 1}
        request = self.client.request(
            "textDocument/inlineCompletion", {**about, "position": position, "context": context}
        )
        assert isinstance(self.runner.run(request)["items"], list)

    def change_to(self, uri: str, version: int, changes: list[Any]) -> None:
        params = {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        self.client.notify("textDocument/didChange", params)

    @invariant()
    def both_sides_have_the_same_texts(self) -> None:
        if not hasattr(self, "client"):
            return
        nothing = self.client.request("textDocument/diagnostic", {"textDocument": {"uri": ""}})
        self.runner.run(nothing)  # It is answered when all that came before is done.
        known = {each.uri: (each.version, each.text) for each in self.server.documents.all()}
        assert known == {uri: (one.version, one.text) for uri, one in self.texts.items()}

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.runner.run(self.connection.__aexit__(None, None, None))
        self.runner.close()


TestEditor = Editor.TestCase
TestEditor.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
