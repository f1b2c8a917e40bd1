"""Emacs with eglot: the commands of editors/emacs/qwen-lsp.el, in a real Emacs without a screen."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from editors.tests.home import MODEL_ID, ROOT, Home


def test_a_session(editor: Callable[[str], Path], home: Home, workspace: Path) -> None:
    mode = ROOT / "editors" / "emacs"
    session = ROOT / "editors" / "tests" / "emacs_session.el"
    command = [editor("emacs"), "-q", "--batch", "-L", mode, "-l", session, workspace / "shop.py"]
    env = {**home.env, "SESSION_MODEL": MODEL_ID}
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=400
    )
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    assert said.get("end") == "done", done.stdout + done.stderr
    assert MODEL_ID in said["mode line"]
    assert said["suggestion"].strip()
    assert said["type hints"].startswith("def total_price(")
    assert "find_article" in said["finding"]
    assert "while low <= high:" in said["fix"]
    assert len(said["explanation"]) > 20
    assert "paused" in said["paused"]


def test_it_compiles_without_a_warning(editor: Callable[[str], Path], tmp_path: Path) -> None:
    source = ROOT / "editors" / "emacs" / "qwen-lsp.el"
    copy = tmp_path / source.name
    copy.write_bytes(source.read_bytes())
    strict = ["--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile"]
    done = subprocess.run(
        [editor("emacs"), "-q", "--batch", *strict, copy],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
