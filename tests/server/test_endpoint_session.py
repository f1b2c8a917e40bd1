"""An editor whose model is a server: where code goes is the user's choice alone, and shown."""

from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.endpoint import client as endpoint_client
from qwen_lsp.server.app import create_server
from tests.harness.fake_endpoint import VLLM, events, fake_endpoint, status, written
from tests.harness.lsp_client import LspError, connect
from tests.server.given_engine import GivenEngine, session_options

EDITORS = Path(__file__).parents[2] / "editors"
CODE = "def add(a, b):\n    return "
CAPABILITIES = {"textDocument": {"inlineCompletion": {}}}
FINE = events(*written(" a + b", "\n"))


def settings_for(url: str, **more: Any) -> dict[str, Any]:
    return {"backend": "openai", "endpoint": url, **more}


async def complete(client: Any, uri: str) -> list[Any]:
    params = client.at(uri, len(CODE)) | {"context": {"triggerKind": 2}}
    return (await client.request("textDocument/inlineCompletion", params))["items"]


async def state(client: Any, name: str) -> Any:
    return await client.wait_for("qwenLsp/status", where=lambda one: one["state"] == name)


async def test_ghost_text_comes_from_the_server_and_the_status_says_where_code_goes() -> None:
    async with fake_endpoint(VLLM | {"/v1/completions": FINE}) as endpoint:
        server, _ = create_server()
        options = settings_for(endpoint.url)
        async with connect(server, capabilities=CAPABILITIES, options=options) as client:
            client.ignored |= {"qwenLsp/status", "textDocument/publishDiagnostics"}
            uri = client.open("file:///a.py", CODE)
            (item,) = await complete(client, uri)
            where = f"{endpoint.url} (vLLM 0.32.0)"
            ready = await client.wait_for(
                "qwenLsp/status", where=lambda one: one["endpoint"] == where
            )
            assert item["insertText"] == "a + b"
            assert (ready["state"], ready["backend"]) == ("ready", "openai")
            assert "return" in endpoint.bodies("/v1/completions")[0]["prompt"]


@pytest.mark.parametrize("has_address", [False, True])
async def test_a_local_model_says_that_code_goes_nowhere(has_address: bool) -> None:
    async with fake_endpoint(VLLM | {"/v1/completions": FINE}) as endpoint:
        # An address alone is not enough: the backend has to be chosen as well.
        options = {"endpoint": endpoint.url} if has_address else {}
        server, _ = create_server(**session_options(GivenEngine(" a + b")))
        async with connect(server, capabilities=CAPABILITIES, options=options) as client:
            client.ignored |= {"textDocument/publishDiagnostics"}
            uri = client.open("file:///a.py", CODE)
            ready = await state(client, "ready")
            assert (ready["backend"], ready["endpoint"]) == ("llama.cpp", "")
            assert len(await complete(client, uri)) == 1
        assert endpoint.exchanges == []


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("vscode/src/status-text.ts", "`code goes to ${status.endpoint}`"),
        ("vscode/src/status-text.ts", "`Code goes to: ${status.endpoint}`"),
        ("nvim/lua/qwen-lsp/health.lua", "('%s, code goes to %s'):format(text, status.endpoint)"),
    ],
)
def test_editors_show_where_code_goes(file: str, shown: str) -> None:
    assert shown in (EDITORS / file).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["backend", "endpoint", "endpointModel", "apiKeyEnv", "lora", "model"]
)
async def test_a_workspace_cannot_send_code_anywhere(name: str, tmp_path: Path) -> None:
    async with fake_endpoint(VLLM | {"/v1/completions": FINE}) as endpoint:
        values = settings_for(endpoint.url, endpointModel="m", apiKeyEnv="HOME", model="x")
        lines = [f'{key} = "{value}"' for key, value in values.items()] + ['lora = ["x.gguf"]']
        (tmp_path / "qwen-lsp.toml").write_text("\n".join(lines))
        server, session = create_server(**session_options(GivenEngine(" a + b")))
        async with connect(server, capabilities=CAPABILITIES, workspace=tmp_path) as client:
            client.ignored |= {"qwenLsp/status", "textDocument/publishDiagnostics"}
            told = ""
            while f"{name} cannot be set by a workspace" not in told:
                told = (await client.wait_for("window/showMessage"))["message"]
            client.ignored.add("window/showMessage")
            uri = client.open((tmp_path / "a.py").as_uri(), CODE)
            await complete(client, uri)
            assert (session.settings.backend, session.settings.endpoint) == ("llama.cpp", "")
        assert endpoint.exchanges == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://models.example.com/v1", "must begin with https"),
        ("", "endpoint is empty"),
        ("nonsense", "must be an http or https address"),
    ],
)
async def test_a_wrong_address_is_a_sentence_in_the_status(url: str, sentence: str) -> None:
    server, _ = create_server()
    async with connect(server, capabilities=CAPABILITIES, options=settings_for(url)) as client:
        client.ignored |= {"qwenLsp/status"}
        uri = client.open("file:///a.py", CODE)
        assert sentence in (await state(client, "error"))["message"]
        assert await complete(client, uri) == []


async def test_a_server_that_fails_shows_as_an_error_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint_client, "_FIRST_PAUSE_SECONDS", 0.0)
    broken = status(401, {"error": "Unauthorized"})
    async with fake_endpoint(VLLM | {"/v1/completions": broken}) as endpoint:
        server, _ = create_server()
        options = settings_for(endpoint.url)
        async with connect(server, capabilities=CAPABILITIES, options=options) as client:
            client.ignored |= {"qwenLsp/status"}
            uri = client.open("file:///a.py", CODE)
            assert await complete(client, uri) == []
            assert "refuses the API key" in (await state(client, "error"))["message"]
            endpoint.answers["/v1/completions"] = FINE
            assert len(await complete(client, uri)) == 1
            await state(client, "ready")


async def test_the_models_of_a_server_are_named_by_the_setting() -> None:
    async with fake_endpoint(VLLM) as endpoint:
        server, _ = create_server()
        options = settings_for(endpoint.url)
        async with connect(server, capabilities=CAPABILITIES, options=options) as client:
            client.ignored |= {"qwenLsp/status"}
            with pytest.raises(LspError, match="endpointModel"):
                await client.command("qwenLsp.selectModel")
            with pytest.raises(LspError, match="no model 'other'"):
                await client.command("qwenLsp.selectModel", "other")
