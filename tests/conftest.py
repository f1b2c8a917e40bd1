"""The real model and its engine, for tests marked `model`.

`model_path` looks in the user's own folders before any test moves them, and fetches the model
where it is missing: tests of the model never skip. `engine_home` is a folder of one test's own,
short enough for a Unix socket. `engine_client` asks a real engine process and leaves none behind.
`hybrid_path` is a tiny model of Qwen 3.5's architecture with random weights.
"""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import pytest_asyncio

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.pace import default_threads
from qwen_lsp.engine.requests import Speed
from qwen_lsp.engine.speed import remember_speed
from qwen_lsp.models import catalogue, files
from tests.harness.random_models import tiny_qwen35

# A busy machine is slow, and not wrong.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

MODEL_ID = "qwen2.5-coder-0.5b"
# Given to engines of tests, so that what they do does not depend on how busy the machine is.
A_SPEED = Speed(prompt_speed=150.0, token_ms=20.0, verify_ms=100.0, verify_tokens=9)


@contextmanager
def temporary_home() -> Generator[Path]:
    """Keep the files of qwen-lsp in a new folder with a short path."""
    before = os.environ.get("QWEN_LSP_HOME")
    home = Path(tempfile.mkdtemp(prefix="ql-"))
    os.environ["QWEN_LSP_HOME"] = str(home)
    try:
        yield home
    finally:
        if before is None:
            del os.environ["QWEN_LSP_HOME"]
        else:
            os.environ["QWEN_LSP_HOME"] = before
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def users_home() -> str | None:
    """Return QWEN_LSP_HOME as the user has it; taken before any test sets it."""
    return os.environ.get("QWEN_LSP_HOME")


@pytest.fixture(scope="session")
def model_path(users_home: str | None) -> Path:
    """Return the weights of the 0.5B model, fetched once where they are missing."""
    card = catalogue.card(MODEL_ID)
    with pytest.MonkeyPatch.context() as patch:
        if users_home is None:
            patch.delenv("QWEN_LSP_HOME", raising=False)
        else:
            patch.setenv("QWEN_LSP_HOME", users_home)
        return files.find(card) or files.pull(card)


@pytest.fixture(scope="session")
def hybrid_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny hybrid model with random weights, of the architecture of Qwen 3.5."""
    return tiny_qwen35(tmp_path_factory.mktemp("random-models"))


@pytest.fixture
def engine_home() -> Iterator[Path]:
    """Keep the files of qwen-lsp in a folder of this test's own."""
    with temporary_home() as home:
        yield home


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    """Keep the files of qwen-lsp in a folder of this module's own."""
    with temporary_home() as home:
        yield home


@pytest.fixture(scope="module")
def engine_options(module_home: Path, model_path: Path) -> EngineOptions:
    """Return the options of the real engine that the tests of a module share."""
    assert module_home.is_dir()
    options = EngineOptions(model_path, context_tokens=4096, idle_minutes=1.0)
    remember_speed(replace(options, threads=default_threads()), A_SPEED)
    return options


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine_client(engine_options: EngineOptions) -> AsyncIterator[EngineClient]:
    """Ask a real engine; use it in tests marked `pytest.mark.asyncio(loop_scope="module")`."""
    client = EngineClient(engine_options)
    await client.start()
    try:
        yield client
    finally:
        await client.close()
        await stop_engines()
