"""The server over real pipes: its output, its exit codes, and whose stdin and stdout they are."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import IO, Any

import pytest

from qwen_lsp.server import wire
from tests.harness.lsp_client import initialize_params


def test_a_pipe_may_take_a_message_in_parts(monkeypatch: pytest.MonkeyPatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    end, start = os.pipe()
    writer = wire.ThreadWriter(start, on_lost=lambda: None)
    writer.write(b"one two three ")
    writer.write(b"four five")
    writer.close()
    assert os.read(end, 100) == b"one two three four five"
    os.close(end)
    os.close(start)


PROGRAM = textwrap.dedent("""
    import os, subprocess, sys
    from qwen_lsp.server.boundary import make_server, run_stdio
    server = make_server("test", "1")

    @server.feature("test/big")
    def big(_):
        print("a stray print")
        os.write(1, b"a stray write\\n")
        child = [sys.executable, "-c", "print('a stray child', input())"]
        subprocess.run(child, timeout=5)
        for number in range(40):
            server.protocol.notify("test/part", {"number": number, "text": "x" * 50_000})
        return "done"

    @server.feature("test/alive")
    def alive(_):
        print("alive", flush=True)

    os.set_blocking(0, False)
    os.set_blocking(1, False)
    sys.exit(run_stdio(server))
""")


@contextmanager
def program() -> Generator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", PROGRAM]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        # A server that is stuck must fail its test, not hold up all others.
        alarm = threading.Timer(15, process.kill)
        alarm.start()
        try:
            yield process
        finally:
            alarm.cancel()
            process.kill()


def send(process: subprocess.Popen[bytes], **message: Any) -> None:
    assert process.stdin
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    process.stdin.flush()


def receive(stream: IO[bytes]) -> Any:
    header = stream.readline()
    assert header.startswith(b"Content-Length: "), header
    assert stream.readline() == b"\r\n"
    return json.loads(stream.read(int(header.split()[1])))


def test_stdout_carries_only_the_protocol_in_order_and_whole_however_slow_the_reader():
    with program() as process:
        assert process.stdout
        assert process.stderr
        send(process, id=1, method="initialize", params=initialize_params())
        assert receive(process.stdout)["id"] == 1
        # 2 MB go into a pipe of 64 kB that nobody reads, and the server still listens.
        send(process, id=2, method="test/big", params={})
        send(process, method="test/alive", params={})
        errors = b""
        while not errors.endswith(b"alive\n"):
            line = process.stderr.readline()
            assert line, "the server was stuck"
            errors += line
        send(process, id=3, method="shutdown")
        send(process, method="exit")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        parts = [receive(process.stdout)["params"] for _ in range(40)]
        assert [part["number"] for part in parts] == list(range(40))
        assert receive(process.stdout)["result"] == "done"
        assert receive(process.stdout)["id"] == 3
        assert process.stdout.read() == b""
        # Our end of stdin is still open.
        assert process.wait(10) == 0
    assert b"a stray print" in errors
    assert b"a stray write" in errors
    assert b"EOFError" in errors  # The child found an empty stdin, not the editor's messages.


@pytest.mark.parametrize("how", ["exit", "stdin closed", "stdout closed"])
def test_without_shutdown_the_exit_code_is_1(how: str):
    with program() as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        send(process, id=1, method="initialize", params=initialize_params())
        receive(process.stdout)
        if how == "exit":
            send(process, method="exit")
        elif how == "stdin closed":
            process.stdin.close()
        else:
            process.stdout.close()
            send(process, id=2, method="test/unknown")
        assert process.wait(10) == 1
        assert process.stderr.read() == b""
