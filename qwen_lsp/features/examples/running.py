"""Versions of a program on examples, in a process of its own with limits.

The program must be permitted (`permitted.py`). The process gets no environment and 5 s of time.
Each example may run 50,000 lines, so that what is found does not depend on how busy the machine is.
"""

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwen_lsp.features.examples.documented import Example
from qwen_lsp.features.examples.permitted import BUILTINS, MODULES

_CPU_SECONDS = 5
# A busy machine may take long over some seconds of work.
_WALL_SECONDS = 30
_MEMORY_BYTES = 2**30
_MOST_LINES = 50_000
_MOST_PROCESSES = 5
# These say that the surroundings were missing, and nothing of the function.
_UNCERTAIN = frozenset({"too long", "NameError", "ImportError", "KeyboardInterrupt", "MemoryError"})


@dataclass(frozen=True)
class Outcome:
    """What one version did with one example. `is_right` is None where that is not certain.

    `returned` is the value as Python writes it; `failed` the name of what was raised.
    """

    is_right: bool | None
    returned: str = ""
    failed: str = ""


async def run_versions(
    versions: Sequence[str],
    surroundings: str,
    examples: Sequence[Example],
    *,
    until_right: bool = False,
) -> list[list[Outcome]]:
    """Return the outcomes of each version of a function, an outcome for each example.

    With `until_right` the last one is the first version that makes all examples right. A version
    that takes the process down has no outcomes, and the next one goes on in a new process. After
    some of these it is given up, and the list is shorter.
    """
    found: list[list[Outcome]] = []
    for _ in range(_MOST_PROCESSES):
        if len(found) == len(versions):
            break
        job = {
            "versions": list(versions[len(found) :]),
            "surroundings": surroundings,
            "examples": [[example.call, example.expected] for example in examples],
            "until_right": until_right,
            "builtins": sorted(BUILTINS),
            "modules": {name: sorted(names) for name, names in MODULES.items()},
            "seconds": _CPU_SECONDS,
            "memory_bytes": _MEMORY_BYTES,
            "most_lines": _MOST_LINES,
        }
        lines = await _run(json.dumps(job))
        found += [[_outcome(one) for one in json.loads(line)] for line in lines]
        if until_right and found and found[-1] and all(one.is_right for one in found[-1]):
            break
        if len(found) < len(versions):
            found.append([])
    return found


async def _run(job: str) -> list[str]:
    """Return the lines that the process wrote for a job, until it ended or was ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-B", str(Path(__file__).with_name("child.py"))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=tempfile.gettempdir(),
        # Windows cannot start Python without it.
        env={name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ},
    )
    assert process.stdin is not None  # noqa: S101 - they are pipes
    assert process.stdout is not None  # noqa: S101
    lines: list[str] = []
    try:
        async with asyncio.timeout(_WALL_SECONDS):
            process.stdin.write(job.encode())
            process.stdin.write_eof()
            while line := await process.stdout.readline():
                lines.append(line.decode("utf-8", "replace"))
    except (TimeoutError, OSError):
        process.kill()  # what it has said so far counts
    except asyncio.CancelledError:
        process.kill()
        raise
    await process.wait()
    return [line for line in lines if line.endswith("\n")]


def _outcome(found: dict[str, object]) -> Outcome:
    failed = str(found.get("failed", ""))
    if failed:
        return Outcome(None if failed in _UNCERTAIN else False, failed=failed)
    is_right = found["is_right"]
    return Outcome(None if is_right is None else bool(is_right), returned=str(found["returned"]))
