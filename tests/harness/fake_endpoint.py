"""A server on a loopback port that answers as a test says, well or badly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

Json = dict[str, Any]
# Writes the bytes of a whole answer, or of less than that.
Answer = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Exchange:
    """One request, and the line on which it is answered."""

    path: str
    headers: Mapping[str, str]
    body: Any
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self, status: int = 200, content_type: str = "text/event-stream") -> None:
        lines = (f"HTTP/1.1 {status} X", f"Content-Type: {content_type}", "Connection: close")
        await self.send("\r\n".join((*lines, "", "")).encode())

    async def wait_for_hang_up(self) -> None:
        with contextlib.suppress(ConnectionError):
            await self.reader.read()
        self.hung_up.set()


class FakeEndpoint:
    """Answers by path; what has no answer is a 404. The requests are kept."""

    def __init__(self, answers: Mapping[str, Answer | Any]) -> None:
        self.answers = dict(answers)
        self.exchanges: list[Exchange] = []
        self.asked = asyncio.Event()
        self.url = ""

    def bodies(self, path: str) -> list[Any]:
        return [one.body for one in self.exchanges if one.path == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            path = first.split()[1]
            body = json.loads(content) if content else None
            exchange = Exchange(path, headers, body, reader, writer)
            self.exchanges.append(exchange)
            self.asked.set()
            answer = self.answers.get(path)
            if callable(answer):
                await cast("Answer", answer)(exchange)
            else:
                await exchange.head(404 if answer is None else 200, "application/json")
                await exchange.send(json.dumps(answer or {"error": {"message": "no"}}).encode())
        writer.close()


@contextlib.asynccontextmanager
async def fake_endpoint(answers: Mapping[str, Answer | Any]) -> AsyncGenerator[FakeEndpoint]:
    endpoint = FakeEndpoint(answers)
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0)
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield endpoint
    finally:
        server.close()


def status(code: int, said: Any) -> Answer:
    """Return an answer that is one error."""

    async def answer(exchange: Exchange) -> None:
        await exchange.head(code, "application/json")
        await exchange.send(json.dumps(said).encode())

    return answer


def events(*objects: Any, done: bool = True) -> Answer:
    """Return a streamed answer of these objects."""

    async def answer(exchange: Exchange) -> None:
        await exchange.head()
        for each in objects:
            await exchange.send(b"data: " + json.dumps(each).encode() + b"\n\n")
        if done:
            await exchange.send(b"data: [DONE]\n\n")

    return answer


def lines(*objects: Any) -> Answer:
    """Return an answer of one JSON object a line, as Ollama's own API gives it."""

    async def answer(exchange: Exchange) -> None:
        await exchange.head(content_type="application/x-ndjson")
        for each in objects:
            await exchange.send(json.dumps(each).encode() + b"\n")

    return answer


def written(*texts: str, reason: str = "stop") -> list[Json]:
    """Return the objects of a completion's stream that writes these texts."""
    pieces: list[Json] = [{"choices": [{"text": text, "finish_reason": None}]} for text in texts]
    return [*pieces, {"choices": [{"text": "", "finish_reason": reason}]}]


# What the servers say of themselves. llama-server: as recorded from build 11669; vLLM 0.32, Ollama
# 0.33 and LM Studio: from their documentation and sources. tests/servers/ asks the real ones.
QWEN = "qwen2.5-coder-0.5b-instruct"
LLAMA_SERVER: Json = {
    "/v1/models": {"data": [{"id": f"/models/{QWEN}.gguf", "owned_by": "llamacpp"}]},
    "/props": {
        "default_generation_settings": {"n_ctx": 2048},
        "chat_template": "",
        "build_info": "b11669",
    },
}
VLLM: Json = {
    "/v1/models": {"data": [{"id": QWEN, "owned_by": "vllm", "max_model_len": 32768}]},
    "/version": {"version": "0.32.0"},
}
OLLAMA: Json = {
    "/v1/models": {"data": [{"id": f"{QWEN}:latest", "owned_by": "library"}]},
    "/api/version": {"version": "0.33.0"},
    "/api/show": {"capabilities": ["completion", "insert"]},
    "/api/generate": {"done": True, "done_reason": "load"},
    "/api/ps": {"models": [{"name": f"{QWEN}:latest", "context_length": 4096}]},
}
LM_STUDIO: Json = {
    "/v1/models": {"data": [{"id": QWEN, "owned_by": "organization_owner"}]},
    "/api/v0/models": {"data": [{"id": QWEN, "loaded_context_length": 8192}]},
}
LLAMA_CPP_PYTHON: Json = {"/v1/models": {"data": [{"id": QWEN, "owned_by": "me"}]}}
TRANSFORMERS: Json = {"/openapi.json": {"paths": {"/load_model": {}}}}
OTHER: Json = {
    "/v1/models": {"data": [{"id": QWEN}]},
    "/v1/completions": {"choices": [{"text": " x"}]},
}
