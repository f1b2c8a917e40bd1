"""Does a completed program pass its tests? Runs Python that a model has written.

The program runs in a process of its own, in an empty folder, without this process's environment,
with limits on its time and, where the system has them, on its memory and the size of its files.
That keeps accidents away, such as an endless loop. It is no wall against a program that means
harm: network and file system are as open as to any process of this user.
"""

import ast
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qwen_lsp.evaluation.infill_cases import InfillCase

CPU_SECONDS = 10
MEMORY_BYTES = 2**30
# A busy machine may take long over a few seconds of work.
_WALL_SECONDS = 60
_FILE_BYTES = 2**22

# The child limits itself before it reads a line of the program.
_LAUNCHER = """
import os, runpy, sys
try:
    import resource
except ImportError:
    resource = None
program, seconds, memory, size = sys.argv[1], *map(int, sys.argv[2:5])
if resource is not None:
    for name, value in (("CPU", seconds), ("AS", memory), ("FSIZE", size), ("CORE", 0)):
        try:
            resource.setrlimit(getattr(resource, "RLIMIT_" + name), (value, value))
        except (AttributeError, ValueError, OSError):
            pass
sys.argv = [program]
sys.path.insert(0, os.path.dirname(program))
runpy.run_path(program, run_name="__main__")
"""


@dataclass(frozen=True)
class Run:
    """How a program ended. `printed` is its standard output, UTF-8 with damage replaced."""

    is_done: bool
    printed: str


def passes(case: InfillCase, program: str) -> bool:
    """Say whether a program, the whole text with its hole filled, passes the tests of the case.

    The text that was there passes always, and without tests it is the only one that does, but for
    white space and, in Python, what the syntax tree does not show: the kind of quotes, and the
    order of keyword arguments.
    """
    if same_text(program, case.program):
        return True
    if case.check:
        return run_program(program + case.check).is_done
    if not case.examples:
        return same_code(program, case.program)
    for example in case.examples:
        run = run_program(program, example.given)
        words = [accepted.split() for accepted in example.accepted]
        if not run.is_done or run.printed.split() not in words:
            return False
    return True


def same_text(one: str, other: str) -> bool:
    """Say whether two texts are the same, but for white space at line ends and at their end."""
    return _trimmed(one) == _trimmed(other)


def same_code(one: str, other: str) -> bool:
    """Say whether two texts are the same code; see `passes`."""
    if "".join(one.split()) == "".join(other.split()):
        return True
    shapes = [_shape(one), _shape(other)]
    return shapes[0] is not None and shapes[0] == shapes[1]


def _shape(text: str) -> str | None:
    """Return Python's syntax tree with its keyword arguments sorted, None where it has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(text.strip())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords.sort(key=lambda keyword: keyword.arg or "")
    return ast.dump(tree)


def _trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().split("\n")]


def run_program(
    program: str,
    given: str = "",
    cpu_seconds: int = CPU_SECONDS,
    files: Mapping[str, str] | None = None,
) -> Run:
    """Run a Python program with `given` on its standard input, and `files` beside it by name."""
    with tempfile.TemporaryDirectory(prefix="ql-run-", ignore_cleanup_errors=True) as folder:
        for name, text in (files or {}).items():
            (Path(folder) / name).write_text(text, encoding="utf-8", errors="replace")
        path = Path(folder) / "program.py"
        path.write_text(program, encoding="utf-8", errors="replace")
        limits = [str(number) for number in (cpu_seconds, MEMORY_BYTES, _FILE_BYTES)]
        with subprocess.Popen(  # noqa: S603 - the point of this module; see its docstring
            [sys.executable, "-I", "-B", "-c", _LAUNCHER, str(path), *limits],
            cwd=folder,
            env=_bare_environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=os.name == "posix",
        ) as process:
            try:
                printed, _ = process.communicate(given.encode("utf-8"), timeout=_WALL_SECONDS)
            except subprocess.TimeoutExpired:
                _end(process)
                return Run(is_done=False, printed="")
        return Run(process.returncode == 0, printed.decode("utf-8", "replace"))


def _bare_environment(folder: str) -> dict[str, str]:
    # Windows cannot start Python without these.
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    return kept | {"HOME": folder, "PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the program and what it has started."""
    if sys.platform != "win32":
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
