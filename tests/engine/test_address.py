"""How engines are found, and what control does with those that are gone."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from qwen_lsp.engine import address
from qwen_lsp.engine.address import (
    Address,
    EngineOptions,
    address_path,
    is_running,
    lock_path,
    new_address,
    publish,
    published_keys,
    read_address,
    running_engines,
    wait_for_end,
)
from qwen_lsp.engine.control import ask_status, stop_engines
from qwen_lsp.engine.messages import PROTOCOL
from qwen_lsp.folders import engine_folder
from tests.engine.conftest import Serve
from tests.harness.scripted_backend import ScriptedBackend

pytestmark = pytest.mark.usefixtures("engine_home")


@contextmanager
def bystander() -> Generator[psutil.Process]:
    """A process that has nothing to do with an engine, whatever an old file says of its id."""
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command) as child:
        yield psutil.Process(child.pid)
        child.kill()


def test_what_is_published_is_read() -> None:
    options = EngineOptions(Path("models/Bücher/a.gguf"))
    address = new_address(options)
    assert read_address(options.key) is None
    publish(options.key, address)
    assert read_address(options.key) == address
    assert published_keys() == [options.key]
    assert address.pid == os.getpid()
    if os.name == "posix":
        assert address_path(options.key).stat().st_mode & 0o777 == 0o600
        assert engine_folder().stat().st_mode & 0o777 == 0o700


def test_publishing_again_replaces_and_leaves_nothing_else_behind() -> None:
    for pid in (1, 2):
        publish("key", Address(pid, "somewhere", "00", "m"))
    assert read_address("key") == Address(2, "somewhere", "00", "m")
    assert [path.name for path in engine_folder().iterdir()] == ["key.json"]


def test_publishing_clears_what_a_killed_engine_left() -> None:
    for name in ("key.99.new", "other.99.new"):
        (engine_folder() / name).touch()
    publish("key", Address(1, "somewhere", "00", "m"))
    assert {path.name for path in engine_folder().iterdir()} == {"key.json", "other.99.new"}


@pytest.mark.parametrize(
    "content", ["", '{"pid": 1, "addr', "null", "[1]", '{"pid": 1}', "\ufffd", '{"more": 1}']
)
def test_half_an_address_is_none(content: str) -> None:
    address_path("half").write_text(content, encoding="utf-8")
    assert read_address("half") is None
    assert running_engines() == []


def test_every_model_file_has_a_key_of_its_own() -> None:
    here = EngineOptions(Path("a.gguf"))
    assert here.key == EngineOptions(Path("a.gguf").absolute(), threads=3).key
    assert here.key != EngineOptions(Path("b.gguf")).key
    assert EngineOptions(Path("a\udcff.gguf")).key != here.key


def test_a_peer_of_another_protocol_or_release_has_another_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert PROTOCOL == 4
    options = EngineOptions(Path("a.gguf"))
    keys = {options.key}
    monkeypatch.setattr(address, "PROTOCOL", PROTOCOL + 1)
    keys.add(options.key)
    monkeypatch.setattr(address, "__version__", "99.0")
    keys.add(options.key)
    assert len(keys) == 3


def test_two_engines_have_different_keys_for_the_handshake() -> None:
    options = EngineOptions(Path("a.gguf"))
    assert new_address(options).authkey != new_address(options).authkey


def test_an_engine_runs_as_long_as_its_lock_is_held() -> None:
    publish("key", Address(os.getpid(), "nowhere", "00", "/m.gguf"))
    assert not is_running("key")
    assert running_engines() == []
    with FileLock(lock_path("key")):
        assert is_running("key")
        assert running_engines() == ["/m.gguf"]
    assert not is_running("key")


def test_an_engine_that_does_not_end_by_itself_is_killed() -> None:
    with bystander() as process, FileLock(lock_path("key")):
        wait_for_end("key", process.pid, 0.1)
        process.wait(10)


def test_an_engine_that_ends_in_time_is_not_killed() -> None:
    lock = FileLock(lock_path("key"), thread_local=False)
    lock.acquire()
    with bystander() as process:
        threading.Timer(0.2, lock.release).start()
        wait_for_end("key", process.pid, 10)
        with pytest.raises(psutil.TimeoutExpired):
            process.wait(0.2)


async def test_a_stale_address_is_removed_and_the_process_that_has_its_id_now_lives_on() -> None:
    with bystander() as process:
        publish("old", Address(process.pid, str(engine_folder() / "old.sock"), "00", "m"))
        assert await ask_status() == []
        assert await stop_engines() == []
        assert process.is_running()
    assert published_keys() == []


async def test_control_sees_and_stops_a_running_engine(serve: Serve) -> None:
    served = serve(ScriptedBackend())
    lock = FileLock(lock_path(served.options.key), thread_local=False)
    lock.acquire()

    def release_at_the_end() -> None:
        served.thread.join()
        lock.release()

    threading.Thread(target=release_at_the_end).start()
    publish("stale", Address(1, str(engine_folder() / "stale.sock"), "00", "m"))
    (status,) = await ask_status()
    assert status["model_path"] == str(served.options.model_path)
    assert await stop_engines() == [os.getpid()]
    assert not served.thread.is_alive()
    assert published_keys() == []


def test_a_reader_never_sees_half_of_a_file_that_is_being_published() -> None:
    address = Address(1, "somewhere", "00" * 500, "m" * 5000)
    publish("key", address)
    ends = time.monotonic() + 0.3

    def write() -> None:
        while time.monotonic() < ends:
            publish("key", address)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        assert json.loads(address_path("key").read_text(encoding="utf-8"))["pid"] == 1
    thread.join()
