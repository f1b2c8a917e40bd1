"""The engine's socket is for one user: by the folder, by its own mode, and by the handshake."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Pipe
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from qwen_lsp import folders
from qwen_lsp.engine.address import Address, EngineOptions, options_to_json, read_address
from qwen_lsp.engine.channel import Channel

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a named pipe has no mode and no folder")

NOBODY = 65534
# What another user tries: to read the key, and to connect without it.
READ = "import sys; open(sys.argv[1].removesuffix('sock') + 'json')"
DIAL = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


@dataclass(frozen=True)
class Running:
    """An engine process of its own, whose model is missing: it stays some seconds to tell that."""

    address: Address
    process: "subprocess.Popen[bytes]"


@pytest.fixture
def engine(engine_home: Path) -> Iterator[Running]:
    """Start an engine as a careless shell would: with a umask that forbids nobody anything."""
    options = EngineOptions(engine_home / "missing.gguf")
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "qwen_lsp.engine.process"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        umask=0,
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(options_to_json(options).encode() + b"\n")
    address = read_address(options.key)
    while address is None and process.poll() is None:
        time.sleep(0.01)
        address = read_address(options.key)
    assert address is not None
    yield Running(address, process)
    process.kill()
    process.wait()


def modes(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_socket_and_address_are_open_to_their_user_alone(engine: Running) -> None:
    socket = Path(engine.address.address)
    assert modes(socket.parent) == 0o700
    assert modes(socket) == 0o600
    assert modes(socket.with_suffix(".json")) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("attempt", [READ, DIAL])
@pytest.mark.parametrize("is_folder_open", [False, True])
def test_another_user_can_neither_read_the_key_nor_connect(
    engine: Running, engine_home: Path, attempt: str, is_folder_open: bool
) -> None:
    socket = Path(engine.address.address)
    for folder in (engine_home, *socket.parents):
        if folder.is_relative_to(engine_home) and (is_folder_open or folder != socket.parent):
            folder.chmod(0o755)
    run = subprocess.run(
        ["/usr/bin/env", "python3", "-S", "-c", attempt, str(socket)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": "/usr/bin:/bin:/usr/local/bin"},
        user=NOBODY,
        group=NOBODY,
    )
    assert run.returncode == 1
    assert "PermissionError" in run.stderr


def test_who_has_another_key_is_hung_up_on(engine: Running) -> None:
    with pytest.raises(AuthenticationError):
        Client(engine.address.address, authkey=b"another")


class Evil:
    """Would make a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_nothing_that_comes_over_it_is_unpickled(engine: Running, tmp_path: Path) -> None:
    line = Client(engine.address.address, authkey=bytes.fromhex(engine.address.authkey))
    line.send(Evil(tmp_path / "in the engine"))
    with suppress(EOFError, ConnectionError):
        while True:
            line.recv_bytes()
    line.close()
    ours, theirs = Pipe()
    closed = Event()
    connection: Any = ours
    Channel(connection, lambda *_: None, lambda _: closed.set()).open()
    theirs.send(Evil(tmp_path / "in the client"))
    assert closed.wait(10)
    theirs.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_a_place_of_all_users_that_is_anothers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / ("x" * 80)))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = folders.engine_folder()
    assert folder.parent == tmp_path
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        folders.engine_folder()
