"""Where qwen-lsp keeps its files on this machine.

Everything lies under the platform's own cache, data and log folders; `QWEN_LSP_HOME`
moves all of them below one folder, which is also how tests stay out of a user's files.

A folder is made when it is asked for. Where it cannot be made, on a full disk say, whoever writes
into it finds out; only the engine's folder must be there.
"""

import contextlib
import os
import tempfile
import zlib
from pathlib import Path

import platformdirs

_APP = "qwen-lsp"


def _folder(kind: str, default: str) -> Path:
    home = os.environ.get("QWEN_LSP_HOME")
    path = Path(home).expanduser().absolute() / kind if home else Path(default)
    with contextlib.suppress(OSError):
        # Names and documentation of the user's code lie in the cache: for nobody else to read.
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def shipped_folder(in_package: str, in_checkout: str) -> Path:
    """Return a folder that comes with the program, in a wheel or in a checkout."""
    package = Path(__file__).parent
    inside = package / in_package
    return inside if inside.is_dir() else package.parent / in_checkout


def models_folder() -> Path:
    """Return the folder of downloaded weights (large, and worth keeping)."""
    return _folder("data", platformdirs.user_data_dir(_APP, appauthor=False)) / "models"


def cache_folder() -> Path:
    """Return the folder of what can be made again."""
    return _folder("cache", platformdirs.user_cache_dir(_APP, appauthor=False))


def log_folder() -> Path:
    """Return the folder of log files."""
    return _folder("log", platformdirs.user_log_dir(_APP, appauthor=False))


def engine_folder() -> Path:
    """Return the folder of the engine's lock, address and socket, open to this user only.

    It lies in the cache folder unless that path is too long for a Unix socket (about 100 bytes);
    then it lies in the user's runtime folder, or the temporary one where the session has none.
    It is made where there is none; raises OSError, also where somebody else has made it.
    """
    folder = cache_folder() / "engine"
    if os.name == "posix" and len(os.fsencode(folder)) > 70:
        tag = f"{_APP}-{os.getuid()}-{zlib.crc32(os.fsencode(folder)):08x}"
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        folder = Path(runtime if os.access(runtime, os.W_OK) else tempfile.gettempdir()) / tag
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix" and folder.lstat().st_uid != os.getuid():
        raise PermissionError(
            f"{folder} belongs to another user; set QWEN_LSP_HOME to a short path"
        )
    folder.chmod(0o700)
    return folder
