"""A long working day of the real server: `python -m qwen_lsp.cli.soak --model FILE FOLDER`.

Python files of a folder are copied into a workspace of their own, and somebody works there for
`--minutes`: types lines again key by key, accepts and ignores suggestions, asks for actions,
reviews and explanations, saves, opens and closes. Every half minute it is noted what the server and
the processes below it hold. It fails where they hold more in the end than when they had settled, or
where something is left after the shutdown.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import psutil

from qwen_lsp.cli.editor import running_editor
from qwen_lsp.cli.soak_typist import Typist
from qwen_lsp.evaluation.soak_samples import (
    SETTLED_MINUTE,
    Sample,
    judge,
    processes_below,
    table,
    take_sample,
    to_line,
)

_LARGEST_FILE = 60_000
_START_SECONDS = 180.0


@dataclass(frozen=True)
class _Plan:
    model: str
    threads: int
    minutes: float
    every_seconds: float
    key_seconds: float
    seed: int
    into: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Work, and print the table; 1 where something grew or is left."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("folder", type=Path, help="where Python files are copied from")
    parser.add_argument("--model", required=True, help="the weights, a .gguf file")
    parser.add_argument("--threads", type=int, default=0, help="of the engine (0: find out)")
    parser.add_argument("--minutes", type=float, default=45.0)
    parser.add_argument("--settled", type=float, default=SETTLED_MINUTE, help="minute to compare")
    parser.add_argument("--every", type=float, default=30.0, help="seconds between samples")
    parser.add_argument("--key", type=float, default=0.12, help="seconds between keys, about")
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, required=True, help="file of the samples, JSON lines")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ql-soak-") as name:
        folder = Path(name).resolve()
        files = _copy(options.folder, folder / "workspace", options.files, options.seed)
        (folder / "tmp").mkdir()
        plan = _Plan(
            options.model,
            options.threads,
            options.minutes,
            options.every,
            options.key,
            options.seed,
            options.into,
        )
        environment = {"QWEN_LSP_HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp")}
        with mock.patch.dict(os.environ, environment):
            samples, left = asyncio.run(_run(folder / "workspace", files, plan))
        left += [str(path.relative_to(folder)) for path in _left_files(folder)]
    rows = judge(samples, options.settled)
    sys.stdout.write(table(samples, rows))
    sys.stdout.write(f"Left after the shutdown: {', '.join(left) or 'nothing'}.\n")
    return 0 if all(row.passed for row in rows) and not left else 1


def _copy(source: Path, workspace: Path, count: int, seed: int) -> dict[Path, str]:
    """Copy files of a middling size, drawn by the seed; return the copies and their texts."""
    fit = [
        path for path in sorted(source.rglob("*.py")) if 500 < path.stat().st_size < _LARGEST_FILE
    ]
    chance = random.Random(seed)  # noqa: S311 - a choice of files, not a secret
    copies: dict[Path, str] = {}
    for path in chance.sample(fit, min(count, len(fit))):
        copy = workspace / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copies[copy] = path.read_text(encoding="utf-8")
        copy.write_text(copies[copy], encoding="utf-8")
    return copies


async def _run(
    workspace: Path, files: dict[Path, str], plan: _Plan
) -> tuple[list[Sample], list[str]]:
    """Return the samples and the processes that are left after the shutdown."""
    ready = asyncio.Event()

    def note(status: dict[str, str]) -> None:
        if status["state"] in ("ready", "error"):
            ready.set()

    engine = {"shared": False, "threads": plan.threads}
    settings = {"model": plan.model, "modelPull": "never", "engine": engine}
    samples: list[Sample] = []
    async with running_editor(workspace, settings, note) as editor:
        editor.open(workspace / "first.py", "python", "")
        await asyncio.wait_for(ready.wait(), _START_SECONDS)
        typist = Typist(editor, files, plan.seed, plan.key_seconds)
        working = asyncio.ensure_future(typist.work())
        began = time.monotonic()
        with plan.into.open("w", encoding="utf-8") as file:
            minute = 0.0
            while minute < plan.minutes and not working.done():
                await asyncio.wait([working], timeout=plan.every_seconds)
                minute = (time.monotonic() - began) / 60
                sample = take_sample(os.getpid(), minute, dict(typist.counts))
                samples.append(sample)
                file.write(to_line(sample))
                file.flush()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        started = list(processes_below(os.getpid()).items())
    _, alive = psutil.wait_procs([process for _, process in started], timeout=20)
    return samples, [f"process {name}" for name, process in started if process in alive]


def _left_files(folder: Path) -> list[Path]:
    """Return the sockets, and whatever lies in the folder for temporary files."""
    sockets = [path for path in (folder / "home").rglob("*") if path.is_socket()]
    return sockets + list((folder / "tmp").rglob("*"))


if __name__ == "__main__":
    sys.exit(main())
