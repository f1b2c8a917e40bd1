"""Starts real servers of models, each on a free port of this machine and with a log of its own.

`.servers/` has their programs (install.sh). Options that a test adds come last on the command
line, so they win.
"""

import os
import socket
import subprocess
import sysconfig
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

ROOT = Path(__file__).parents[2]
SERVERS = ROOT / ".servers"
CONTEXT_TOKENS = 2048
# vLLM needs most: it is imported twice, for a minute each on a slow machine.
_START_SECONDS = 480
_STOP_SECONDS = 20
_LOG_TAIL = 3000
_PYTHON = SERVERS / "python" / "bin" / "python"


@dataclass(frozen=True)
class RealServer:
    """A running server: where it answers, what it calls its model, where it writes its log."""

    url: str
    model: str
    log: Path
    process: subprocess.Popen[bytes]


class ServerDidNotStartError(Exception):
    """A server ended or stayed silent; the message has the end of its log."""


@contextmanager
def llama_server(weights: Path, *options: str, ready: bool = True) -> Generator[RealServer]:
    """Run llama.cpp's server; not `ready` is while it still loads the model.

    `--parallel` requests at once share the context, so each of the two has CONTEXT_TOKENS.
    """
    name = "qwen2.5-coder-0.5b"
    command = [str(SERVERS / "bin" / "llama-server"), "--model", str(weights), "--alias", name]
    command += ["--ctx-size", str(2 * CONTEXT_TOKENS), "--parallel", "2", "--threads", "2"]
    path = "/health" if ready else None
    with _running("llama-server", name, [*command, *options], path) as server:
        yield server


@contextmanager
def llama_cpp_python(weights: Path, *options: str) -> Generator[RealServer]:
    """Run the server that comes with llama-cpp-python."""
    name = "qwen2.5-coder-0.5b"
    launcher = ROOT / "tests" / "servers" / "llama_cpp_server.py"
    command = [str(_PYTHON), str(launcher), sysconfig.get_path("purelib")]
    command += ["--model", str(weights), "--model_alias", name, "--n_threads", "2"]
    command += ["--n_ctx", str(CONTEXT_TOKENS)]
    with _running("llama-cpp-python", name, [*command, *options], "/v1/models") as server:
        yield server


@contextmanager
def transformers_serve(model: Path, *options: str) -> Generator[RealServer]:
    """Run `transformers serve` with the model in a folder; its name is the folder's path."""
    program = str(_PYTHON.with_name("transformers"))
    command = [program, "serve", str(model), "--device", "cpu", *options]
    alone = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(SERVERS / "hugging-face")}
    with _running("transformers-serve", str(model), command, "/health", alone) as server:
        yield server


@contextmanager
def vllm(model: Path, *options: str) -> Generator[RealServer]:
    """Run vLLM on the processor with the model in a folder, which it calls `tiny`."""
    command = [str(_PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", "tiny", "--max-model-len", str(CONTEXT_TOKENS)]
    command += ["--dtype", "float32", "--enforce-eager", *options]
    alone = {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB; otherwise it takes half of the memory
    }
    with _running("vllm", "tiny", command, "/health", alone) as server:
        yield server


@contextmanager
def _running(
    name: str,
    model: str,
    command: Sequence[str],
    ready_path: str | None,
    environment: Mapping[str, str] | None = None,
) -> Generator[RealServer]:
    port = _free_port()
    log = SERVERS / "logs" / f"{name}-{port}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    server = RealServer(f"http://127.0.0.1:{port}", model, log, process)
    try:
        _wait_until_it_answers(name, server, ready_path)
        yield server
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_until_it_answers(name: str, server: RealServer, ready_path: str | None) -> None:
    """Ask until a path is answered by 200, or where None is given, by anything."""
    deadline = time.monotonic() + _START_SECONDS
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if server.process.poll() is not None:
                why = f"ended with {server.process.returncode}"
                break
            try:
                answer = client.get(ready_path or "/health")
            except httpx2.TransportError:
                pass
            else:
                if ready_path is None or answer.is_success:
                    return
            time.sleep(0.1)
        else:
            why = f"did not answer within {_START_SECONDS} s"
    end = server.log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:]
    raise ServerDidNotStartError(f"{name} {why}. The end of {server.log}:\n{end}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it has started."""
    try:
        family = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        family = []
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in family:
        if child.is_running():
            child.kill()
    psutil.wait_procs(family, _STOP_SECONDS)
