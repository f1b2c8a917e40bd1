"""How an engine process is found: one lock and one address file for each model.

The engine holds the lock as long as it lives, so the operating system removes it with the
process, however that ends; an address without a held lock is stale by definition. The folder is
open to this user only, and so are the socket and the key that lie in it.
"""

import contextlib
import hashlib
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import psutil
from cattrs.preconf.json import make_converter
from filelock import FileLock, Timeout

from qwen_lsp import __version__
from qwen_lsp.engine.messages import PROTOCOL
from qwen_lsp.folders import engine_folder


@dataclass(frozen=True)
class EngineOptions:
    """What an engine process is started with. Zero threads means: find out."""

    model_path: Path
    context_tokens: int = 8192
    threads: int = 0
    gpu_layers: int = -1
    idle_minutes: float = 10.0
    chat_options: tuple[tuple[str, bool], ...] = ()
    lora: tuple[Path, ...] = ()
    kv_cache: Literal["f16", "q8_0"] = "f16"
    checkpoint_mib: int = 512
    drafts: Literal["auto", "on", "off"] = "auto"
    private_to: str = ""

    @property
    def key(self) -> str:
        """Return the name of the engine: one for each model with its adapters and release.

        `private_to` keeps an engine apart from those of other windows.
        """
        adapters = [str(path.absolute()) for path in self.lora]
        text = f"{self.model_path.absolute()}|{adapters}|{self.kv_cache}|{self.private_to}"
        text += f"|{PROTOCOL}|{__version__}"
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


_converter = make_converter()


def options_to_json(options: EngineOptions) -> str:
    """Return the options as one argument of a command line, in ASCII."""
    return _converter.dumps(options)


def options_from_json(text: str) -> EngineOptions:
    """Return the options in `text`; raises ValueError where there are none."""
    try:
        return _converter.loads(text, EngineOptions)
    except Exception as error:
        raise ValueError("not the options of an engine") from error


@dataclass(frozen=True)
class Address:
    """Where a running engine listens. `authkey` is the shared key of the handshake, in hex."""

    pid: int
    address: str
    authkey: str
    model_path: str


def lock_path(key: str) -> Path:
    """Return the file that the engine of `key` keeps locked while it lives."""
    return engine_folder() / f"{key}.lock"


def address_path(key: str) -> Path:
    """Return the file with the address of the engine of `key`."""
    return engine_folder() / f"{key}.json"


def new_address(options: EngineOptions) -> Address:
    """Return an address for an engine that this process is about to be."""
    if os.name == "nt":
        address = rf"\\.\pipe\qwen-lsp-{options.key}-{secrets.token_hex(8)}"
    else:
        address = str(engine_folder() / f"{options.key}.sock")
    return Address(os.getpid(), address, secrets.token_hex(32), str(options.model_path))


def publish(key: str, address: Address) -> None:
    """Write the address file so that a reader sees all of it or nothing."""
    path = address_path(key)
    for left in path.parent.glob(f"{key}.*.new"):
        left.unlink(missing_ok=True)  # by an engine that was killed while it wrote
    new = path.with_suffix(f".{os.getpid()}.new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(asdict(address)), encoding="utf-8")
    new.replace(path)


def read_address(key: str) -> Address | None:
    """Return the published address, None where there is none (or half of one)."""
    try:
        return Address(**json.loads(address_path(key).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def running_engines() -> list[str]:
    """Return the paths of the models that engines of this user hold now."""
    addresses = [read_address(key) for key in published_keys() if is_running(key)]
    return [found.model_path for found in addresses if found]


def is_running(key: str) -> bool:
    """Say whether an engine holds the lock of `key`; its process id may be another's by now."""
    try:
        with FileLock(lock_path(key), timeout=0):
            return False
    except Timeout:
        return True


def wait_for_end(key: str, pid: int, seconds: float) -> None:
    """Wait until the engine of `key` is gone; end its process by force after `seconds`."""
    deadline = time.monotonic() + seconds
    while is_running(key):
        if time.monotonic() > deadline:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()
            return
        time.sleep(0.02)


def published_keys() -> list[str]:
    """Return the keys of all engines that have published an address, running or not."""
    try:
        return sorted(path.stem for path in engine_folder().glob("*.json"))
    except OSError:
        return []  # where there can be no folder, there is no engine
