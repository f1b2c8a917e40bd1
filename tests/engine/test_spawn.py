"""Engine processes that are started, or prepared before it is known for what."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from qwen_lsp.engine import spawn
from qwen_lsp.engine.address import EngineOptions, options_to_json, publish
from qwen_lsp.engine.address import new_address as address_of

WAIT_SECONDS = 30


@pytest.fixture
def started(
    engine_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Return the list of all processes that were started; they are ended after the test."""
    assert engine_home.is_dir()
    processes: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(spawn, "_children", processes)
    yield processes
    spawn.dismiss()
    for process in processes:
        process.kill()
        process.wait()


def options(home: Path) -> str:
    """Return the options of an engine whose model is missing."""
    return options_to_json(EngineOptions(home / "missing.gguf"))


def test_a_prepared_process_becomes_the_engine(
    engine_home: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    spawn.prepare()
    (prepared,) = started
    assert spawn.start(options(engine_home)) is prepared
    prepared.wait(WAIT_SECONDS)
    assert "missing.gguf" in (engine_home / "log" / "engine.log").read_text()


def test_a_prepared_process_that_has_died_is_not_used(
    engine_home: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    spawn.prepare()
    prepared = started[0]
    prepared.kill()
    prepared.wait(WAIT_SECONDS)
    assert spawn.start(options(engine_home)) is not prepared


def test_a_prepared_process_that_is_not_needed_ends(
    started: list["subprocess.Popen[bytes]"],
) -> None:
    spawn.prepare()
    spawn.dismiss()
    assert started[0].wait(WAIT_SECONDS) == 0


def test_a_prepared_process_ends_with_whoever_prepared_it(engine_home: Path) -> None:
    assert engine_home.is_dir()
    code = "from qwen_lsp.engine import spawn; spawn.prepare(); print(spawn._prepared[0].pid)"
    command = [sys.executable, "-c", code]
    pid = int(subprocess.run(command, capture_output=True, check=True).stdout)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(WAIT_SECONDS)


def test_nothing_is_prepared_where_an_engine_can_be_joined(
    engine_home: Path, started: list["subprocess.Popen[bytes]"]
) -> None:
    found = EngineOptions(engine_home / "model.gguf")
    publish(found.key, address_of(found))
    spawn.prepare()
    assert not started


def test_an_engine_imports_nothing_of_the_server_and_its_features() -> None:
    code = (
        "import sys; import qwen_lsp.engine.process, qwen_lsp.engine.backends.llama_cpp;"
        "rooms = ('server', 'features', 'context', 'prompting', 'index', 'languages', 'models');"
        "others = {'lsprotocol', 'pygls', 'tree_sitter', 'huggingface_hub', 'rich'};"
        "others |= {f'qwen_lsp.{room}' for room in rooms};"
        "sys.exit(repr(others & set(sys.modules)) if others & set(sys.modules) else 0)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
