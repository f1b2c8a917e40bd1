"""Which server answers, and what it says of its model: asked once, by cheap requests."""

import asyncio
import difflib
from collections.abc import Sequence
from typing import Any

from qwen_lsp.engine.endpoint.connection import Connection, Json
from qwen_lsp.engine.endpoint.prompt import QWEN_MARKS
from qwen_lsp.engine.endpoint.servers import llama_server
from qwen_lsp.engine.endpoint.servers.base import Facts, Server, count_of, table_of
from qwen_lsp.engine.endpoint.servers.llama_cpp_python import DEFAULT_CONTEXT_TOKENS, LlamaCppPython
from qwen_lsp.engine.endpoint.servers.llama_server import LlamaServer
from qwen_lsp.engine.endpoint.servers.ollama import Ollama
from qwen_lsp.engine.endpoint.servers.others import LmStudio, OtherServer, TransformersServe
from qwen_lsp.engine.endpoint.servers.vllm import Vllm
from qwen_lsp.engine.requests import EngineError, EngineUnavailableError

_MOST_NAMES = 6


async def recognise(connection: Connection, url: str, wanted: str) -> Server:
    """Return the server at the other end, with the model `wanted` or the only one.

    Raises EngineUnavailableError where there is none, or not that model.
    """
    listing = await connection.get("/v1/models", needed=True)
    models = _models(listing)
    # What it lists is a folder of downloads, where there is one, and not what it serves.
    if "/load_model" in table_of(table_of(await connection.get("/openapi.json")).get("paths")):
        return TransformersServe(Facts(wanted))
    if models is None:
        raise EngineUnavailableError(
            f"{url} does not list models at /v1/models, so it is no OpenAI-compatible server."
        )
    model = _choose(models, wanted, url)
    props, ollama, version, lm_studio = await asyncio.gather(
        *(connection.get(path) for path in ("/props", "/api/version", "/version", "/api/v0/models"))
    )
    own = [one for one in models if one.get("id") == model]
    maker = str(own[0].get("owned_by", "")) if own else ""
    if maker == "llamacpp" and props is None:
        props = await connection.get("/props", needed=True)
    if "default_generation_settings" in table_of(props):
        return LlamaServer(llama_server.facts_of(table_of(props), own, model))
    if _models(lm_studio) is not None:
        return LmStudio(_lm_studio_facts(_models(lm_studio) or [], model))
    if table_of(ollama).get("version"):
        return await _ollama(connection, str(table_of(ollama)["version"]), model)
    if maker == "vllm" and table_of(version).get("version"):
        # An adapter is listed as a model, without a length of its own.
        lengths = [count_of(one.get("max_model_len")) for one in (*own, *models)]
        context = next(filter(None, lengths), 0)
        return Vllm(Facts(model, str(table_of(version)["version"]), context))
    if maker == "me":
        return LlamaCppPython(Facts(model, context_tokens=DEFAULT_CONTEXT_TOKENS))
    return OtherServer(Facts(model), takes_raw_prompts=await _takes_raw(connection, model))


async def knows_marks(connection: Connection, server: Server) -> bool:
    """Say whether the server's model has Qwen's marks, each as one token."""
    try:
        tokens = await server.tokens_of(connection, "".join(QWEN_MARKS), control=True)
    except (NotImplementedError, EngineError):
        return False
    return len(tokens) == len(QWEN_MARKS)


def _models(listing: Any) -> list[Json] | None:
    data: Any = table_of(listing).get("data")
    if not isinstance(data, list):
        return None
    return [table_of(one) for one in data]  # pyright: ignore[reportUnknownVariableType]  # json


def _choose(models: Sequence[Json], wanted: str, url: str) -> str:
    """Return the full name of the wanted model, or of the only one."""
    names = [str(one["id"]) for one in models if one.get("id")]
    if wanted in names:
        return wanted
    # Ollama's names end in a tag that one may leave out.
    tagged = [name for name in names if name.partition(":")[0] == wanted]
    if wanted and tagged:
        return next((name for name in tagged if name.endswith(":latest")), tagged[0])
    if not wanted and len(names) == 1:
        return names[0]
    if not names:
        raise EngineUnavailableError(f"{url} has no model yet.")
    near = difflib.get_close_matches(wanted, names, _MOST_NAMES, 0.4) or names[:_MOST_NAMES]
    listed = ", ".join(near)
    if not wanted:
        raise EngineUnavailableError(
            f"{url} has several models; name one in endpointModel: {listed}."
        )
    raise EngineUnavailableError(f"{url} has no model {wanted!r} (endpointModel); it has {listed}.")


async def _ollama(connection: Connection, version: str, model: str) -> Server:
    shown = table_of(await connection.post("/api/show", {"model": model}))
    abilities: Any = shown.get("capabilities")
    fills = isinstance(abilities, list) and "insert" in abilities
    # Only of a loaded model it says how much it can hold; without a prompt it is just loaded.
    await connection.post("/api/generate", {"model": model, "stream": False}, patient=True)
    loaded: Any = table_of(await connection.get("/api/ps")).get("models")
    tables = [table_of(one) for one in loaded] if isinstance(loaded, list) else []  # pyright: ignore[reportUnknownVariableType]  # json
    context = next((one.get("context_length") for one in tables if one.get("name") == model), 0)
    return Ollama(Facts(model, version, count_of(context) or 0), fills_holes=fills)


def _lm_studio_facts(models: Sequence[Json], model: str) -> Facts:
    own = table_of(next((one for one in models if one.get("id") == model), None))
    context = count_of(own.get("loaded_context_length")) or count_of(own.get("max_context_length"))
    return Facts(model, context_tokens=context or 0)


async def _takes_raw(connection: Connection, model: str) -> bool:
    """Try a prompt of one word; the one thing that is asked of a model here."""
    body = {"model": model, "prompt": "def", "max_tokens": 1}
    try:
        answer = await connection.post("/v1/completions", body)
    except EngineError:
        return False
    return bool(table_of(answer).get("choices"))
