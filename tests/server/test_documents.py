"""The server's copy of each document equals the client's, whatever is typed."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from qwen_lsp.server import documents
from qwen_lsp.server.boundary import Server, make_server
from qwen_lsp.server.convert import Encoding
from qwen_lsp.server.documents import Documents, is_too_large
from tests.harness.lsp_client import connect

URI = "file:///code/a.py"
TEXT = st.text(st.sampled_from("ab é😀\n\r\f\u2028\x85"), max_size=12)
PLACE = st.integers(0, 30)  # The client takes a place behind its text for the end.


@st.composite
def edits(draw: st.DrawFn):
    """Edits as people make them: anywhere, or all over the file from the bottom to the top."""
    places = [sorted((draw(PLACE), draw(PLACE))) for _ in range(draw(st.integers(1, 5)))]
    if draw(st.booleans()):
        places.sort(reverse=True)
    found = [(start, end, draw(TEXT)) for start, end in places]
    return [draw(TEXT), *found] if draw(st.integers(0, 5)) == 0 else found


def reporting_server() -> Server:
    """Return a server that says what it takes a document's text for."""
    server = make_server("test", "1")

    @server.feature("test/text")
    def text(_: Any) -> str | None:
        document = server.documents.get(URI)
        return document and document.text

    return server


@given(st.sampled_from(list(Encoding)), TEXT, st.lists(edits(), max_size=4))
@settings(max_examples=100, deadline=None)
async def test_both_copies_stay_equal(encoding: Encoding, text: str, notifications):
    async with connect(reporting_server(), encoding=encoding.value) as client:
        client.open(URI, text)
        for changes in notifications:
            client.change(URI, *changes)
            assert await client.request("test/text") == client.text(URI)


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        # The second position means another place once the first change has been made.
        ("a\nb", [(1, 1, "xyz"), ("at", 0, 4, "!")], "axyz!\nb"),
        ("a\rb", [(2, 2, "\n"), ("at", 1, 0, "!")], "a\r\n!b"),
    ],
)
async def test_a_change_sees_the_ones_before_it(text: str, changes, expected: str):
    first, (_, line, character, new_text) = changes
    async with connect(reporting_server()) as client:
        client.open(URI, text)
        place = {"line": line, "character": character}
        later = {"range": {"start": place, "end": place}, "text": new_text}
        params = {
            "textDocument": {"uri": URI, "version": 2},
            "contentChanges": [client.texts.change(URI, first), later],
        }
        client.notify("textDocument/didChange", params)
        assert await client.request("test/text") == expected


async def test_versions_languages_and_closing():
    server = reporting_server()
    async with connect(server) as client:
        client.open(URI, "a", language_id="typescriptreact")
        client.change(URI, (1, 1, "b"))
        assert await client.request("test/text") == "ab"
        document = server.documents.get(URI)
        assert document
        assert (document.version, document.language_id) == (2, "typescriptreact")
        assert server.documents.all() == [document]
        client.close(URI)
        assert await client.request("test/text") is None


async def test_a_change_of_an_unknown_document_is_ignored(caplog: pytest.LogCaptureFixture):
    server = reporting_server()
    seen: list[str] = []

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        seen.append(params.text_document.uri)

    async with connect(server) as client:
        document = {"uri": URI, "version": 2}
        change = {"textDocument": document, "contentChanges": [{"text": "secret"}]}
        with caplog.at_level(logging.WARNING):
            client.notify("textDocument/didChange", change)
            assert await client.request("test/text") is None
    assert "not open" in caplog.text
    assert "secret" not in caplog.text
    assert not seen


def opened(store: Documents, uri: str, text: str = ""):
    item = types.TextDocumentItem(uri=uri, language_id="python", version=1, text=text)
    return store.open(types.DidOpenTextDocumentParams(text_document=item))


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///code/a%20b/c%23.py", "a b/c#.py"),
        ("file:///code/inner/c.py", "c.py"),
        ("file:///codeshop/c.py", "/codeshop/c.py"),
        ("file:///C%3A/code/c.py", "c.py"),
        ("file:///c:/code/d/c.py", "d/c.py"),
        ("untitled:Untitled-1", "Untitled-1"),
        ("odd", "odd"),
        ("file://[odd", "file://[odd"),
        ("file:///code/a%00.py", "/code/a\0.py"),
    ],
)
def test_paths_are_relative_to_the_deepest_folder(uri: str, path: str):
    store = Documents()
    store.change_folders(["file:///code", "file:///code/inner", "file:///c%3A/code", "git:x"])
    assert opened(store, uri).path == path


async def test_workspace_folders_come_and_go(tmp_path: Path):
    server = reporting_server()
    async with connect(server, workspace=tmp_path) as client:
        assert server.documents.folders == [tmp_path]
        uri = client.open(tmp_path / "inner" / "a.py", "a")
        await client.request("test/text")
        before = server.documents.get(uri)
        inner = {"uri": (tmp_path / "inner").as_uri(), "name": "inner"}
        event = {"added": [inner], "removed": []}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await client.request("test/text")
        after = server.documents.get(uri)
        event = {"added": [], "removed": [inner, {"uri": tmp_path.as_uri(), "name": ""}]}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        await client.request("test/text")
        last = server.documents.get(uri)
    assert before
    assert after
    assert last
    assert (before.path, after.path) == ("inner/a.py", "a.py")
    assert last.path == (tmp_path / "inner" / "a.py").as_posix()


def test_large_documents_are_marked_and_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "_SIZE_LIMIT_CHARACTERS", 10)
    store = Documents()
    assert not is_too_large(opened(store, URI, "x" * 10))
    assert is_too_large(opened(store, URI, "x" * 11))
    assert store.get(URI)


def test_changes_of_a_long_file_are_cheap():
    store = Documents()
    opened(store, URI, "    value = compute(first, second)  # é\n" * 5000)

    def change(version: int, lines: list[int]) -> float:
        place = [types.Position(line=line, character=4) for line in lines]
        params = types.DidChangeTextDocumentParams(
            text_document=types.VersionedTextDocumentIdentifier(uri=URI, version=version),
            content_changes=[
                types.TextDocumentContentChangePartial(
                    range=types.Range(start=each, end=each), text="x"
                )
                for each in place
            ],
        )
        start = time.process_time()  # Not the time that a busy machine spends elsewhere.
        store.change(params)
        return time.process_time() - start

    assert min(change(version, [2500]) for version in range(20)) < 0.01
    # "Replace all" in 2,000 lines, from the bottom to the top; one by one it takes seconds.
    every_other = list(range(4000, 0, -2))
    assert min(change(version, every_other) for version in range(20, 24)) < 0.3
