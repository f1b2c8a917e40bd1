"""Whatever a server does wrong is one sentence, and the next request works."""

import asyncio
from typing import Any

import pytest

from qwen_lsp.engine.endpoint import client as client_module
from qwen_lsp.engine.endpoint import connection as connection_module
from qwen_lsp.engine.endpoint.address import read_endpoint
from qwen_lsp.engine.endpoint.client import EndpointClient
from qwen_lsp.engine.messages import LoadFailed, Loading, Ready
from qwen_lsp.engine.requests import (
    EngineError,
    EngineUnavailableError,
    GenerateRequest,
    Infill,
    Priority,
    PromptTooLongError,
)
from tests.harness.fake_endpoint import (
    LLAMA_CPP_PYTHON,
    VLLM,
    Answer,
    Exchange,
    FakeEndpoint,
    events,
    fake_endpoint,
    status,
    written,
)

PATH = "/v1/completions"
FINE = events(*written("fine"))


def request(**more: Any) -> GenerateRequest:
    return GenerateRequest(Infill("a", "b"), 16, Priority.TYPING, **more)


async def raw(exchange: Exchange, *chunks: bytes) -> None:
    await exchange.head()
    for chunk in chunks:
        await exchange.send(chunk)


async def says_nothing(exchange: Exchange) -> None:
    await exchange.wait_for_hang_up()


async def begins_and_waits(exchange: Exchange) -> None:
    await raw(exchange, b'data: {"choices": [{"text": "so far"}]}\n\n')
    await exchange.wait_for_hang_up()


async def hangs_up(exchange: Exchange) -> None:
    exchange.writer.transport.abort()


