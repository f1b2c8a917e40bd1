"""Starting processes that become engines.

Most of an engine's start is Python's imports. So one process can be prepared: it imports while
the language server does the same, and waits on its standard input for the options of the engine
that it is to be. This file is imported before all others, and imports next to nothing itself.
"""

import atexit
import contextlib
import os
import subprocess
import sys
import threading

from qwen_lsp.folders import engine_folder, log_folder

_Process = subprocess.Popen[bytes]

# Who has not needed the prepared process by then waits for something slow, such as a download.
_PREPARED_SECONDS = 30.0

# At most one; taken by a request or by the timer.
_prepared: list[_Process] = []
_taking = threading.Lock()
# Engines that this process started; they outlive it, but while it lives it must reap them.
_children: list[_Process] = []


@atexit.register
def _leave_children() -> None:
    # They go on by intent; without a return code Popen would warn that they still run.
    for child in _children:
        child.returncode = child.poll() or 0


def prepare() -> None:
    """Start a process ahead of `start`, unless there seems to be an engine that can be joined.

    It ends by itself where it is not needed within half a minute, and with this process.
    """
    try:
        if any(engine_folder().glob("*.json")):
            return
        _prepared.append(_new_process())
    except OSError:
        return  # whoever needs the engine meets the same reason, and tells it
    timer = threading.Timer(_PREPARED_SECONDS, dismiss)
    timer.daemon = True
    timer.start()


def start(options: str) -> _Process:
    """Start an engine that outlives this process; `options` are those of EngineOptions as JSON."""
    with _taking:
        child = _prepared.pop() if _prepared else None
    if child is not None and child.poll() is not None:
        _tell(child, "")
        child = None
    child = child or _new_process()
    _tell(child, f"{options}\n")
    return child


def dismiss() -> None:
    """Let the prepared process end, where it was not needed."""
    with _taking:
        while _prepared:
            _tell(_prepared.pop(), "")


def _tell(child: _Process, line: str) -> None:
    assert child.stdin is not None  # noqa: S101 - all of them have a pipe
    # A process that has ended meanwhile cannot be told; whoever waits for it sees its end.
    with contextlib.suppress(OSError), child.stdin as pipe:
        pipe.write(line.encode("ascii"))


def _new_process() -> _Process:
    environment = os.environ | {
        # Threads of libgomp that wait for work otherwise spin, and on a machine with other busy
        # processes a token then takes seconds instead of milliseconds.
        "GOMP_SPINCOUNT": "1000",
        "GGML_NO_BACKTRACE": "1",
    }
    log_folder().mkdir(parents=True, exist_ok=True)
    log_path = log_folder() / "engine.log"
    fresh = log_path.exists() and log_path.stat().st_size > 2**20
    _children[:] = [child for child in _children if child.poll() is None]
    with log_path.open("wb" if fresh else "ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "qwen_lsp.engine.process"],
            cwd=engine_folder(),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            # It does not hear the Ctrl-C of this process's terminal.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),
        )
    _children.append(child)
    return child
