"""The same typing trace against a llama-server, asked as llama.vim asks it.

What is sent is what `llama#fim` of llama.vim sends (github.com/ggml-org/llama.vim, commit a1c8e6e,
autoload/llama.vim) for the first request at a place, with its default settings: up to 256 lines
before the cursor's as `input_prefix`, the rest of the cursor's line and 64 lines below as
`input_suffix`, the line left of the cursor as `prompt` (nothing where the line is blank), at most
128 tokens, samplers top_k 40, top_p 0.9 and infill, `n_indent`, and `t_max_predict_ms` 250. The
server heeds that limit only at a line end, and `t_max_prompt_ms` not at all (tools/server of
llama.cpp). The reply is not streamed, so a suggestion is there when all of it is. llama.vim's ring
of chunks from other places is empty here, as it is when an editor has just been opened, and a seed
is sent with each request so that the replies can be had again.

Only the standard library is used: one connection a request, as llama.vim's curl makes it.
"""

import asyncio
import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from qwen_lsp.engine.requests import EngineUnavailableError
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.text import Document

_LINES_BEFORE = 256
_LINES_BEHIND = 64
_POLICY: dict[str, Any] = {
    "id_slot": 0,
    "input_extra": [],
    "n_predict": 128,
    "stop": [],
    "top_k": 40,
    "top_p": 0.9,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 250,
    "seed": 20,
}
_ANSWER_SECONDS = 600.0
_HELLO_SECONDS = 10.0


class PeerError(EngineUnavailableError):
    """The server cannot be compared with. The text is one sentence for the user."""


@dataclass(frozen=True)
class PeerFigures:
    """What the trace cost at the server. Times are milliseconds, speeds tokens a second.

    `cold_ms` and `cold_tokens` are of the first request, which reads everything; the others are of
    the requests after it. Tokens and speeds are the server's own `timings`, the speeds over all
    requests together; the times are ours, from sending a request to having read the reply.
    `first_token_ms` is the server's time for reading the prompt.
    """

    url: str
    model: str
    cold_ms: float
    cold_tokens: int
    requests: int
    prompt_tokens: Spread
    tokens_read: Spread
    tokens_written: Spread
    first_token_ms: Spread
    suggestion_ms: Spread
    prompt_speed: float
    generation_speed: float


@dataclass(frozen=True)
class _Answer:
    """One reply: how long it took, and the server's `timings`."""

    ms: float
    timings: dict[str, float]

    def tokens(self, name: str) -> int:
        """Return a count of the timings; a server that has not this one says 0."""
        return int(self.timings.get(name, 0))


class Peer:
    """A llama-server. `url` is its root, or its address for infill."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PeerError(f"{url} is no http address.")
        self._parts = parts
        self._path = parts.path.rstrip("/").removesuffix("/infill")
        self.url = f"{parts.scheme}://{parts.netloc}{self._path}"

    async def model(self) -> str:
        """Return the name of the server's model; raises PeerError where no such server answers."""
        facts = await asyncio.to_thread(self._call, "GET", "/props", None, _HELLO_SECONDS)
        return str(facts.get("model_alias") or facts.get("model_path") or "?").rpartition("/")[2]

    async def complete(self, document: Document, offset: int) -> _Answer:
        """Return the reply at a place; raises PeerError."""
        request = llama_vim_request(document, offset)
        began = time.monotonic()
        reply = await asyncio.to_thread(self._call, "POST", "/infill", request, _ANSWER_SECONDS)
        ms = (time.monotonic() - began) * 1000
        timings = reply.get("timings")
        if not isinstance(timings, dict):
            raise PeerError(f"{self.url} gives no timings; is it a llama-server?")
        return _Answer(ms, timings)  # pyright: ignore[reportUnknownArgumentType]  # json

    def _call(self, method: str, path: str, body: Any, seconds: float) -> dict[str, Any]:
        sort = _connection_class(self._parts)
        connection = sort(self._parts.hostname or "", self._parts.port, timeout=seconds)
        try:
            text = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"}
            connection.request(method, self._path + path, text, headers)
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            raise PeerError(f"No llama-server answers at {self.url}: {why}.") from error
        finally:
            connection.close()
        return self._read(path, response.status, content)

    def _read(self, path: str, status: int, content: bytes) -> dict[str, Any]:
        try:
            reply: Any = json.loads(content)
        except ValueError:
            reply = None
        if status != http.HTTPStatus.OK or not isinstance(reply, dict):
            said = reply["error"]["message"] if _has_message(reply) else f"status {status}"
            raise PeerError(f"The server at {self.url} did not answer {path}: {said}")
        return reply  # pyright: ignore[reportUnknownVariableType]  # json


def llama_vim_request(document: Document, offset: int) -> dict[str, Any]:
    """Return what llama.vim would send with the cursor at `offset`."""
    lines = document.lines
    line = lines.line_of(offset)
    whole = lines.text(line)
    column = offset - lines.start(line)
    left, right = whole[:column], whole[column:]
    if not whole.strip():
        left = right = ""
    above = range(max(0, line - _LINES_BEFORE), line)
    below = range(line + 1, min(lines.count, line + 1 + _LINES_BEHIND))
    return _POLICY | {
        "input_prefix": "\n".join(map(lines.text, above)) + "\n",
        "input_suffix": right + "\n" + "\n".join(map(lines.text, below)) + "\n",
        "prompt": left,
        "n_indent": len(whole) - len(whole.lstrip()) if whole.strip() else 0,
    }


class PeerTyping:
    """The trace at one server: what it is asked, and what that comes to."""

    def __init__(self, peer: Peer, model: str) -> None:
        self._peer = peer
        self._model = model
        self._answers: list[_Answer] = []

    async def ask(self, document: Document, offset: int) -> None:
        """Ask with the cursor at `offset`; raises PeerError."""
        self._answers.append(await self._peer.complete(document, offset))

    def figures(self) -> PeerFigures:
        """Return what the requests cost until now; there must be one at least."""
        cold, warm = self._answers[0], self._answers[1:]
        return PeerFigures(
            url=self._peer.url,
            model=self._model,
            cold_ms=cold.ms,
            cold_tokens=cold.tokens("prompt_n"),
            requests=len(warm),
            prompt_tokens=Spread.of(
                answer.tokens("prompt_n") + answer.tokens("cache_n") for answer in warm
            ),
            tokens_read=Spread.of(answer.tokens("prompt_n") for answer in warm),
            tokens_written=Spread.of(answer.tokens("predicted_n") for answer in warm),
            first_token_ms=Spread.of(answer.timings.get("prompt_ms", 0) for answer in warm),
            suggestion_ms=Spread.of(answer.ms for answer in warm),
            prompt_speed=_speed(self._answers, "prompt"),
            generation_speed=_speed(self._answers, "predicted"),
        )


def _speed(answers: Sequence[_Answer], what: str) -> float:
    tokens = sum(answer.tokens(f"{what}_n") for answer in answers)
    ms = sum(answer.timings.get(f"{what}_ms", 0) for answer in answers)
    return tokens / ms * 1000 if ms else 0.0


def _connection_class(parts: SplitResult) -> type[http.client.HTTPConnection]:
    is_safe = parts.scheme == "https"
    return http.client.HTTPSConnection if is_safe else http.client.HTTPConnection


def _has_message(reply: Any) -> bool:
    return isinstance(reply, dict) and isinstance(reply.get("error"), dict)  # pyright: ignore[reportUnknownMemberType]  # json
