"""Finds graphics processors with their memory, by asking the vendors' own tools and the kernel.

Whatever is missing, slow or says something unexpected counts as no GPU: this only advises. Whether
the installed llama.cpp can use a GPU is known to the engine, not here.
"""

import csv
import json
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

_TIMEOUT_SECONDS = 5
_MIB = 1 << 20


@dataclass(frozen=True)
class Gpu:
    """One graphics processor; `kind` is "nvidia", "amd" or "apple"."""

    name: str
    kind: str
    total_bytes: int
    free_bytes: int


def find_gpus(ram_total_bytes: int, ram_available_bytes: int) -> tuple[Gpu, ...]:
    """Return the GPUs of this machine, the one with the most free memory first."""
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return (apple_gpu(ram_total_bytes, ram_available_bytes),)
    found = read_nvidia_smi(ask_tool(*_NVIDIA_QUERY))
    found += read_rocm_smi(ask_tool(*_ROCM_QUERY)) or read_drm(Path("/sys/class/drm"))
    return tuple(sorted(found, key=lambda gpu: -gpu.free_bytes))


_NVIDIA_QUERY = (
    "nvidia-smi",
    "--query-gpu=name,memory.total,memory.free",
    "--format=csv,noheader,nounits",
)
_ROCM_QUERY = ("rocm-smi", "--showproductname", "--showmeminfo", "vram", "--json")


def ask_tool(name: str, *arguments: str) -> str:
    """Return what a tool prints, or nothing where it is missing, fails or takes too long."""
    path = shutil.which(name)
    # On Windows the current folder is searched too, and it may be somebody else's project.
    if path is None or Path(path).absolute().parent == Path.cwd():
        return ""
    try:
        done = subprocess.run(  # noqa: S603  # The arguments are constants of this module.
            [path, *arguments],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=_TIMEOUT_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")


def read_nvidia_smi(printed: str) -> list[Gpu]:
    """Read lines of name, total and free memory in MiB; a line that is not so is left out."""
    return [
        Gpu(row[0].strip(), "nvidia", int(row[1]) * _MIB, int(row[2]) * _MIB)
        for row in csv.reader(printed.splitlines(), skipinitialspace=True)
        if len(row) == 3 and row[1].strip().isdecimal() and row[2].strip().isdecimal()
    ]


def read_rocm_smi(printed: str) -> list[Gpu]:
    """Read the JSON of rocm-smi, whose memory is in bytes and whose values are all strings."""
    try:
        cards: Any = json.loads(printed)
    except ValueError:
        return []
    if not isinstance(cards, dict):
        return []
    found: list[Gpu] = []
    for fields in cast("dict[str, Any]", cards).values():
        try:
            total_bytes = int(fields["VRAM Total Memory (B)"])
            used_bytes = int(fields["VRAM Total Used Memory (B)"])
            name = str(fields.get("Card Series") or fields.get("Card series") or "AMD GPU")
        except (AttributeError, KeyError, TypeError, ValueError):
            continue
        found.append(Gpu(name, "amd", total_bytes, max(total_bytes - used_bytes, 0)))
    return found


def read_drm(folder: Path) -> list[Gpu]:
    """Read the memory that the amdgpu driver of Linux shows for each card below `folder`."""
    found: list[Gpu] = []
    for total in sorted(folder.glob("card*/device/mem_info_vram_total")):
        try:
            total_bytes = int(total.read_text("ascii"))
            used_bytes = int(total.with_name("mem_info_vram_used").read_text("ascii"))
        except (OSError, ValueError):
            continue
        found.append(Gpu("AMD GPU", "amd", total_bytes, max(total_bytes - used_bytes, 0)))
    return found


def apple_gpu(ram_total_bytes: int, ram_available_bytes: int) -> Gpu:
    """Return the GPU of Apple Silicon, which may use about two thirds of the memory."""
    usable_bytes = ram_total_bytes * 2 // 3
    return Gpu("Apple GPU", "apple", usable_bytes, min(usable_bytes, ram_available_bytes))
