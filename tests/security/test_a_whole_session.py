"""A real server with a real engine in a hostile workspace: what it connects to, runs and logs.

Every process is watched by an audit hook of Python, which sees each socket; of native code there is
only llama.cpp, which is built without any. The model is tiny and its weights are random.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qwen_lsp.cli.editor import Json, ServerError, running_editor
from qwen_lsp.engine.control import stop_engines
from tests.conftest import temporary_home

# In all that the server is given, and in none of its words.
CANARY = "kanarienvogel"
CODE = f'''\
def {CANARY}_total(prices):
    """Add prices.

    >>> {CANARY}_total([1, 2])
    4
    """
    total = 0
    for price in prices:
        total += price  # {CANARY}
    return total


def last_{CANARY}(names):
    for name in names:
        print(name, "\\d {CANARY}")
    return names[-1]
'''
# Each would be imported in place of the real one, if the folder were on Python's path.
MODULES = (
    *("qwen_lsp", "asyncio", "json", "logging", "sqlite3", "argparse", "psutil", "filelock"),
    *("pathspec", "jinja2", "cattrs", "numpy", "llama_cpp", "tree_sitter", "tree_sitter_python"),
    *("platformdirs", "pygls", "lsprotocol", "pip", "sitecustomize", "usercustomize"),
)
WATCH = """\
import os, sys

def note(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        line = f"{event} {arguments[1:]!r}\\n"
        with open(os.environ["SOCKETS_SEEN"], "a") as file:
            file.write(line)

sys.addaudithook(note)
with open(os.environ["SOCKETS_SEEN"], "a") as file:
    file.write(f"started {sys.orig_argv}\\n")
"""


@dataclass(frozen=True)
class Seen:
    """What was seen of a session: events of sockets, logs, modules of the workspace that ran."""

    home: Path
    events: list[str]
    logs: str
    ran: str
    answered: int


@pytest.fixture(scope="module")
def seen(hybrid_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    base = tmp_path_factory.mktemp("session")
    workspace, watch = base / "workspace", base / "watch"
    workspace.mkdir()
    watch.mkdir()
    (workspace / "shop.py").write_text(CODE)
    for name in MODULES:
        (workspace / f"{name}.py").write_text(f"open({str(base / 'ran')!r}, 'a').write({name!r})\n")
    (watch / "sitecustomize.py").write_text(WATCH)
    with temporary_home() as home:
        path = os.pathsep.join([str(watch), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = os.environ | {"SOCKETS_SEEN": str(base / "events"), "PYTHONPATH": path}
        with (base / "stderr").open("wb") as stderr:
            answered = asyncio.run(
                _work(workspace, hybrid_path, env=environment, cwd=workspace, stderr=stderr)
            )
        logs = "".join(file.read_text() for file in [base / "stderr", *home.glob("log/*")])
        events = (base / "events").read_text().splitlines()
        ran = (base / "ran").read_text() if (base / "ran").exists() else ""
        yield Seen(home, events, logs, ran, answered)


async def _work(workspace: Path, model: Path, **process_options: object) -> int:
    """Ask for everything, also wrongly; return how many requests had a result."""
    ready = asyncio.Event()

    def on_status(status: Json) -> None:
        if status["state"] == "ready":
            ready.set()

    settings = {"model": str(model), "engine": {"idleMinutes": 1}}
    answered = 0
    try:
        async with running_editor(workspace, settings, on_status, **process_options) as editor:
            uri = editor.open(workspace / "shop.py", "python", CODE)
            await asyncio.wait_for(ready.wait(), 60)
            for method, params in _requests(uri):
                with contextlib.suppress(ServerError):
                    await asyncio.wait_for(editor.request(method, params), 60)
                    answered += 1
            editor.notify("textDocument/didChange", {"textDocument": CANARY})
            editor.notify(CANARY, CANARY)
            editor.change(uri, f"{CODE}\n{CANARY} = ")
            await editor.request("workspace/executeCommand", _command("qwenLsp.showPrompt"))
    finally:
        await stop_engines()
    return answered


def _requests(uri: str) -> Iterator[tuple[str, Json]]:
    end = {"line": 9, "character": 4}
    place = {"textDocument": {"uri": uri}, "position": end, "context": {"triggerKind": 1}}
    yield "textDocument/inlineCompletion", place
    argument = {"uri": uri, "range": {"start": end, "end": end}}
    for command in ("qwenLsp.explain", "qwenLsp.review"):
        yield "workspace/executeCommand", _command(command, argument)
    start = CODE.index("def last")
    for action in ("add_type_hints", "add_docstring", CANARY):
        data = {"uri": uri, "version": 1, "start": start, "end": start, "instruction": CANARY}
        yield "codeAction/resolve", {"title": CANARY, "data": data | {"action": action}}
    wrong = {"uri": uri, "range": CANARY, "instruction": CANARY}
    yield "workspace/executeCommand", _command("qwenLsp.rewrite", wrong)
    yield "textDocument/codeAction", {"textDocument": CANARY, "range": CANARY}
    yield "textDocument/inlineCompletion", {"textDocument": {"uri": CANARY}, "position": CANARY}
    yield f"{CANARY}/{CANARY}", {"text": CODE}
    yield "workspace/executeCommand", _command(CANARY, CODE)


def _command(name: str, *arguments: object) -> Json:
    return {"command": name, "arguments": list(arguments)}


def test_nothing_but_the_socket_of_the_engine_is_connected_to(seen: Seen) -> None:
    processes = [event for event in seen.events if event.startswith("started")]
    sockets = [event for event in seen.events if event.startswith("socket.")]
    assert any("qwen_lsp.engine.process" in one for one in processes)
    assert any("'serve'" in one for one in processes)
    assert any("qwen_lsp.index.process" in one for one in processes)
    assert any(event.startswith("socket.connect") for event in sockets)
    folder = str(seen.home / "cache" / "engine")
    strange = [event for event in sockets if folder not in event]
    assert strange == []


def test_nothing_of_the_workspace_is_run(seen: Seen) -> None:
    assert seen.ran == ""


def test_no_log_holds_code_or_what_the_user_said(seen: Seen) -> None:
    assert seen.answered > 2
    assert "ignored a notification" in seen.logs
    assert CANARY not in seen.logs
