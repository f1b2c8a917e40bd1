"""The real servers start, stream a completion, and say what a client needs to know them by."""

import json
from typing import Any

import httpx2
import pytest

from tests.servers.real_servers import RealServer

pytestmark = pytest.mark.servers

TOKENS = 5


def streamed(server: RealServer) -> list[dict[str, Any]]:
    """Return the chunks of a streamed completion of 5 tokens."""
    body = {"model": server.model, "prompt": "def add(a, b):\n    return a", "temperature": 0}
    body |= {"max_tokens": TOKENS, "stream": True}
    with (
        httpx2.Client(base_url=server.url, trust_env=False, timeout=60) as client,
        client.stream("POST", "/v1/completions", json=body) as answer,
    ):
        assert answer.status_code == 200
        lines = list(answer.iter_lines())
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


def text_and_end(chunks: list[dict[str, Any]]) -> tuple[str, str]:
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    ends = [choice["finish_reason"] for choice in choices if choice.get("finish_reason")]
    assert len(ends) == 1
    return "".join(choice["text"] for choice in choices), ends[0]


def asked(server: RealServer, path: str) -> httpx2.Response:
    return httpx2.get(server.url + path, trust_env=False, timeout=60)


def test_llama_server_streams_a_completion(llama_server: RealServer) -> None:
    text, end = text_and_end(streamed(llama_server))
    assert text.startswith(" + b")
    assert end == "length"
    assert "default_generation_settings" in asked(llama_server, "/props").json()


def test_the_server_of_llama_cpp_python_streams_a_completion(llama_cpp_python: RealServer) -> None:
    text, end = text_and_end(streamed(llama_cpp_python))
    assert text.startswith(" + b")
    assert end == "length"
    assert asked(llama_cpp_python, "/v1/models").json()["data"][0]["owned_by"] == "me"


def test_transformers_serve_streams_a_completion(transformers_serve: RealServer) -> None:
    text, end = text_and_end(streamed(transformers_serve))
    assert len(text) == TOKENS
    assert end == "length"
    assert "/load_model" in asked(transformers_serve, "/openapi.json").json()["paths"]


def test_vllm_streams_a_completion(vllm: RealServer) -> None:
    text, end = text_and_end(streamed(vllm))
    assert len(text) == TOKENS
    assert end == "length"
    assert asked(vllm, "/version").json()["version"]
