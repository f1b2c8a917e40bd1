"""One download under way: where it collects its bytes, whom it tells, and when it must stop."""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from qwen_lsp.models.errors import ModelError, PullCancelledError
from qwen_lsp.models.model_card import ModelCard

# Called with the bytes done, the bytes in all, and what is being done, for people to read.
OnProgress = Callable[[int, int, str], None]

_BLOCK_BYTES = 1 << 18
_SPARE_BYTES = 200_000_000


@dataclass(frozen=True)
class Download:
    """A download of one model into `folder`, which holds nothing but unfinished pieces."""

    card: ModelCard
    folder: Path
    on_progress: OnProgress
    cancelled: Event

    def check_cancelled(self) -> None:
        """Raise PullCancelledError when the user asked to stop."""
        if self.cancelled.is_set():
            raise PullCancelledError(
                f"The download of {self.card.id} was cancelled; what arrived is kept, "
                f"and `qwen-lsp models pull {self.card.id}` goes on from there."
            )

    def check_space(self, needed_bytes: int) -> None:
        """Raise ModelError when the disk cannot take `needed_bytes` beyond what arrived already."""
        missing_bytes = needed_bytes - folder_bytes(self.folder) + _SPARE_BYTES
        free_bytes = shutil.disk_usage(self.folder).free
        if free_bytes < missing_bytes:
            raise ModelError(
                f"{self.card.id} needs {gigabytes(missing_bytes)} of free disk space and there is "
                f"{gigabytes(free_bytes)} in {self.folder.parent}; free some, or set QWEN_LSP_HOME "
                "to a folder on another disk."
            )

    def sha256(self, path: Path) -> str:
        """Return the SHA-256 of `path` in hexadecimal digits, telling the progress."""
        digest, done_bytes, total_bytes = hashlib.sha256(), 0, path.stat().st_size
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                self.check_cancelled()
                digest.update(block)
                done_bytes += len(block)
                self.on_progress(done_bytes, total_bytes, "checking the SHA-256")
        return digest.hexdigest()


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below `folder`; what vanishes meanwhile counts nothing."""
    total = 0
    # Not rglob: it fails where a folder is removed between its listing and its visit.
    for parent, _folders, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118  # As walk.
    return total


def gigabytes(size_bytes: int) -> str:
    """Return a size for people, in decimal gigabytes."""
    return f"{size_bytes / 1e9:.1f} GB"
