"""Real servers for the tests of this folder, each started once: real weights or a tiny model."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import real_servers
from tests.servers.real_servers import SERVERS, RealServer
from tests.servers.tiny_qwen2 import write_tiny_qwen2


@pytest.fixture(scope="session")
def installed_servers() -> Path:
    """Return the folder that install.sh fills; without it a test is skipped."""
    if not (SERVERS / ".ready").exists():
        reason = "the servers are not all there: tests/servers/install.sh fetches them or says why"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return SERVERS


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny Qwen2 with random weights, its name as a user might call it."""
    folder = tmp_path_factory.mktemp("models") / "tiny-qwen2"
    write_tiny_qwen2(folder)
    return folder


@pytest.fixture(scope="session")
def llama_server(installed_servers: Path, model_path: Path) -> Iterator[RealServer]:
    """Run llama.cpp's server with the real 0.5B model."""
    del installed_servers
    with real_servers.llama_server(model_path) as server:
        yield server


@pytest.fixture(scope="session")
def llama_cpp_python(installed_servers: Path, model_path: Path) -> Iterator[RealServer]:
    """Run the server of llama-cpp-python with the real 0.5B model."""
    del installed_servers
    with real_servers.llama_cpp_python(model_path) as server:
        yield server


@pytest.fixture(scope="session")
def transformers_serve(installed_servers: Path, tiny_model: Path) -> Iterator[RealServer]:
    """Run `transformers serve` with the tiny model."""
    del installed_servers
    with real_servers.transformers_serve(tiny_model) as server:
        yield server


@pytest.fixture(scope="session")
def vllm(installed_servers: Path, tiny_model: Path) -> Iterator[RealServer]:
    """Run vLLM with the tiny model."""
    del installed_servers
    with real_servers.vllm(tiny_model) as server:
        yield server
