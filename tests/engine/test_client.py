"""EngineClient, over a scripted engine in this process or over engines that do not work."""

import asyncio
import os
import sys
import threading
import time
from dataclasses import replace
from multiprocessing.connection import Listener
from pathlib import Path

import pytest

from qwen_lsp.engine.address import Address, EngineOptions, new_address, publish
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.messages import LoadFailed, Loading, Ready, encode
from qwen_lsp.engine.requests import (
    EngineError,
    EngineUnavailableError,
    GenerateRequest,
    Infill,
    Priority,
    PromptTooLongError,
)
from tests.engine.conftest import Serve, eventually
from tests.harness.scripted_backend import FACTS, ScriptedBackend


def request(name: str, supersedes: str = "") -> GenerateRequest:
    return GenerateRequest(Infill(name, ""), 10, Priority.TYPING, supersedes=supersedes)


async def until_called(backend: ScriptedBackend, name: str, count: int = 1) -> None:
    await eventually(lambda: backend.calls.count(name) >= count)


async def test_start_tells_the_states_and_the_facts(serve: Serve) -> None:
    loading = threading.Event()
    served = serve(ScriptedBackend(loading=loading))
    states: list[Loading | Ready | LoadFailed] = []

    def on_state(state: Loading | Ready | LoadFailed) -> None:
        states.append(state)
        loading.set()

    client = EngineClient(served.options, on_state)
    ready = await client.start()
    assert ready.facts == client.facts == FACTS
    assert isinstance(states[0], Loading)
    assert isinstance(states[-1], Ready)
    await client.close()


async def test_the_text_grows_for_whoever_watches_and_is_whole_in_the_end(serve: Serve) -> None:
    client = EngineClient(serve(ScriptedBackend({"x": ["a", "b", "c"]})).options)
    seen: list[str] = []
    generation = await client.generate(request("x"), on_text=seen.append)
    assert seen == ["a", "ab", "abc"]
    assert (generation.text, generation.finish) == ("abc", "end")
    await client.close()


async def test_requests_at_once_get_their_own_answers(serve: Serve) -> None:
    served = serve(ScriptedBackend({name: [name, name] for name in "abcdef"}))
    clients = [EngineClient(served.options) for _ in range(2)]
    asked = [client.generate(request(name)) for client in clients for name in "abcdef"]
    texts = [generation.text for generation in await asyncio.gather(*asked)]
    assert texts == ["aa", "bb", "cc", "dd", "ee", "ff"] * 2
    assert (await clients[0].status())["clients"] == 2
    for client in clients:
        await client.close()


async def test_clients_with_other_wishes_for_the_same_model_share_its_engine(serve: Serve) -> None:
    served = serve(ScriptedBackend({"x": ["a"]}))
    wishes = replace(
        served.options, context_tokens=64, threads=7, idle_minutes=9.0, drafts="off", gpu_layers=0
    )
    clients = [EngineClient(served.options), EngineClient(wishes)]
    for client in clients:
        assert (await client.generate(request("x"))).text == "a"
    status = await clients[1].status()
    assert (status["clients"], status["pid"], status["served"]) == (2, os.getpid(), 2)
    for client in clients:
        await client.close()


async def test_a_caller_who_has_enough_gets_the_text_so_far(serve: Serve) -> None:
    gate = threading.Event()
    client = EngineClient(serve(ScriptedBackend({"x": ["a", "b", gate, "c", "d"]})).options)
    seen: list[str] = []

    def enough(text: str) -> bool:
        seen.append(text)
        return text == "ab"

    task = asyncio.create_task(client.generate(request("x"), enough=enough))
    await eventually(lambda: "ab" in seen)
    await client.status()  # behind it, the engine has read that it was enough
    gate.set()
    generation = await task
    assert (generation.text, generation.finish) == ("ab", "enough")
    assert seen == ["a", "ab"]
    await client.close()


async def test_a_caller_who_has_enough_is_not_asked_again(serve: Serve) -> None:
    client = EngineClient(serve(ScriptedBackend({"x": list("abcdefghijklmnop")})).options)
    seen: list[str] = []

    def enough(text: str) -> bool:
        seen.append(text)
        return text == "ab"

    generation = await client.generate(request("x"), enough=enough)
    assert generation.text.startswith("ab")
    assert seen == ["a", "ab"]
    await client.close()


async def test_cancelling_the_task_ends_the_work(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"old": ["a", gate, "b", "c"], "new": ["n"]}))
    client = EngineClient(served.options)
    task = asyncio.create_task(client.generate(request("old")))
    await until_called(served.backend, "old", 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client.status()
    gate.set()
    assert (await client.generate(request("new"))).text == "n"
    assert served.backend.calls == ["old", "old", "new"]
    await client.close()


async def test_a_long_model_call_holds_up_nobody_behind_the_deadline(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"old": ["a", gate, "b", "c"], "new": ["n"]}))
    client = EngineClient(served.options)
    late = await client.generate(replace(request("old"), deadline_ms=50))
    assert (late.text, late.finish) == ("a", "deadline")
    await client.status()
    gate.set()
    assert (await client.generate(request("new"))).text == "n"
    assert served.backend.calls == ["old", "old", "new"]
    await client.close()


