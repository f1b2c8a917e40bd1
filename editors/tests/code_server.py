"""Starts code-server, VS Code's workbench in a browser, with nothing of an earlier run in it."""

import json
import os
import signal
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editors.tests.home import PATIENT, Home
from editors.tests.waiting import wait_until

# What would stand in the way of a test or of its picture: tips, other assistants, hot exit, which
# brings unsaved text of an earlier window back, and questions of other extensions.
_QUIET = {
    "chat.disableAIFeatures": True,
    "editor.fontFamily": "DejaVu Sans Mono",
    "editor.minimap.enabled": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "files.hotExit": "off",
    "git.enabled": False,
    "remote.autoForwardPorts": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "workbench.colorTheme": "Default Dark Modern",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.welcomePage.walkthroughs.openOnInstall": False,
}


def vscode_settings(home: Home) -> dict[str, Any]:
    """Return the extension's settings for a test: this checkout's server, and patience."""
    of_server = {f"qwenLsp.{name}": value for name, value in PATIENT.items()}
    return {"qwenLsp.server.path": home.command()[0], **of_server}


@dataclass(frozen=True)
class CodeServer:
    """A running code-server; each page that opens one of its addresses is a window of VS Code."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def address(self, workspace: Path, file: str, line: int = 1, column: int = 1) -> str:
        """Return the address of a new window with a file open at a place, counted from 1."""
        uri = f"vscode-remote://127.0.0.1:{self.port}{workspace / file}:{line}:{column}"
        payload = json.dumps([["openFile", uri], ["gotoLineMode", "true"]])
        query = urllib.parse.urlencode({"folder": str(workspace), "payload": payload})
        return f"http://127.0.0.1:{self.port}/?{query}"

    def settings(self, changes: dict[str, Any]) -> None:
        """Change settings, as if by hand in settings.json.

        Those of the extension go to the machine's: what a program of this machine is, is no matter
        for the browser's settings, as it would not be for those of a remote window.
        """
        for kind, own in (("User", False), ("Machine", True)):
            path = self.folder / "user" / kind / "settings.json"
            before: dict[str, Any] = json.loads(path.read_text("utf-8") if path.exists() else "{}")
            mine = {key: changes[key] for key in changes if key.startswith("qwenLsp.") == own}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(before | mine, indent=2), "utf-8")

    def logs(self) -> str:
        """Return what all windows and extensions have logged."""
        paths = sorted((self.folder / "user" / "logs").rglob("*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text('utf-8', 'replace')}" for path in paths)


@contextmanager
def code_server(
    program: Path, extension: Path | None, folder: Path, home: Home, settings: dict[str, Any]
) -> Generator[CodeServer]:
    """Run code-server with the extension (.vsix) and these settings; end it with all it started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = ["--user-data-dir", str(folder / "user"), "--extensions-dir", str(folder / "extensions")]
    own += ["--config", str(folder / "config.yaml")]
    # Without a gallery it asks nobody for extensions.
    env = {**home.env, "EXTENSIONS_GALLERY": "{}"}
    folder.mkdir(parents=True, exist_ok=True)
    if extension is not None:
        install = [str(program), *own, "--install-extension", str(extension)]
        subprocess.run(install, env=env, check=True, capture_output=True, timeout=120)
    with (folder / "code-server.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(program), *own, "--auth", "none", "--bind-addr", f"127.0.0.1:{port}"),
                *("--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"),
            ],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        server = CodeServer(port, folder, process)
        server.settings(_QUIET | settings)
        wait_until(lambda: _answers(port), "code-server answers")
        yield server
    finally:
        _end(process)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole group, because node leaves its children behind when it is killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            if sign == signal.SIGTERM:
                continue
            return
