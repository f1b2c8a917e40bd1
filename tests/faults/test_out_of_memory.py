"""The machine has no memory for the model: a sentence, and the next request with memory works."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from qwen_lsp.engine.address import EngineOptions, read_address
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.requests import Chat, EngineError, GenerateRequest, Message, Priority
from tests.faults.conftest import RealEditors

if sys.platform != "linux":
    pytest.skip("only Linux can take memory away from a process", allow_module_level=True)

import resource

LONG = GenerateRequest(Chat((Message("user", "Count. " * 100),)), 20, Priority.ACTION)


async def test_while_the_model_is_loaded(
    real_editor: RealEditors, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poor = tmp_path / "python"
    poor.write_text(f'#!/bin/sh\nulimit -v 400000\nexec {sys.executable} "$@"\n')
    poor.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(poor))
        async with real_editor(model) as editing:
            said = await editing.state("error")
            # The limit may be met by the process before it is met by the model.
            assert "there is not enough memory" in said or "could not be started" in said
            assert await editing.ask() == []
            patch.undo()
            await editing.restart_engine()
            await editing.state("ready")
            await editing.ask()
            assert "def total" in await editing.prompt()


async def test_while_it_works(engine_home: Path, model: Path) -> None:
    assert engine_home
    options = EngineOptions(model, context_tokens=4096, threads=1)
    client = EngineClient(options)
    await client.start()
    address = read_address(options.key)
    assert address is not None
    size = psutil.Process(address.pid).memory_info().vms
    resource.prlimit(address.pid, resource.RLIMIT_AS, (size // 2, size))
    for _ in range(2):
        try:
            await client.generate(LONG)
        except EngineError as error:
            assert str(error).endswith(".")  # noqa: PT017 - it may work, too
    os.kill(address.pid, 9)  # As the kernel does when memory runs out.
    with pytest.raises(EngineError, match=r"ended while it worked .*engine\.log"):
        await client.generate(LONG)
    assert (await client.generate(LONG)).finish == "length"
    await client.close()
    await stop_engines()
