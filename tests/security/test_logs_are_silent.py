"""Errors that nobody expected are logged by kind and place: their words may quote code."""

import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend
from qwen_lsp.engine.requests import EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.engine.scheduler import Job, Scheduler
from qwen_lsp.prompting.render import render
from qwen_lsp.prompting.templates import TemplateFileError, read_template
from tests.harness.scripted_backend import ScriptedBackend

CODE = "kanarienvogel = 'ghp_kanarienvogel'"


def run(code: str, *, stdin: str = "", module: str = "") -> str:
    """Return what a Python process writes to stderr."""
    what = ["-m", module] if module else ["-c", code]
    command = [sys.executable, "-P", *what]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=60, check=False
    ).stderr


def test_what_ends_the_server_its_threads_and_its_tasks() -> None:
    said = run(f"""
import asyncio, threading
import qwen_lsp.server.app as app
from qwen_lsp.server import boundary

def fail(*_):
    raise ValueError({CODE!r})

class Protocol:
    def set_writer(self, writer): ...
    def stop(self): ...
    async def serve(self, reader):
        asyncio.get_running_loop().call_soon(fail)
        task = asyncio.create_task(self.fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return 0
    async def fail(self):
        fail()

class Server:
    protocol = Protocol()
    process_id = None

def run_stdio(server):
    asyncio.run(boundary._serve_descriptors(Server(), 0, 1))
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    fail()

app.run_stdio = run_stdio
app.serve()
""")
    assert said.count("a task failed with ValueError") == 2
    assert "a thread failed with ValueError" in said
    assert "the process failed with ValueError" in said
    assert "kanarienvogel" not in said


def test_what_ends_the_engine() -> None:
    options = f'{{"model_path": "a.gguf", "threads": "{CODE}"}}\n'
    said = run("", stdin=options, module="qwen_lsp.engine.process")
    assert "the process failed with ValueError" in said
    assert "kanarienvogel" not in said


@pytest.mark.parametrize("piece", [ValueError(CODE), KeyError(CODE)])
def test_a_model_call_that_fails(caplog: pytest.LogCaptureFixture, piece: Exception) -> None:
    told: list[str] = []

    def job(name: str) -> Job:
        request = GenerateRequest(Infill(name, "", ""), 4, Priority.TYPING)
        return Job(request, "", told.append, lambda _: None, failed)

    def failed(error: EngineError) -> None:
        told.append(str(error))
        if len(told) == 2:
            scheduler.stop()

    scheduler = Scheduler(ScriptedBackend({"call": [piece]}))
    scheduler.submit(job("call"))
    scheduler.submit(job(CODE))  # The script does not know it, and says so in a KeyError.
    with caplog.at_level(logging.INFO):
        scheduler.run()
    assert told == ["The engine could not do this; its log says why."] * 2
    assert f"a model call failed with {type(piece).__name__}" in caplog.text
    assert "the beginning of a request failed with KeyError" in caplog.text
    assert "kanarienvogel" not in caplog.text


def test_a_grammar_that_llama_cpp_cannot_read(
    hybrid_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    backend = LlamaCppBackend(EngineOptions(hybrid_path, context_tokens=1024, threads=1))
    backend.load(lambda _done: None)
    request = GenerateRequest(
        Infill("", "", ""), 4, Priority.REVIEW, reply_grammar=f'root ::= "{CODE}'
    )
    with pytest.raises(EngineError) as refused:
        backend.begin(request)
    backend.close()
    assert "kanarienvogel" not in str(refused.value)
    assert "kanarienvogel" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("expression", ["code | int + 1", "{}[code]", "code.missing", "code + 1"])
def test_a_template_that_cannot_be_filled_in(tmp_path: Path, expression: str) -> None:
    path = tmp_path / "mine" / "1.md"
    path.parent.mkdir()
    path.write_text(
        '+++\ntitle = "x"\nkind = "chat"\n+++\n{% block system %}{% endblock %}'
        "{% block user %}{{ " + expression + " }}{{ unknown }}{% endblock %}"
    )
    variables: dict[str, Any] = {"code": CODE}
    with pytest.raises(TemplateFileError) as refused:
        render(read_template(path, tmp_path), variables)
    assert "kanarienvogel" not in str(refused.value)


def test_an_author_is_told_the_name_that_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "mine" / "1.md"
    path.parent.mkdir()
    path.write_text(
        '+++\ntitle = "x"\nkind = "chat"\n+++\n{% block system %}{% endblock %}'
        "{% block user %}{{ unknown }}{% endblock %}"
    )
    with pytest.raises(TemplateFileError, match="'unknown' is undefined"):
        render(read_template(path, tmp_path), {})
