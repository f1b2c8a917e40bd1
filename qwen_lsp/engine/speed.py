"""The speed of each model on this machine, measured once and kept in the cache folder.

A measurement belongs to one file of weights, one build of llama.cpp and one way to run it; another
is measured anew. One that was made beside busy programs serves until a start finds the machine
quiet: nobody should wait for a measurement at each start because a build runs beside it.
"""

import contextlib
import hashlib
import json
import math
import os
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import psutil

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.requests import Speed
from qwen_lsp.folders import cache_folder

# More of the cores' time than this for other programs, and a measurement is not the machine's best.
_BUSY_SHARE = 0.25


def known_speed(options: EngineOptions) -> Speed | None:
    """Return what was measured before, None where nothing fits or it is time to measure again."""
    try:
        known = dict(json.loads(_path(options).read_text(encoding="utf-8")))
        if not known.pop("quiet", True) and _is_quiet_now():
            return None
        speed = Speed(**known)
        # Nothing else is divided by, whatever became of the file.
        is_usable = all(0 < figure < math.inf for figure in asdict(speed).values())
    except (OSError, ValueError, TypeError):
        return None
    return speed if is_usable else None


def remember_speed(options: EngineOptions, speed: Speed, *, quiet: bool = True) -> None:
    """Keep a measurement, and whether it was `quiet` then (see `Neighbours`).

    Where it cannot be written, the next start measures again.
    """
    path = _path(options)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(asdict(speed) | {"quiet": quiet}), encoding="utf-8")
        new.replace(path)


class Neighbours:
    """What other programs take of this machine's cores while something is measured."""

    def __init__(self) -> None:
        self._began = _busy_seconds()

    def are_quiet(self) -> bool:
        """Say whether what was measured since the beginning is what this machine can do."""
        return self.share() < _BUSY_SHARE

    def share(self) -> float:
        """Return the share of all cores' time since the beginning that others had, 0 to 1."""
        busy, own, total = (
            now - then for now, then in zip(_busy_seconds(), self._began, strict=True)
        )
        return max(0.0, busy - own) / total if total > 0 else 0.0


def _is_quiet_now() -> bool:
    load, _, _ = psutil.getloadavg()
    return load < _BUSY_SHARE * (psutil.cpu_count() or 1)


def _busy_seconds() -> tuple[float, float, float]:
    """Return the seconds that all programs had, that this one had, and that there were."""
    times = psutil.cpu_times()
    own = psutil.Process().cpu_times()
    total = float(sum(times[:4]))
    return total - float(times.idle), own.user + own.system, total


def _path(options: EngineOptions) -> Path:
    try:
        stat = options.model_path.stat()
        file = f"{options.model_path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}"
    except OSError:
        file = str(options.model_path)
    run = (options.threads, options.gpu_layers, options.kv_cache, options.lora)
    text = f"{file}|{run}|{version('llama-cpp-python')}"
    key = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return cache_folder() / "speed" / f"{key}.json"
