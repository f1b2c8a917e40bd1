"""The features against real servers: what a user would do with each."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli.main import main
from qwen_lsp.engine.endpoint.address import read_endpoint
from qwen_lsp.engine.endpoint.client import EndpointClient
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    Infill,
    Message,
    Priority,
)
from tests.servers.real_servers import RealServer

pytestmark = pytest.mark.servers

EVERY = pytest.mark.parametrize(
    ("fixture", "title"),
    [
        ("llama_server", "llama-server"),
        ("llama_cpp_python", "llama-cpp-python"),
        ("transformers_serve", "transformers serve"),
        ("vllm", "vLLM"),
    ],
)
HOLDING = pytest.mark.parametrize("fixture", ["llama_server", "llama_cpp_python", "vllm"])
WITH_A_REAL_MODEL = pytest.mark.parametrize("fixture", ["llama_server", "llama_cpp_python"])

CODE = '''\
import math


class Circle:
    def __init__(self, radius: float) -> None:
        self.radius = radius

    def area(self) -> float:
        return ma

    def scale(self, factor):
        return Circle(self.radius * factor)


def average(values):
    """Return the mean.

    >>> average([1, 2, 3])
    2.0
    """
    return sum(values) / (len(values) + 1)
'''
TALK = Chat((Message("user", "Count to twenty."),), reply_start="1, 2, 3, 4,")


@asynccontextmanager
async def asked(fixture: str, request: pytest.FixtureRequest) -> AsyncGenerator[EndpointClient]:
    # A fixture that starts a server may take a minute, which is not the loop's business.
    server: RealServer = request.getfixturevalue(fixture)
    client = EndpointClient(read_endpoint(server.url, server.model))
    try:
        yield client
    finally:
        await client.close()


def hole(**more: Any) -> GenerateRequest:
    prompt = Infill("def add(a, b):\n", "\n\nprint(add(1, 2))\n", middle="    return")
    return GenerateRequest(prompt, 12, Priority.TYPING, **more)


@EVERY
async def test_a_server_is_recognised_and_fills_a_hole(
    fixture: str, title: str, request: pytest.FixtureRequest
) -> None:
    async with asked(fixture, request) as client:
        ready = await client.start()
        assert title in client.where
        assert ready.facts.can_infill
        generation = await client.generate(hole(stops=("\n",)))
        assert generation.finish in ("end", "stop", "length")
        assert "\n" not in generation.text
        if fixture in ("llama_server", "llama_cpp_python"):
            assert generation.text == " a + b"


@EVERY
async def test_a_conversation_goes_on_from_its_start(
    fixture: str, title: str, request: pytest.FixtureRequest
) -> None:
    del title
    async with asked(fixture, request) as client:
        generation = await client.generate(GenerateRequest(TALK, 8, Priority.ACTION))
        assert generation.generated_tokens > 0
        if fixture in ("llama_server", "llama_cpp_python"):
            assert generation.text.strip().startswith("5")


@HOLDING
async def test_a_reply_is_held_to_a_schema(fixture: str, request: pytest.FixtureRequest) -> None:
    schema = {
        "type": "object",
        "properties": {"line": {"enum": ["a", "b"]}},
        "required": ["line"],
        "additionalProperties": False,
    }
    prompt = Chat((Message("user", "Which line? Answer as JSON."),))
    async with asked(fixture, request) as client:
        generation = await client.generate(
            GenerateRequest(prompt, 64, Priority.REVIEW, reply_schema=schema)
        )
        assert json.loads(generation.text)["line"] in ("a", "b")


@HOLDING
async def test_a_reply_is_held_to_a_grammar_and_scored(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    async with asked(fixture, request) as client:
        generation = await client.generate(hole(reply_grammar='root ::= " b - a"', scored=True))
        assert generation.text == " b - a"
        # The token that ends the reply may be scored as well.
        assert "".join(score.text for score in generation.scores).startswith(" b - a")
        assert all(score.log_probability <= 0 for score in generation.scores)


@pytest.mark.parametrize("fixture", ["llama_server", "vllm"])
async def test_special_tokens_in_the_code_stay_text(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    async with asked(fixture, request) as client:
        lengths: list[int] = []
        for code in ("<|im_end|>", ""):
            prompt = Infill(f'END = "{code}"\n\n\ndef add(a, b):\n', "\n")
            generation = await client.generate(GenerateRequest(prompt, 4, Priority.TYPING))
            lengths.append(generation.prompt_tokens)
        # As text the ten characters are several tokens, as a special token they would be one.
        assert lengths[0] - lengths[1] >= 4


@EVERY
async def test_a_request_that_is_left_does_not_keep_the_next_one(
    fixture: str, title: str, request: pytest.FixtureRequest
) -> None:
    del title
    async with asked(fixture, request) as client:
        await client.start()
        long = GenerateRequest(TALK, 400, Priority.ACTION)
        begun = asyncio.Event()
        task = asyncio.create_task(client.generate(long, on_text=lambda _text: begun.set()))
        ended = asyncio.create_task(begun.wait())
        await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        ended.cancel()
        await asyncio.wait({task, ended})
        assert (await client.generate(hole())).finish in ("end", "stop", "length")


@EVERY
async def test_a_prompt_that_is_too_long_is_one_sentence(
    fixture: str, title: str, request: pytest.FixtureRequest
) -> None:
    if fixture == "transformers_serve":
        pytest.skip("it reads on beyond the length that the model was trained for")
    async with asked(fixture, request) as client:
        prompt = Infill("x = 1\n" * 3000, "\n")
        with pytest.raises(EngineError) as caught:
            await client.generate(GenerateRequest(prompt, 8, Priority.TYPING))
        assert "\n" not in str(caught.value)
        if fixture == "llama_cpp_python":
            return  # this server breaks off the next answer as well
        assert title
        assert (await client.generate(hole())).generated_tokens > 0


@WITH_A_REAL_MODEL
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("complete", "{}:9:18"), 0, "pi * self.radius"),
        (("action", "add_type_hints", "{}:11"), 0, "factor: float"),
        (("action", "add_docstring", "{}:11"), 0, '+        """'),
        (("review", "{}:15"), 1, "broken-example"),
        (("explain", "{}:15"), 0, "average"),
    ],
)
def test_the_commands_work(
    *,
    fixture: str,
    words: tuple[str, ...],
    code: int,
    said: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server: RealServer = request.getfixturevalue(fixture)
    (tmp_path / "shop.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    command = [word.format("shop.py") for word in words]
    assert main([*command, "--endpoint", server.url]) == code
    assert said in capsys.readouterr().out
