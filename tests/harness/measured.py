"""What `bench` measures, in the tests: an engine with given costs, and a llama-server."""

import asyncio
import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from qwen_lsp.engine.messages import Ready
from qwen_lsp.engine.requests import Chat, GenerateRequest, Generation, ModelFacts
from tests.harness.scripted_backend import FACTS

STATUS: dict[str, Any] = {"pid": 0, "model": "scripted", "threads": 2, "memory_bytes": 700_000_000}
COST = Generation("", "end", 100, 98, 5, first_token_ms=10.0, total_ms=50.0)


@dataclass
class MeasuredEngine:
    """Answers everything at once, at the same `cost`; a review finds nothing.

    Before each answer, but after its first character, it calls `before_answer`, which may wait or
    fail. `status` has what `said`
    says, and how many requests are under way.
    """

    reply: str = "x = 1"
    cost: Generation = COST
    said: dict[str, Any] = field(default_factory=lambda: dict(STATUS))
    before_answer: Callable[[GenerateRequest], Any] | None = None
    facts: ModelFacts = FACTS
    requests: list[GenerateRequest] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    running: int = 0
    most_running: int = 0

    async def start(self) -> Ready:
        self.calls.append("start")
        return Ready(self.facts, 250.0)

    async def restart(self) -> None:
        self.calls.append("restart")

    async def status(self) -> dict[str, Any]:
        return self.said | {"waiting": self.running}

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        self.calls.append("generate")
        self.requests.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(0)
            if on_text is not None:
                on_text(self.reply[:1])
            if self.before_answer is not None:
                await self.before_answer(request)
        finally:
            self.running -= 1
        is_review = request.reply_schema is not None
        text = '{"findings": []}' if is_review else self.reply
        if on_text is not None:
            on_text(text)
        if enough is not None and enough(text):
            return replace(self.cost, text=text, finish="enough")
        return replace(self.cost, text=text)

    @property
    def chats(self) -> list[GenerateRequest]:
        return [request for request in self.requests if isinstance(request.prompt, Chat)]


TIMINGS = {
    "cache_n": 10,
    "prompt_n": 400,
    "prompt_ms": 4000.0,
    "predicted_n": 20,
    "predicted_ms": 500.0,
}


@dataclass
class LlamaServer:
    """A server that answers as llama-server does; `bodies` are what it was sent, in order.

    The first reply's timings are `timings` with ten times the tokens read; `answer` replaces them.
    """

    url: str = ""
    timings: dict[str, float] = field(default_factory=lambda: dict(TIMINGS))
    props: tuple[int, Any] = (200, {"model_path": "/models/peer.gguf"})
    answer: tuple[int, Any] | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def reply(self, body: dict[str, Any]) -> tuple[int, Any]:
        self.bodies.append(body)
        if self.answer is not None:
            return self.answer
        first = {"prompt_n": 4000, "prompt_ms": 40_000.0} if len(self.bodies) == 1 else {}
        return 200, {"content": "pass", "timings": self.timings | first}


@contextmanager
def llama_server() -> Generator[LlamaServer]:
    """Serve in a thread until the test is done."""
    server = LlamaServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(*(server.props if self.path == "/props" else (404, None)))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(*(server.reply(body) if self.path == "/infill" else (404, None)))

        def _send(self, status: int, reply: Any) -> None:
            content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()
