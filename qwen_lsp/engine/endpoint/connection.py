"""Requests to one server: kept-alive connections, streams of JSON, and errors as sentences."""

import asyncio
import contextlib
import json
import random
import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx2

from qwen_lsp.engine.endpoint.address import Endpoint
from qwen_lsp.engine.requests import EngineError, EngineUnavailableError, PromptTooLongError

_CONNECT_SECONDS = 5.0
# A question about the server itself is answered at once.
_ASK_SECONDS = 10.0
# A busy server lets a request wait before it begins to write.
_SILENCE_SECONDS = 120.0
_TRIES = 3
_PAUSE_SECONDS = 0.3
_MOST_LINE_BYTES = 1 << 20
_MOST_ERROR_BYTES = 1 << 16
_MOST_SAID = 200
_TOO_LONG = re.compile(r"context|too long|too many tokens|maximum.{0,20}length", re.IGNORECASE)

Json = dict[str, Any]


class BusyError(EngineUnavailableError):
    """The server is there and cannot answer yet: it loads its model, or has too much to do."""


class Connection:
    """Speaks HTTP with one server. Use it from one event loop."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
        self._client = httpx2.AsyncClient(
            base_url=endpoint.url,
            headers=headers,
            timeout=httpx2.Timeout(_SILENCE_SECONDS, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=8),
            # A redirect would send code to where the user did not say.
            follow_redirects=False,
            # A proxy for other machines must not get what is meant for this one.
            trust_env=not endpoint.is_here,
        )

    async def get(self, path: str, *, needed: bool = False) -> Any:
        """Return the JSON at `path`, None where the server has no such thing or keeps it back.

        What is `needed` is an error where the key is refused. It is asked again, after a pause of
        random length, where the connection fails. Raises EngineUnavailableError.
        """
        for last in (*[False] * (_TRIES - 1), True):
            try:
                response = await self._client.get(path, timeout=_ASK_SECONDS)
            except httpx2.HTTPError as error:
                if last:
                    raise self._unreachable(error) from error
                await asyncio.sleep(_PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
                continue
            if response.status_code == 503 or (needed and response.status_code in (401, 403)):
                raise self._refused(response.status_code, response.content)
            with contextlib.suppress(ValueError):
                return response.json() if response.is_success else None
            return None
        raise AssertionError

    async def post(self, path: str, body: Json, *, patient: bool = False) -> Any:
        """Return the JSON that is answered to `body`, also late where `patient`; EngineError."""
        try:
            seconds = _SILENCE_SECONDS if patient else _ASK_SECONDS
            response = await self._client.post(path, json=body, timeout=seconds)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise self._refused(response.status_code, response.content)
        try:
            return response.json()
        except ValueError as error:
            raise self._garbage() from error

    async def stream(self, path: str, body: Json) -> AsyncGenerator[Json]:
        """Yield each JSON object of a streamed answer; raises EngineError.

        Closing the generator closes the stream, which ends the work in the server. A server that
        has begun to answer has had the work: it is not sent again.
        """
        try:
            async with self._opened(path, body) as response:
                if not response.is_success:
                    raise self._refused(response.status_code, await _head(response))
                async for line in self._read_lines(response):
                    data = line.removeprefix(b"data:").strip()
                    if not data or data.startswith((b":", b"event:", b"id:", b"retry:")):
                        continue
                    if data == b"[DONE]":
                        return
                    yield self._object(data)
        except httpx2.HTTPError as error:
            raise self._unreachable(error) from error
        except ValueError as error:
            raise self._garbage() from error

    async def _read_lines(self, response: httpx2.Response) -> AsyncIterator[bytes]:
        try:
            async for line in _lines(response.aiter_bytes()):
                yield line
        except httpx2.ReadTimeout:
            raise
        except httpx2.HTTPError as error:
            # Of one request, for all that one knows: some servers end so what they cannot do.
            raise EngineError(
                f"{self._endpoint.url} hung up in the middle of an answer."
            ) from error

    @contextlib.asynccontextmanager
    async def _opened(self, path: str, body: Json) -> AsyncGenerator[httpx2.Response]:
        request = self._client.build_request("POST", path, json=body)
        try:
            response = await self._client.send(request, stream=True)
        except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError):
            # It closed the kept connection while we wrote, so it has not read this. llama-server
            # does so after each stream.
            response = await self._client.send(request, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    def _object(self, data: bytes) -> Json:
        found: Any = json.loads(data)
        if not isinstance(found, dict):
            raise self._garbage()
        if said := _said(found, only_error=True):  # pyright: ignore[reportUnknownArgumentType]  # json
            raise EngineError(f"{self._endpoint.url} could not do this: {said}.")
        return found  # pyright: ignore[reportUnknownVariableType]  # json

    def _garbage(self) -> EngineError:
        return EngineError(
            f"What {self._endpoint.url} answers is not OpenAI's protocol (setting endpoint)."
        )

    def _unreachable(self, error: httpx2.HTTPError) -> EngineError:
        url = self._endpoint.url
        if isinstance(error, httpx2.ReadTimeout):
            return EngineUnavailableError(f"{url} did not answer in time.")
        if isinstance(error, httpx2.TimeoutException | httpx2.ConnectError | httpx2.ProxyError):
            why = " ".join(str(error).split()) or "it did not answer in time"
            return EngineUnavailableError(f"No server can be reached at {url} ({why}).")
        return EngineUnavailableError(f"{url} hung up without an answer.")

    def _refused(self, status: int, content: bytes) -> EngineError:
        """Return the error for an answer that is none."""
        url = self._endpoint.url
        try:
            said = _said(json.loads(content[:_MOST_ERROR_BYTES]))
        except ValueError:
            said = ""
        if status in (401, 403):
            return EngineUnavailableError(
                f"{url} refuses the API key ({status}); the setting apiKeyEnv names the "
                "environment variable that holds it."
            )
        if status in (429, 503):
            return BusyError(f"{url} cannot answer now ({status}{f', {said}' if said else ''}).")
        if status in (400, 413, 422) and _TOO_LONG.search(said):
            return PromptTooLongError(f"This is too long for the model at {url}: {said}.")
        if 300 <= status < 400:
            return EngineUnavailableError(
                f"{url} sends on to another address, which is not followed; set endpoint to it."
            )
        return EngineError(f"{url} refused this ({status}{f', {said}' if said else ''}).")


async def _head(response: httpx2.Response) -> bytes:
    content = b""
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > _MOST_ERROR_BYTES:
            break
    return content


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield lines; raises ValueError where one is longer than any server's."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > _MOST_LINE_BYTES:
            raise ValueError("a line without an end")
    if rest:
        yield rest


def _said(answer: Any, *, only_error: bool = False) -> str:
    """Return what a server says of an error, as a part of one sentence; empty where nothing."""
    found: Any = answer
    if isinstance(found, dict):
        found = found.get("error") or (None if only_error else found.get("detail"))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # json
        if isinstance(found, dict):
            found = found.get("message")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # json
    if not isinstance(found, str):
        return "no reason given" if found and only_error else ""
    said = " ".join(found.split()).rstrip(".")
    return said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…"
