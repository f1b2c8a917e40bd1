"""A llama-server is asked as llama.vim asks it, and believed about its tokens."""

from collections.abc import Iterator
from typing import Any

import pytest

from qwen_lsp.engine.requests import EngineUnavailableError
from qwen_lsp.evaluation.peer import Peer, PeerError, PeerTyping, llama_vim_request
from qwen_lsp.evaluation.trace import Trace
from qwen_lsp.text import Document
from tests.harness.measured import LlamaServer, llama_server

TRACE = Trace("a = 1\n", "b = 2", "\nc = 3\n", 5, (1, 3, 5))


@pytest.fixture
def server() -> Iterator[LlamaServer]:
    with llama_server() as serving:
        yield serving


def lines(first: int, last: int) -> str:
    return "".join(f"line {number}\n" for number in range(first, last + 1))


def request_at(text: str, cursor: str = "|") -> dict[str, Any]:
    offset = text.index(cursor)
    document = Document("", "", "python", 0, text.replace(cursor, ""))
    return llama_vim_request(document, offset)


def test_256_lines_before_and_64_behind() -> None:
    request = request_at(lines(1, 300) + "    x = 1| + 2\n" + lines(301, 400))
    assert request["input_prefix"] == lines(45, 300)
    assert request["prompt"] == "    x = 1"
    assert request["input_suffix"] == " + 2\n" + lines(301, 364)
    assert request["n_indent"] == 4


def test_fewer_lines_than_that() -> None:
    request = request_at("a\nb|\nc")
    assert (request["input_prefix"], request["input_suffix"]) == ("a\n", "\nc\n")
    request = request_at("|")
    assert (request["input_prefix"], request["prompt"], request["input_suffix"]) == (
        "\n",
        "",
        "\n\n",
    )


def test_a_blank_line_is_asked_from_its_start() -> None:
    request = request_at("def f():\n    |  \nx\n")
    assert (request["prompt"], request["n_indent"]) == ("", 0)
    assert request["input_suffix"] == "\nx\n\n"


def test_the_limits_of_llama_vim() -> None:
    request = request_at("a|")
    assert request["samplers"] == ["top_k", "top_p", "infill"]
    assert (request["n_predict"], request["t_max_predict_ms"]) == (128, 250)
    assert (request["cache_prompt"], request["stream"]) == (True, False)


async def test_the_same_places_are_asked(server: LlamaServer) -> None:
    peer = Peer(f"{server.url}/infill")
    model = await peer.model()
    typing = PeerTyping(peer, model)
    for stop in (1, 5):
        await typing.ask(TRACE.document(stop), TRACE.offset(stop))
    figures = typing.figures()
    assert [body["prompt"] for body in server.bodies] == ["b", "b = 2"]
    assert (figures.url, figures.model) == (server.url, "peer.gguf")
    assert (figures.cold_tokens, figures.requests) == (4000, 1)
    assert figures.tokens_read.p50 == 400
    assert figures.prompt_tokens.p50 == 410
    assert figures.tokens_written.p50 == 20
    assert figures.first_token_ms.p50 == 4000
    assert figures.prompt_speed == pytest.approx(4400 / 44.0)
    assert figures.generation_speed == pytest.approx(40 / 1.0)


async def test_nobody_is_there() -> None:
    with llama_server() as gone:
        url = gone.url
    with pytest.raises(PeerError, match=f"No llama-server answers at {url}: "):
        await Peer(url).model()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((404, None), "did not answer /props: status 404"),
        ((200, b"<html>"), "did not answer /props: status 200"),
        ((503, {"error": {"message": "Loading model"}}), "did not answer /props: Loading model"),
    ],
)
async def test_another_server_is_there(
    server: LlamaServer, answer: tuple[int, Any], sentence: str
) -> None:
    server.props = answer
    with pytest.raises(PeerError, match=sentence):
        await Peer(server.url).model()


async def test_a_server_that_tells_no_timings(server: LlamaServer) -> None:
    server.answer = (200, {"content": "pass"})
    with pytest.raises(PeerError, match="gives no timings; is it a llama-server"):
        await Peer(server.url).complete(TRACE.document(1), TRACE.offset(1))


@pytest.mark.parametrize("url", ["ftp://host/", "http://", "file:///etc/passwd"])
def test_what_is_no_http_address(url: str) -> None:
    with pytest.raises(PeerError, match="is no http address"):
        Peer(url)


def test_an_address_without_a_scheme() -> None:
    assert Peer("127.0.0.1:8012/infill").url == "http://127.0.0.1:8012"
    assert issubclass(PeerError, EngineUnavailableError)
