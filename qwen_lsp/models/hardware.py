"""What this machine has that decides which model fits: memory, cores, CPU features and GPUs."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil

from qwen_lsp.models.gpus import Gpu, ask_tool, find_gpus

# Our names, and what /proc/cpuinfo of Linux calls them.
_FEATURES = {
    "AVX2": "avx2",
    "FMA": "fma",
    "F16C": "f16c",
    "AVX512": "avx512f",
    "AVX512-VNNI": "avx512_vnni",
    "NEON": "asimd",
    "DOTPROD": "asimddp",
    "I8MM": "i8mm",
}
# Where a container's memory limit is written, in cgroups of version 2 and 1.
_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


@dataclass(frozen=True)
class Hardware:
    """One look at a machine. The free amounts were true at that moment.

    `gpu_offload` says whether the installed llama.cpp can use a GPU; None where nobody asked it.
    """

    system: str
    cpu: str
    cpu_features: frozenset[str]
    cores: int
    ram_total_bytes: int
    ram_available_bytes: int
    gpus: tuple[Gpu, ...]
    gpu_offload: bool | None = None

    @property
    def best_gpu(self) -> Gpu | None:
        """Return the GPU with the most free memory, or None where no GPU can be used."""
        if self.gpu_offload is False or not self.gpus:
            return None
        return max(self.gpus, key=lambda gpu: gpu.free_bytes)


def detect(gpu_offload: bool | None = None) -> Hardware:
    """Look at this machine. Takes a few seconds at worst, where a vendor's tool hangs."""
    memory = psutil.virtual_memory()
    limit_bytes = read_memory_limit(_LIMITS) or memory.total
    total_bytes = min(memory.total, limit_bytes)
    available_bytes = min(memory.available, limit_bytes)
    name, features = _cpu()
    return Hardware(
        system=f"{platform.system()} {platform.machine()}",
        cpu=name,
        cpu_features=features,
        cores=_cores(),
        ram_total_bytes=total_bytes,
        ram_available_bytes=available_bytes,
        gpus=find_gpus(total_bytes, available_bytes),
        gpu_offload=gpu_offload,
    )


def read_memory_limit(paths: tuple[Path, ...]) -> int | None:
    """Return the first limit in bytes that one of the files states; "max" means none."""
    for path in paths:
        try:
            return int(path.read_text("ascii"))
        except (OSError, ValueError):
            continue
    return None


def read_cpuinfo(text: str) -> tuple[str, frozenset[str]]:
    """Return the CPU's name and our names of its features from the text of /proc/cpuinfo."""
    lines = [line.partition(":") for line in text.splitlines()]
    fields = {key.strip().lower(): value.strip() for key, _, value in reversed(lines)}
    flags = set((fields.get("flags") or fields.get("features") or "").split())
    return fields.get("model name", ""), frozenset(n for n, f in _FEATURES.items() if f in flags)


def _cpu() -> tuple[str, frozenset[str]]:
    name, features = "", frozenset[str]()
    if platform.system() == "Linux":
        try:
            name, features = read_cpuinfo(Path("/proc/cpuinfo").read_text("utf-8", "replace"))
        except OSError:
            name = ""
    elif platform.system() == "Darwin":
        name = ask_tool("sysctl", "-n", "machdep.cpu.brand_string").strip()
        # Every Apple Silicon CPU has it; Macs with Intel and Windows are not asked.
        features = frozenset({"NEON"} if platform.machine() == "arm64" else set[str]())
    return name or platform.processor() or platform.machine(), features


def _cores() -> int:
    """Return the physical cores that this process may use, at least 1."""
    physical = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed))
