"""Fetches a model's file from the Hugging Face hub, or from the mirror that HF_ENDPOINT names.

The library's own download starts from the beginning after an interruption (huggingface_hub 2.4,
`_download_to_tmp_and_move`), so it is used for addresses, log-in and the file's hash, and the
bytes are read here, with a Range header when some arrived earlier.
"""

import importlib
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from qwen_lsp.models.download import Download
from qwen_lsp.models.errors import SourceError
from qwen_lsp.models.model_card import HubSource

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 20.0
_GIVE_UP_SECONDS = 12.0
_POLL_SECONDS = 0.2
_ATTEMPTS = 4
_BLOCK_BYTES = 1 << 18

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Remote:
    url: str
    size_bytes: int
    sha256: str


def fetch(download: Download, source: HubSource) -> tuple[Path, str]:
    """Return the file that was fetched and the SHA-256 it must have; SourceError if it cannot."""
    download.on_progress(0, download.card.size_bytes, "asking the Hugging Face hub")
    remote = _within(_GIVE_UP_SECONDS, download, lambda: _ask(source))
    expected = download.card.sha256
    if expected is not None and expected != remote.sha256:
        raise SourceError(
            f"the hub has another file than the catalogue knows (SHA-256 {remote.sha256[:12]}…)"
        )
    # The hash is in the name, so bytes of an older version are never gone on with.
    path = download.folder / f"hub-{remote.sha256[:16]}"
    for stale in set(download.folder.glob("hub-*")) - {path}:
        stale.unlink()
    download.check_space(remote.size_bytes)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _read(download, remote, path)
            break
        except (OSError, SourceError):
            raise
        except Exception as error:  # The library hands out the errors of its own HTTP client.
            if attempt == _ATTEMPTS:
                raise SourceError(f"the hub broke off ({_first_line(error)})") from error
            download.cancelled.wait(1)
            download.check_cancelled()
    return path, remote.sha256


def _library() -> Any:
    """Import huggingface_hub, which takes a while, and tell it to tell nobody about this machine.

    It is Any because its types are incomplete, and its HTTP client differs between its versions.
    """
    # The package knows its part `constants` only once that was imported by name.
    constants: Any = importlib.import_module("huggingface_hub.constants")
    constants.HF_HUB_DISABLE_TELEMETRY = True
    return importlib.import_module("huggingface_hub")


def _ask(source: HubSource) -> _Remote:
    library = _library()

    url: str = library.hf_hub_url(source.repo, source.file, revision=source.revision)
    timeout = float(os.environ.get("HF_HUB_ETAG_TIMEOUT", _CONNECT_SECONDS))
    found = library.get_hf_file_metadata(url, timeout=timeout)
    sha256: str = found.etag or ""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256) or not found.size:
        raise SourceError(f"the hub gives no SHA-256 for {source.file}")
    # The commit is asked for, so that a change on the hub meanwhile does not mix two versions.
    pinned: str = library.hf_hub_url(
        source.repo, source.file, revision=found.commit_hash or source.revision
    )
    return _Remote(pinned, found.size, sha256)


def _read(download: Download, remote: _Remote, path: Path) -> None:
    library = _library()

    done_bytes = path.stat().st_size if path.exists() else 0
    if done_bytes > remote.size_bytes:
        path.unlink()
        done_bytes = 0
    if done_bytes == remote.size_bytes:
        return
    headers: dict[str, str] = {**library.utils.build_hf_headers(), "Accept-Encoding": "identity"}
    if done_bytes:
        headers["Range"] = f"bytes={done_bytes}-"
    with library.utils.get_session().stream(
        "GET", remote.url, headers=headers, timeout=_READ_SECONDS
    ) as response:
        response.raise_for_status()
        resumed = response.status_code == 206
        done_bytes = done_bytes if resumed else 0
        with path.open("ab" if resumed else "wb") as file:
            for block in response.iter_bytes(_BLOCK_BYTES):
                download.check_cancelled()
                file.write(block)
                done_bytes += len(block)
                what = "downloading from the Hugging Face hub"
                download.on_progress(done_bytes, remote.size_bytes, what)
    if done_bytes != remote.size_bytes:
        raise EOFError(f"{done_bytes} of {remote.size_bytes} bytes arrived")


def _within(seconds: float, download: Download, work: Callable[[], _T]) -> _T:
    """Return what `work` returns, or raise SourceError: looking up a name knows no time limit."""
    results: list[_T] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:  # noqa: BLE001  # It is raised again below.
            errors.append(error)

    thread = threading.Thread(target=run, name="qwen-lsp-hub", daemon=True)
    thread.start()
    give_up_at = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < give_up_at:
        thread.join(_POLL_SECONDS)
        download.check_cancelled()
    if results:
        return results[0]
    if not errors:
        raise SourceError(f"the hub did not answer within {seconds:.0f} seconds")
    error = errors[0]
    if isinstance(error, SourceError):
        raise error
    raise SourceError(_explain(error)) from error


def _explain(error: Exception) -> str:
    if type(error).__name__ == "OfflineModeIsEnabled":
        return "the hub is not asked because HF_HUB_OFFLINE is set"
    return f"the hub cannot be reached ({_first_line(error)})"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
