"""The engine as its clients meet it on the wire, with a scripted backend behind it."""

import os
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

from qwen_lsp.engine.messages import (
    AskStatus,
    Cancel,
    Done,
    Failed,
    Generate,
    LoadFailed,
    Loading,
    Ready,
    Status,
    Stop,
    Text,
)
from qwen_lsp.engine.requests import Chat, EngineError, GenerateRequest, Infill, Message, Priority
from tests.engine.conftest import WAIT_SECONDS, Serve, Served
from tests.harness.scripted_backend import FACTS, ScriptedBackend


def request(
    name: str, priority: Priority = Priority.ACTION, supersedes: str = ""
) -> GenerateRequest:
    return GenerateRequest(Infill(name, ""), 10, priority, supersedes=supersedes)


def until(condition: Callable[[], bool], message: str = "") -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end, message
        time.sleep(0.002)


def wait_for_calls(served: Served, name: str, count: int = 1) -> None:
    until(lambda: served.backend.calls.count(name) >= count, name)


def test_a_client_hears_how_far_loading_is_and_then_that_the_model_is_ready(serve: Serve) -> None:
    loading = threading.Event()
    served = serve(ScriptedBackend(loading=loading))
    line = served.line()
    assert isinstance(line.next(), Loading)
    loading.set()
    assert line.wait_for(Ready).facts == FACTS
    late = served.line()
    assert isinstance(late.next(), Ready)


def test_what_was_asked_while_loading_is_answered_afterwards(serve: Serve) -> None:
    loading = threading.Event()
    served = serve(ScriptedBackend({"early": ["a"]}, loading=loading))
    line = served.line()
    line.send(Generate(1, request("early")))
    line.send(AskStatus(2))
    assert line.wait_for(Status).status["state"] == "loading"
    loading.set()
    assert line.wait_for(Done).generation.text == "a"


def test_each_piece_is_sent_and_then_the_whole(serve: Serve) -> None:
    prompt = Chat((Message("system", "be brief"), Message("user", "hi")))
    line = serve(ScriptedBackend({"hi": ["ä", "\n", "b"]})).line()
    line.send(Generate(5, GenerateRequest(prompt, 10, Priority.ACTION)))
    assert [line.wait_for(Text) for _ in range(3)] == [Text(5, "ä"), Text(5, "\n"), Text(5, "b")]
    done = line.wait_for(Done)
    assert (done.id, done.generation.text, done.generation.finish) == (5, "ä\nb", "end")


def test_typing_in_one_window_goes_before_the_review_of_another(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"review": ["a", gate, "b", "c"], "typing": ["t"]}))
    reviewing, typing = served.line(), served.line()
    reviewing.send(Generate(1, request("review", Priority.REVIEW)))
    wait_for_calls(served, "review", 2)
    typing.send(Generate(1, request("typing", Priority.TYPING)))
    typing.send(AskStatus(9))
    typing.wait_for(Status)
    gate.set()
    assert typing.wait_for(Done).generation.text == "t"
    assert reviewing.wait_for(Done).generation.text == "abc"
    assert served.backend.calls == ["review", "review", "typing", "review", "review"]


def test_a_newer_keystroke_supersedes_only_in_its_own_window(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"old": [gate, "a"], "new": ["n"], "other": ["o"]}))
    line, other = served.line(), served.line()
    line.send(Generate(1, request("old", Priority.TYPING, "file")))
    wait_for_calls(served, "old")
    other.send(Generate(1, request("other", Priority.TYPING, "file")))
    line.send(Generate(2, request("new", Priority.TYPING, "file")))
    line.send(AskStatus(3))
    line.wait_for(Status)
    gate.set()
    first, second = line.wait_for(Done), line.wait_for(Done)
    assert (first.id, first.generation.finish) == (1, "superseded")
    assert (second.id, second.generation.text) == (2, "n")
    assert other.wait_for(Done).generation.finish == "end"


@pytest.mark.parametrize("had_enough", [False, True])
def test_a_cancelled_request_is_answered_with_what_there_is(serve: Serve, had_enough: bool) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"old": ["a", gate, "b"], "next": ["n"]}))
    line = served.line()
    line.send(Generate(1, request("old")))
    wait_for_calls(served, "old", 2)
    line.send(Cancel(1, had_enough))
    line.send(Cancel(99))
    line.send(Generate(2, request("next")))
    line.send(AskStatus(3))
    line.wait_for(Status)
    gate.set()
    generation = line.wait_for(Done).generation
    assert (generation.text, generation.finish) == ("a", "enough" if had_enough else "cancelled")
    assert line.wait_for(Done).generation.text == "n"


def test_a_failure_is_told_and_says_whether_the_prompt_was_too_long(serve: Serve) -> None:
    line = serve(ScriptedBackend({"bad": [EngineError("It broke.")]})).line()
    line.send(Generate(1, request("bad")))
    line.send(Generate(2, request("word " * 99)))
    assert line.wait_for(Failed) == Failed(1, "It broke.", too_long=False)
    too_long = line.wait_for(Failed)
    assert (too_long.id, too_long.too_long) == (2, True)