async def breaks_off(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ndata:\r\n")


async def speaks_html(exchange: Exchange) -> None:
    await raw(exchange, b"<html>\nSign in\n</html>\n")


async def speaks_no_utf8(exchange: Exchange) -> None:
    await raw(exchange, b'data: {"choices": [{"text": "\xff\xfe"}]}\n\n')


async def never_ends_a_line(exchange: Exchange) -> None:
    await raw(exchange, *([b"x" * 65536] * 40))


async def dies_in_the_middle(exchange: Exchange) -> None:
    await raw(exchange, b'data: {"choices": [{"text": "half"}]}\n\ndata: {"cho')


async def ends_too_early(exchange: Exchange) -> None:
    await raw(exchange, b'data: {"choices": [{"text": "half"}]}\n\n')


def sends_on_to(url: str) -> Answer:
    """Return the answer of a server that sends one elsewhere."""

    async def answer(exchange: Exchange) -> None:
        head = f"HTTP/1.1 307 X\r\nLocation: {url}\r\nContent-Length: 0\r\n\r\n"
        await exchange.send(head.encode())

    return answer


CONTEXT = "This model's maximum context length is 4096 tokens."
WRONG: list[tuple[Answer, type[EngineError], str]] = [
    (hangs_up, EngineUnavailableError, "hung up without an answer"),
    (breaks_off, EngineError, "hung up in the middle"),
    (speaks_html, EngineError, "is not OpenAI's protocol"),
    (speaks_no_utf8, EngineError, "is not OpenAI's protocol"),
    (never_ends_a_line, EngineError, "is not OpenAI's protocol"),
    (dies_in_the_middle, EngineError, "not OpenAI's protocol|in the middle"),
    (ends_too_early, EngineError, "ended its answer in the middle"),
    (
        sends_on_to("https://elsewhere.example/"),
        EngineUnavailableError,
        "sends on to another address",
    ),
    (events({"choices": "no list"}, [1, 2]), EngineError, "is not OpenAI's protocol"),
    (events({"error": {"message": "out of memory"}}), EngineError, "out of memory"),
    (status(400, {"error": {"message": CONTEXT}}), PromptTooLongError, "too long for the model"),
    (status(401, {"error": "no"}), EngineUnavailableError, "refuses the API key"),
    (status(429, {"detail": "slow down"}), EngineUnavailableError, "cannot answer now.*slow down"),
    (status(500, {"error": {"message": "x" * 5000}}), EngineError, "refused this"),
    (status(503, {}), EngineUnavailableError, "cannot answer now"),
]


@pytest.mark.parametrize(("answer", "kind", "sentence"), WRONG)
async def test_what_goes_wrong_is_one_sentence_and_the_next_request_works(
    answer: Answer, kind: type[EngineError], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_FIRST_PAUSE_SECONDS", 0.0)
    async with fake_endpoint(VLLM | {PATH: answer}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        with pytest.raises(kind, match=sentence) as caught:
            await client.generate(request())
        assert len(str(caught.value)) < 500
        assert "\n" not in str(caught.value)
        endpoint.answers[PATH] = FINE
        assert (await client.generate(request())).text == "fine"
        await client.close()


async def test_a_server_that_says_nothing_costs_its_deadline() -> None:
    async with fake_endpoint(VLLM | {PATH: says_nothing}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        await client.start()
        generation = await client.generate(request(deadline_ms=50))
        assert (generation.text, generation.finish) == ("", "deadline")
        await client.close()


async def test_without_a_deadline_silence_ends_as_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "_SILENCE_SECONDS", 0.05)
    async with fake_endpoint(VLLM | {PATH: says_nothing}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        with pytest.raises(EngineUnavailableError, match="did not answer in time"):
            await client.generate(request())
        await client.close()


async def begun(endpoint: FakeEndpoint, path: str = PATH) -> Exchange:
    """Return the exchange of the request that is under way."""
    while not endpoint.bodies(path):
        endpoint.asked.clear()
        await endpoint.asked.wait()
    return next(one for one in endpoint.exchanges if one.path == path)


async def test_at_the_deadline_what_came_so_far_is_the_answer_and_the_stream_is_closed() -> None:
    async with fake_endpoint(VLLM | {PATH: begins_and_waits}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        await client.start()
        generation = await client.generate(request(deadline_ms=1000))
        assert (generation.text, generation.finish) == ("so far", "deadline")
        await asyncio.wait_for((await begun(endpoint)).hung_up.wait(), 5)
        await client.close()


async def test_enough_and_a_cancel_close_the_stream() -> None:
    async with fake_endpoint(VLLM | {PATH: begins_and_waits}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        generation = await client.generate(request(), enough=lambda text: text == "so far")
        assert (generation.text, generation.finish) == ("so far", "enough")
        await asyncio.wait_for((await begun(endpoint)).hung_up.wait(), 5)
        endpoint.exchanges.clear()
        task = asyncio.create_task(client.generate(request()))
        exchange = await begun(endpoint)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(exchange.hung_up.wait(), 5)
        await client.close()


async def test_a_newer_request_of_the_document_closes_the_stream_of_the_older() -> None:
    async with fake_endpoint(VLLM | {PATH: begins_and_waits}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        older = asyncio.create_task(client.generate(request(supersedes="file:///a.py")))
        exchange = await begun(endpoint)
        endpoint.answers[PATH] = FINE
        newer = await client.generate(request(supersedes="file:///a.py"))
        assert (newer.text, newer.finish) == ("fine", "end")
        assert (await older).finish == "superseded"
        await asyncio.wait_for(exchange.hung_up.wait(), 5)
        await client.close()


async def test_a_request_gives_way_while_it_is_still_found_out_who_the_server_is() -> None:
    may_answer = asyncio.Event()

    async def lists_models_late(exchange: Exchange) -> None:
        await may_answer.wait()
        await status(200, VLLM["/v1/models"])(exchange)

    answers = VLLM | {"/v1/models": lists_models_late, PATH: FINE}
    async with fake_endpoint(answers) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        older = asyncio.create_task(client.generate(request(supersedes="file:///a.py")))
        await begun(endpoint, "/v1/models")
        late = await client.generate(request(deadline_ms=10))
        newer = asyncio.create_task(client.generate(request(supersedes="file:///a.py")))
        assert (await older).finish == "superseded"
        assert (late.text, late.finish) == ("", "deadline")
        may_answer.set()
        assert (await newer).text == "fine"
        assert len(endpoint.bodies(PATH)) == 1
        await client.close()


async def test_leaving_while_it_is_still_found_out_who_the_server_is() -> None:
    async with fake_endpoint(VLLM | {"/v1/models": says_nothing}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        assert (await client.generate(request(deadline_ms=10))).finish == "deadline"
        exchange = await begun(endpoint, "/v1/models")
        await client.close()
        await asyncio.wait_for(exchange.hung_up.wait(), 5)


async def test_a_server_that_answers_one_at_a_time_is_asked_one_at_a_time() -> None:
    async with fake_endpoint(LLAMA_CPP_PYTHON | {PATH: begins_and_waits}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        first = asyncio.create_task(client.generate(request()))
        exchange = await begun(endpoint)
        endpoint.answers[PATH] = FINE
        second = asyncio.create_task(client.generate(request()))
        waiting = await client.generate(request(deadline_ms=100))
        assert waiting.finish == "deadline"
        assert len(endpoint.bodies(PATH)) == 1
        first.cancel()
        assert (await second).text == "fine"
        await asyncio.wait_for(exchange.hung_up.wait(), 5)
        await client.close()


async def test_a_server_that_cannot_be_reached_is_left_alone_for_a_while() -> None:
    async with fake_endpoint(VLLM | {PATH: FINE}) as endpoint:
        url = endpoint.url
        states: list[object] = []
        client = EndpointClient(read_endpoint(url), states.append)
        await client.start()
        endpoint.answers[PATH] = hangs_up
        with pytest.raises(EngineUnavailableError):
            await client.generate(request())
        count = len(endpoint.exchanges)
        with pytest.raises(EngineUnavailableError, match="hung up without"):
            await client.generate(request())
        assert len(endpoint.exchanges) == count
        endpoint.answers[PATH] = FINE
        await client.restart()
        assert (await client.generate(request())).text == "fine"
        assert [type(state) for state in states] == [Ready, LoadFailed, Ready]
        await client.close()


async def test_nobody_at_the_address_is_one_sentence() -> None:
    async with fake_endpoint({}) as endpoint:
        url = endpoint.url
    with pytest.raises(EngineUnavailableError, match="No server can be reached"):
        await EndpointClient(read_endpoint(url)).start()


async def test_a_server_that_is_loading_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_LOAD_POLL_SECONDS", 0.0)
    loading = status(503, {"error": {"message": "Loading model"}})
    async with fake_endpoint({"/v1/models": loading}) as endpoint:
        states: list[object] = []

        def note(state: object) -> None:
            states.append(state)
            endpoint.answers |= VLLM

        client = EndpointClient(read_endpoint(endpoint.url), note)
        await client.start()
        assert [type(state) for state in states] == [Loading, Ready]
        await client.close()


async def test_the_key_is_sent_and_a_wrong_one_is_said() -> None:
    async with fake_endpoint(VLLM | {PATH: FINE}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url, "", "KEY", {"KEY": "sk-1"}))
        await client.generate(request())
        assert {one.headers["authorization"] for one in endpoint.exchanges} == {"Bearer sk-1"}
        await client.close()
    async with fake_endpoint({"/v1/models": status(401, {"error": "Unauthorized"})}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url, "", "KEY", {"KEY": "sk-1"}))
        with pytest.raises(EngineUnavailableError, match="apiKeyEnv") as caught:
            await client.start()
        assert "sk-1" not in str(caught.value)


async def test_a_kept_connection_that_the_server_closed_is_opened_anew() -> None:
    first = True

    async def closes_when_asked_first(exchange: Exchange) -> None:
        nonlocal first
        if first:
            first = False
            return  # without a word, as a server that has closed a kept connection
        await FINE(exchange)

    async with fake_endpoint(VLLM | {PATH: closes_when_asked_first}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        assert (await client.generate(request())).text == "fine"
        await client.close()


async def test_no_code_follows_a_redirect() -> None:
    async with fake_endpoint(VLLM | {PATH: FINE}) as elsewhere:
        answers = VLLM | {PATH: sends_on_to(elsewhere.url + PATH)}
        async with fake_endpoint(answers) as endpoint:
            client = EndpointClient(read_endpoint(endpoint.url))
            with pytest.raises(EngineUnavailableError, match="sends on to another address"):
                await client.generate(request())
            await client.close()
        assert elsewhere.exchanges == []


async def test_a_proxy_never_gets_what_is_meant_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with fake_endpoint(VLLM | {PATH: FINE}) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        assert (await client.generate(request())).text == "fine"
        await client.close()
