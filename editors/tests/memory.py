"""How much memory a process of the server takes, with all that it has started."""

from contextlib import suppress

import psutil


def own_mib(process: psutil.Process) -> float:
    """Return the memory in MiB that would be free again without a process and its children.

    It is the proportional set size, which counts a page that several processes share by
    its share. The engine is no child of the server that happened to start it.
    """
    own_bytes = 0
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error):
            if not any("qwen_lsp.engine" in part for part in each.cmdline()):
                own_bytes += each.memory_full_info().pss
    return own_bytes / 2**20