async def test_a_superseded_request_is_answered_too(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"old": [gate, "b"], "new": ["n"]}))
    client = EngineClient(served.options)
    old = asyncio.create_task(client.generate(request("old", "file")))
    await until_called(served.backend, "old")
    new = asyncio.create_task(client.generate(request("new", "file")))
    await asyncio.sleep(0)
    await client.status()
    gate.set()
    assert (await old).finish == "superseded"
    assert (await new).text == "n"
    await client.close()


async def test_errors_of_the_engine_arrive_as_their_kind(serve: Serve) -> None:
    client = EngineClient(serve(ScriptedBackend({"bad": [EngineError("It broke.")]})).options)
    with pytest.raises(EngineError, match=r"It broke\."):
        await client.generate(request("bad"))
    with pytest.raises(PromptTooLongError):
        await client.generate(request("word " * 99))
    await client.close()


async def test_a_failed_load_is_told_with_its_reason(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwen_lsp.engine.process._LINGER_SECONDS", 0.5)
    served = serve(ScriptedBackend(load_result=EngineError("It is damaged.")))
    states: list[Loading | Ready | LoadFailed] = []
    client = EngineClient(served.options, states.append)
    for _ in range(2):
        with pytest.raises(EngineUnavailableError, match=r"It is damaged\."):
            await client.generate(request("x"))
    assert states[-1] == LoadFailed("It is damaged.")
    await client.close()


async def test_after_failed_loads_the_reason_is_kept_and_no_engine_is_asked(
    engine_home: Path,
) -> None:
    options = EngineOptions(engine_home / "damaged.gguf")
    address = new_address(options)

    def fail_three_times() -> None:
        for _ in range(3):
            with listener.accept() as connection:
                connection.send_bytes(encode(LoadFailed("It is damaged.")))
        listener.close()

    listener = Listener(address.address, authkey=bytes.fromhex(address.authkey))
    thread = threading.Thread(target=fail_three_times)
    thread.start()
    publish(options.key, address)
    states: list[Loading | Ready | LoadFailed] = []
    client = EngineClient(options, states.append)
    for _ in range(3):
        with pytest.raises(EngineUnavailableError, match=r"It is damaged\."):
            await client.generate(request("x"))
        await eventually(lambda: client._connection is None)
    thread.join()
    states.clear()
    with pytest.raises(EngineUnavailableError, match=r"It is damaged\."):
        await client.generate(request("x"))
    assert states == [LoadFailed("It is damaged.")]


async def test_when_the_engine_ends_what_is_under_way_fails_with_a_sentence(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"x": ["a", gate, "b", "c"]}))
    states: list[Loading | Ready | LoadFailed] = []
    client = EngineClient(served.options, states.append)
    task = asyncio.create_task(client.generate(request("x")))
    await until_called(served.backend, "x", 2)
    served.engine.stop()
    gate.set()
    with pytest.raises(EngineUnavailableError, match=r"engine\.log") as caught:
        await task
    assert states[-1] == LoadFailed(str(caught.value))


async def test_closing_fails_what_is_under_way_and_leaves_the_engine(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"x": [gate, "a"], "y": ["b"]}))
    client, other = EngineClient(served.options), EngineClient(served.options)
    task = asyncio.create_task(client.generate(request("x")))
    await until_called(served.backend, "x")
    await client.close()
    with pytest.raises(EngineUnavailableError):
        await task
    gate.set()
    assert (await other.generate(request("y"))).text == "b"
    await other.close()


async def test_an_engine_that_dies_just_after_it_is_ready_keeps_nobody_waiting(
    engine_home: Path,
) -> None:
    options = EngineOptions(engine_home / "dies.gguf")
    address = new_address(options)
    hung_up = threading.Event()

    def die_when_ready() -> None:
        with listener.accept() as connection:
            connection.send_bytes(encode(Ready(FACTS, 0.0)))
        hung_up.set()

    def on_state(_state: object) -> None:
        # The loop is held until the reading thread has reported the end, too.
        assert hung_up.wait(10)
        time.sleep(0.2)

    with Listener(address.address, authkey=bytes.fromhex(address.authkey)) as listener:
        thread = threading.Thread(target=die_when_ready)
        thread.start()
        publish(options.key, address)
        client = EngineClient(options, on_state)
        async with asyncio.timeout(10):
            with pytest.raises(EngineUnavailableError):
                await client.generate(request("x"))
        thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script plays the interpreter")
async def test_engines_that_cannot_be_started_are_not_tried_for_every_keystroke(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = engine_home / "starts"
    script = engine_home / "python"
    script.write_text(f"#!/bin/sh\necho x >> {starts}\nexit 1\n", encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    client = EngineClient(EngineOptions(engine_home / "any.gguf"))
    for _ in range(6):
        with pytest.raises(EngineUnavailableError, match=r"engine\.log"):
            await client.generate(request("x"))
    assert starts.read_text(encoding="utf-8") == "x\n" * 3


async def test_a_stale_address_is_not_mistaken_for_an_engine(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = EngineOptions(engine_home / "any.gguf")
    gone = str(engine_home / "cache" / "engine" / "gone.sock")
    publish(options.key, Address(1, gone, "00", ""))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(EngineUnavailableError, match="could not be started"):
        await EngineClient(options).start()
