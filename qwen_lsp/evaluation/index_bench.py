"""Measuring the index of symbols: `python -m qwen_lsp.evaluation.index_bench`.

It writes Python workspaces of made-up code with 200 lines a file, builds the index of each with the
process that the server starts, and then reads single files again. Times are of this machine as it
is at the moment; the building process has the lowest priority.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import psutil

from qwen_lsp.index.build import update_file
from qwen_lsp.index.database import database_path

LINES = 200
_WORDS = ("account", "branch", "courier", "deposit", "export", "folder", "gateway", "holiday")
_TYPES = ("int", "str", "float", "bool", "list[str]", "dict[str, int]")
_UPDATES = 50
_COLUMNS = (
    "files",
    "lines",
    "build s",
    "processor s",
    "lines/s",
    "ms a file",
    "update ms, median / worst",
    "MiB RSS",
    "database MB",
)
_HEADER = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}\n"


def main(arguments: list[str] | None = None) -> int:
    """Print one line a size."""
    parser = argparse.ArgumentParser(prog="index_bench", description=__doc__)
    parser.add_argument("--files", type=int, nargs="+", default=[100, 1000, 5000])
    options = parser.parse_args(arguments)
    sys.stdout.write(_HEADER)
    for files in options.files:
        sys.stdout.write(measure(files) + "\n")
        sys.stdout.flush()
    return 0


def measure(files: int) -> str:
    """Return the row of one size."""
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "workspace", Path(name) / "home"
        lines = write_workspace(folder, files)
        environment = {"QWEN_LSP_HOME": str(home)}
        with mock.patch.dict(os.environ, environment):
            seconds, processor, peak = _build(folder)
            updates = [_update(folder, number) for number in range(_UPDATES)]
            size = database_path(folder).stat().st_size
    return (
        f"| {files} | {lines} | {seconds:.1f} | {processor:.1f} | {lines / seconds:.0f} | "
        f"{1000 * seconds / files:.2f} | {statistics.median(updates):.1f} / {max(updates):.1f} | "
        f"{peak / 2**20:.0f} | {size / 1e6:.1f} |"
    )


def write_workspace(folder: Path, files: int) -> int:
    """Write packages of 25 modules each that import from each other; return the lines written."""
    choice = random.Random(1)  # noqa: S311 - the same code each time
    lines = 0
    for number in range(files):
        package = folder / f"package_{number // 25}"
        package.mkdir(parents=True, exist_ok=True)
        text = made_module(number, choice)
        lines += text.count("\n")
        (package / f"module_{number}.py").write_text(text, encoding="utf-8")
    return lines


def made_module(number: int, choice: random.Random) -> str:
    """Return the text of one module, of `LINES` lines, that imports from others of its package."""
    near = number - number % 25
    others = [near + choice.randrange(25) for _ in range(4)]
    text = [f'"""Module {number} of a made-up program."""', "", "from dataclasses import dataclass"]
    text += [f"from package_{other // 25}.module_{other} import Thing{other}" for other in others]
    text += ["", f"LIMIT_{number} = {number}", "", "@dataclass", f"class Thing{number}:"]
    text += [f'    """Thing {number} knows its neighbours."""', ""]
    text += [f"    {word}: {choice.choice(_TYPES)}" for word in _WORDS]
    part = 0
    while len(text) < LINES - 12:
        word, kind = choice.choice(_WORDS), choice.choice(_TYPES)
        if part % 5 == 4:
            text += ["", f"class {word.title()}{part}(Thing{others[part % 4]}):"]
            text += [
                f'    """A {word} with a part."""',
                "",
                f"    def __init__(self, {word}: {kind}) -> None:",
            ]
            text += [f"        self.{word} = {word}", f"        self.thing = Thing{others[0]}()"]
        text += ["", f"    def {word}_{part}(self, first: {kind}, second: int = {part}) -> {kind}:"]
        text += [
            f'        """Return the {word} of the first."""',
            f"        total = second + {part}",
        ]
        text += ["        for index in range(total):", "            if index % 2 == 0:"]
        text += [f"                total += len(str(self.{word})) * index  # {word}"]
        text += ["        return first"]
        part += 1
    text += ["", f"def make_{number}(name: str) -> Thing{number}:", '    """Make one."""']
    text += [f"    values = [{number}, len(name)]", f"    return Thing{number}(*values)"]
    text += ["# end"] * (LINES - len(text))
    return "\n".join(text[:LINES]) + "\n"


def _build(folder: Path) -> tuple[float, float, int]:
    """Return seconds and processor seconds of a build, start included, and its most bytes."""
    command = [sys.executable, "-m", "qwen_lsp.index.process", str(folder)]
    start = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        peak, processor = 0, 0.0
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                peak = max(peak, watched.memory_info().rss)
                times = watched.cpu_times()
                processor = times.user + times.system
            except psutil.Error:
                break
            time.sleep(0.02)
        process.wait()
    return time.perf_counter() - start, processor, peak


def _update(folder: Path, number: int) -> float:
    """Return the milliseconds of reading one changed file again."""
    path = f"package_{number // 25}/module_{number}.py"
    with (folder / path).open("a", encoding="utf-8") as file:
        file.write(f"\nADDED = {number}\n")
    start = time.perf_counter()
    update_file(folder, path)
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    sys.exit(main())
