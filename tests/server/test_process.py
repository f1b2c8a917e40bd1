"""The server as an editor starts it: a process, its stdin and its stdout."""

import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from qwen_lsp.server.wire import frame

SERVE = [sys.executable, "-P", "-m", "qwen_lsp", "serve"]


# No model is found in this home, so no engine is started and left behind.
HOME = {"QWEN_LSP_HOME": tempfile.mkdtemp(prefix="qwen-lsp-test-")}


@pytest_lsp.fixture(config=ClientServerConfig(server_command=SERVE, server_env=HOME))
async def client(lsp_client: LanguageClient, tmp_path: Path) -> AsyncGenerator[None]:
    # The server asks to be told of changed files; pytest-lsp's client knows no such request.
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities("visual-studio-code"),
            root_uri=tmp_path.as_uri(),
            initialization_options={"model": "qwen2.5-coder-0.5b", "modelPull": "never"},
        )
    )
    yield
    await lsp_client.shutdown_session()


async def test_offers_actions_on_a_real_file(client: LanguageClient):
    uri = "file:///shop.py"
    item = types.TextDocumentItem(
        uri=uri,
        language_id="python",
        version=1,
        text="def total(prices):\n    return sum(prices)\n",
    )
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    start = types.Position(line=0, character=4)
    found = await client.text_document_code_action_async(
        types.CodeActionParams(
            text_document=types.TextDocumentIdentifier(uri=uri),
            range=types.Range(start=start, end=start),
            context=types.CodeActionContext(diagnostics=[]),
        )
    )
    assert "Add type hints" in [action.title for action in found or []]


def talk(*messages: str) -> "subprocess.CompletedProcess[bytes]":
    """Send messages to a server of its own, and wait for its end."""
    data = b"".join(frame(message.encode()) for message in messages)
    return subprocess.run(SERVE, input=data, capture_output=True, timeout=30, check=False)


INITIALIZE = (
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", '
    '"params": {"processId": null, "rootUri": null, "capabilities": {}}}'
)


def test_exit_after_shutdown_is_0_and_without_it_1():
    shutdown = '{"jsonrpc": "2.0", "id": 2, "method": "shutdown"}'
    leave = '{"jsonrpc": "2.0", "method": "exit"}'
    assert talk(INITIALIZE, shutdown, leave).returncode == 0
    assert talk(INITIALIZE, leave).returncode == 1


def test_writes_nothing_but_frames_on_stdout():
    out = talk(INITIALIZE).stdout
    assert out.startswith(b"Content-Length: ")
    rest = out
    while rest:
        header, _, rest = rest.partition(b"\r\n\r\n")
        length = int(header.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        assert rest[:1] == b"{"
        rest = rest[length:]


def test_answers_initialize_before_anything_heavy_is_loaded():
    code = (
        "import sys, qwen_lsp.server.app as app; app.create_server(); "
        "heavy = {'llama_cpp', 'huggingface_hub', 'numpy', 'rich', 'jinja2', 'http.client'}; "
        "heavy &= set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
