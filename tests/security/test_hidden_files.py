"""Files that git's rules and `context.exclude` leave out are kept from the model."""

from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli import main
from qwen_lsp.context.hidden_files import is_hidden
from tests.harness.lsp_client import LspError
from tests.server.given_engine import GivenEngine
from tests.server.test_requests import actions, complete, editor

CODE = "def last(names):\n    return \n\n\ndef first(names):\n    return names[0]\n"
CURSOR = CODE.index("return ") + len("return ")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / ".git" / "info").mkdir(parents=True)
    return folder


def put(folder: Path, path: str, text: str = CODE) -> Path:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_the_rules_of_git_count_in_each_folder_and_so_do_patterns(folder: Path) -> None:
    put(folder, ".gitignore", "made/\n*.gen.py\n")
    put(folder, "deep/.gitignore", "here.py\n!there.gen.py\n")
    put(folder, ".git/info/exclude", "mine.py\n")
    hidden = {
        path: is_hidden(put(folder, path), folder, ["docs/", "!shown.gen.py"])
        for path in (
            *("made/a.py", "made/deep/a.py", "a.gen.py", "deep/here.py", "mine.py", "docs/a.py"),
            *("a.py", "deep/there.gen.py", "here.py", "shown.gen.py", ".hidden/a.py", "dist/a.py"),
        )
    }
    assert list(hidden.values()) == [True] * 6 + [False] * 6, hidden


def test_a_file_without_a_workspace_folder_is_looked_at_from_its_own(folder: Path) -> None:
    put(folder, ".gitignore", "made/\n")
    assert is_hidden(put(folder, "made/a.py"), None, [])
    assert is_hidden(put(folder, "b.py"), None, ["b.py"])
    assert not is_hidden(put(folder, "a.py"), None, ["b.py"])


def test_a_link_to_a_hidden_file_is_hidden_and_nonsense_is_too(folder: Path) -> None:
    put(folder, ".gitignore", "made.py\n")
    link = folder / "link.py"
    link.symlink_to(put(folder, "made.py"))
    assert is_hidden(link, folder, [])
    assert is_hidden(folder / "no\0file.py", folder, [])
    (folder / "round.py").symlink_to("round.py")
    assert not is_hidden(folder / "round.py", folder, [])


async def test_what_is_asked_by_hand_is_refused_in_one_sentence(folder: Path) -> None:
    put(folder, ".gitignore", "made.py\n")
    engine = GivenEngine()
    async with editor(engine, workspace=folder) as client:
        uri = client.open(put(folder, "made.py"))
        said: list[str] = []
        offered = await actions(client, uri, CODE.index("first"), "refactor.rewrite.addDocstring")
        asked: list[tuple[str, Any]] = [("codeAction/resolve", action) for action in offered]
        place = client.at(uri, CODE.index("first"))["position"]
        argument = {"uri": uri, "range": {"start": place, "end": place}}
        for command in ("qwenLsp.explain", "qwenLsp.review"):
            params = {"command": command, "arguments": [argument]}
            asked.append(("workspace/executeCommand", params))
        for method, params in asked:
            with pytest.raises(LspError) as refused:
                await client.request(method, params)
            said.append(refused.value.message)
        assert len(said) == 3
        assert all("made.py is kept from the model" in sentence for sentence in said)
        assert await complete(client, uri, CURSOR, trigger=1) == []
    assert engine.requests == engine.ahead == []


async def test_new_rules_count_for_files_that_are_open(folder: Path) -> None:
    ignore = put(folder, ".gitignore", "")
    engine = GivenEngine(" names[-1]\n", " names[-1]\n")
    async with editor(engine, workspace=folder) as client:
        uri = client.open(put(folder, "made.py"))
        assert await complete(client, uri, CURSOR)
        ignore.write_text("made.py\n")
        client.notify("textDocument/didSave", {"textDocument": {"uri": ignore.as_uri()}})
        assert await complete(client, uri, CURSOR) == []
        ignore.write_text("")
        changes = [{"uri": ignore.as_uri(), "type": 2}]
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        assert await complete(client, uri, CURSOR)
        settings = {"qwenLsp": {"context": {"exclude": ["made.py"]}}}
        client.notify("workspace/didChangeConfiguration", {"settings": settings})
        assert await complete(client, uri, CURSOR) == []


@pytest.mark.parametrize(
    "words",
    [
        ["complete", "made.py:2:12"],
        ["action", "simplify", "made.py:1"],
        ["explain", "made.py:1"],
        ["review", "made.py"],
    ],
)
def test_the_command_line_refuses_too(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
) -> None:
    put(folder, "qwen-lsp.toml", "[context]\nexclude = ['made.py']\n")
    put(folder, "made.py")
    monkeypatch.chdir(folder)
    assert main([*words, "--model", "qwen2.5-coder-0.5b"]) == 1
    assert "made.py is kept from the model" in capsys.readouterr().err


def test_a_review_of_a_folder_leaves_hidden_files_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(folder, ".gitignore", "made.py\n")
    put(folder, "made.py")
    monkeypatch.chdir(folder)
    assert main(["review", "."]) == 0
    assert "There is no function to review" in capsys.readouterr().err
