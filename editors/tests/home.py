"""A home of one test's own for the server: its model, its environment, and what runs in it.

All that an editor starts inherits QWEN_LSP_HOME, so every process of a test can be found by it,
however it was detached.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from editors.tests.waiting import wait_until
from qwen_lsp.models import catalogue

ROOT = Path(__file__).parents[2]
MODEL_ID = "qwen2.5-coder-0.5b"
# What tests set beside the model. A machine that is busy with an editor of a gigabyte is slow, and
# not wrong: a suggestion has time to come, and little to read.
PATIENT: dict[str, Any] = {
    "model": MODEL_ID,
    "inlineCompletion.deadlineMs": 30_000,
    "context.maxTokens": 300,
}


@dataclass(frozen=True)
class Home:
    """`folder` is QWEN_LSP_HOME, `env` the whole environment for an editor."""

    folder: Path
    env: dict[str, str]

    @property
    def model_path(self) -> Path:
        """Return the weights, in the place where the server looks for them."""
        return self.folder / "data" / "models" / MODEL_ID / catalogue.card(MODEL_ID).file

    def command(self, *arguments: str) -> list[str]:
        """Return the argv of qwen-lsp; PYTHONPATH makes it this checkout's."""
        return [str(Path(sys.executable).parent / "qwen-lsp"), *arguments]

    def run(self, *arguments: str) -> str:
        """Return what qwen-lsp prints with these arguments."""
        command = self.command(*arguments)
        done = subprocess.run(
            command, env=self.env, stdout=subprocess.PIPE, timeout=120, check=False, text=True
        )
        return done.stdout

    def engines(self) -> list[dict[str, Any]]:
        """Return what each running engine says of itself."""
        return json.loads(self.run("engine", "status", "--json"))["engines"]

    def processes(self) -> list[psutil.Process]:
        """Return all processes that were started with this home, in no order."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("QWEN_LSP_HOME") == str(self.folder):
                    found.append(process)
        return found

    def servers(self) -> list[psutil.Process]:
        """Return the language servers, oldest first."""
        return self._with_argument("serve")

    def _with_argument(self, word: str) -> list[psutil.Process]:
        found: list[psutil.Process] = []
        for process in self.processes():
            with suppress(psutil.Error):
                line = process.cmdline()
                if word in line and any("qwen" in part for part in line):
                    found.append(process)
        return sorted(found, key=lambda process: process.create_time())


@contextmanager
def fresh_home(weights: Path | None) -> Generator[Home]:
    """Make a home with the model linked in, or with none; end what ran there and say what was left.

    Its path is short, because a Unix socket lies in it.
    """
    folder = Path(tempfile.mkdtemp(prefix="qe-"))
    scripts = Path(sys.executable).parent
    python_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    env = {
        **os.environ,
        "QWEN_LSP_HOME": str(folder),
        "GOMP_SPINCOUNT": "1000",
        "LC_ALL": "C.UTF-8",
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": python_path,
    }
    home = Home(folder, env)
    if weights is not None:
        home.model_path.parent.mkdir(parents=True)
        for name in (weights.name, f"{weights.name}.sha256"):
            (home.model_path.parent / name).symlink_to(weights.with_name(name))
    try:
        yield home
        home.run("engine", "stop")
        wait_until(lambda: not home.processes(), "all processes of the test have ended", 20)
    finally:
        for process in home.processes():
            with suppress(psutil.Error):
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)
