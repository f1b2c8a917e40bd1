"""How much memory a process of the server takes, with all that it has started."""

from contextlib import suppress
from pathlib import Path

import psutil


def own_mib(process: psutil.Process) -> float:
    """Return the memory in MiB that would be free again without a process and its children.

    It is the proportional set size, which counts a page that several processes share by its share
    (Linux's smaps_rollup). The engine is no child of the server that happened to start it.
    """
    pages_kb = 0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error, OSError):
            if any("qwen_lsp.engine" in part for part in each.cmdline()):
                continue
            lines = Path(f"/proc/{each.pid}/smaps_rollup").read_text("ascii").splitlines()
            pages_kb += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return pages_kb / 1024