def test_the_jobs_of_a_client_that_vanishes_are_ended(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"running": [gate, "b"], "queued": ["c"], "mine": ["m"]}))
    gone, stays = served.line(), served.line()
    gone.send(Generate(1, request("running")))
    gone.send(Generate(2, request("queued")))
    wait_for_calls(served, "running")
    stays.send(Generate(1, request("mine")))
    gone.channel.close()

    def alone() -> bool:
        stays.send(AskStatus(7))
        return stays.wait_for(Status).status["clients"] == 1

    until(alone)
    gate.set()
    assert stays.wait_for(Done).generation.text == "m"
    assert served.backend.calls == ["running", "mine"]


def test_a_failed_load_reaches_every_client_and_ends_the_engine(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwen_lsp.engine.process._LINGER_SECONDS", 0.5)
    loading = threading.Event()
    served = serve(ScriptedBackend(load_result=EngineError("It is damaged."), loading=loading))
    lines = [served.line(), served.line()]
    for line in lines:
        assert isinstance(line.next(), Loading)
    loading.set()
    for line in [*lines, served.line()]:
        assert line.wait_for(LoadFailed).reason == "It is damaged."
    served.thread.join(WAIT_SECONDS)
    assert not served.thread.is_alive()


def test_the_status_says_what_the_engine_does(serve: Serve) -> None:
    gate = threading.Event()
    served = serve(ScriptedBackend({"one two": ["a"], "held": [gate]}))
    line = served.line()
    line.send(Generate(1, request("one two")))
    line.wait_for(Done)
    line.send(Generate(2, request("held")))
    wait_for_calls(served, "held")
    line.send(AskStatus(3))
    status = line.wait_for(Status).status
    gate.set()
    expected = {
        "pid": os.getpid(),
        "model": "scripted",
        "model_path": str(served.options.model_path),
        "state": "ready",
        "clients": 1,
        "waiting": 1,
        "served": 1,
        "prompt_tokens": 2,
        "reused_share": 0.5,
        "generated_tokens": 1,
        "context_tokens": FACTS.context_tokens,
    }
    assert {name: status[name] for name in expected} == expected
    assert status["memory_bytes"] > 0


def test_stop_hangs_up_on_every_client(serve: Serve) -> None:
    served = serve(ScriptedBackend())
    first, second = served.line(), served.line()
    for line in (first, second):
        line.wait_for(Ready)
    first.send(Stop())
    assert first.next() is None
    assert second.next() is None
    served.thread.join(WAIT_SECONDS)
    assert not served.thread.is_alive()


def test_a_wrong_key_is_refused_and_the_engine_goes_on(serve: Serve) -> None:
    served = serve(ScriptedBackend({"x": ["y"]}))
    with pytest.raises(AuthenticationError):
        Client(served.address.address, authkey=b"wrong")
    line = served.line()
    line.send(Generate(1, request("x")))
    assert line.wait_for(Done).generation.text == "y"


@pytest.mark.parametrize(
    "data", [b"", b"\xff" * 64, b"\x00\x00\x00\x04junk", b"GET / HTTP/1.1\r\n"]
)
def test_a_peer_that_is_silent_or_talks_nonsense_holds_up_nobody(serve: Serve, data: bytes) -> None:
    served = serve(ScriptedBackend({"x": ["y"]}))
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(served.address.address)
        stranger.sendall(data)
        for number in range(2):
            line = served.line()
            line.send(Generate(number, request("x")))
            assert line.wait_for(Done).generation.text == "y"


def test_a_client_that_sends_garbage_is_hung_up_on_and_the_others_go_on(serve: Serve) -> None:
    served = serve(ScriptedBackend({"x": ["y"]}))
    line = served.line()
    with served.dial() as bad:
        bad.send_bytes(b'{"message": "Generate", "id": 1}')
        with pytest.raises((EOFError, ConnectionError)):
            [bad.recv_bytes() for _ in range(5)]  # the states, and then the end
    line.send(Generate(1, request("x")))
    assert line.wait_for(Done).generation.text == "y"


def test_a_client_that_does_not_read_does_not_keep_the_engine_from_ending(serve: Serve) -> None:
    before = set(threading.enumerate())
    served = serve(ScriptedBackend({"big": ["x" * 10_000_000]}))
    with served.dial() as deaf:
        line = served.line()
        deaf.send_bytes(
            b'{"message": "Generate", "id": 1, "request": {"prompt": {"kind": "Infill",'
            b' "prefix": "big", "suffix": ""}, "max_tokens": 1, "priority": 1}}'
        )
        wait_for_calls(served, "big")
        line.send(Stop())
        served.thread.join(WAIT_SECONDS)
        assert not served.thread.is_alive()

        mine = {line.channel._reader, line.channel._writer}

        def closed() -> bool:
            new = set(threading.enumerate()) - before - mine
            return not any(thread.name.startswith("channel") for thread in new)

        until(closed, "the channel of the deaf client stays open")


def test_the_engine_leaves_when_nobody_is_there(serve: Serve) -> None:
    served = serve(ScriptedBackend(), idle_minutes=0.005)
    line = served.line()
    line.wait_for(Ready)
    served.thread.join(0.7)
    assert served.thread.is_alive(), "it left although a client was connected"
    line.channel.close()
    served.thread.join(WAIT_SECONDS)
    assert not served.thread.is_alive()
