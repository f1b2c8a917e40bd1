"""The files of the models on this disk: found, verified, fetched and removed.

A finished file has a sidecar `<file>.sha256` beside it, written only after its SHA-256 was checked
and in the form that `sha256sum -c` reads. Whatever is unfinished lies in `<file>.partial` and is
never handed out.
"""

import os
import re
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from qwen_lsp import folders
from qwen_lsp.models import catalogue, hub, mirror
from qwen_lsp.models.download import Download, OnProgress, folder_bytes
from qwen_lsp.models.errors import ModelError, SourceError
from qwen_lsp.models.gguf import check_gguf
from qwen_lsp.models.model_card import ModelCard

_LOCK_POLL_SECONDS = 0.5


def weights_path(card: ModelCard) -> Path:
    """Return where the finished file of `card` lies or would lie."""
    return folders.models_folder() / card.id / card.file


def find(card: ModelCard) -> Path | None:
    """Return the finished and verified file of `card`, or None. Only looks, and hashes nothing."""
    path = weights_path(card)
    recorded = _recorded_sha256(path)
    if recorded is None or not path.is_file() or card.sha256 not in {None, recorded}:
        return None
    right_size = card.size_is_approximate or path.stat().st_size == card.size_bytes
    return path if right_size else None


def on_disk() -> set[str]:
    """Return the ids of all models whose files are finished."""
    return {card.id for card in catalogue.all_cards() if find(card)}


def is_path(spec: str) -> bool:
    """Say whether the setting `model` names a file and not a model of the catalogue."""
    return spec.lower().endswith(".gguf") or "/" in spec or os.sep in spec


def resolve(spec: str) -> tuple[ModelCard | None, Path]:
    """Return the card and the file that a setting names: a catalogue id or a path to a .gguf.

    A file with the name that a card gives its file gets that card, wherever it lies. ModelError
    when there is no such model, or no such file, or the file is not GGUF.
    """
    if is_path(spec):
        path = Path(spec).expanduser().absolute()
        check_gguf(path)
        same = [each for each in catalogue.all_cards() if each.file.lower() == path.name.lower()]
        return (same[0] if same else None), path
    card = catalogue.card(spec)
    found = find(card)
    if found is None:
        raise ModelError(
            f"The model {card.id} is not on this machine; "
            f"get it with `qwen-lsp models pull {card.id}`."
        )
    return card, found


def verify(card: ModelCard) -> str:
    """Read the whole file of `card` and return its SHA-256; ModelError if it is the wrong one.

    A file that was copied into place by hand is usable from here on.
    """
    path = weights_path(card)
    if not path.is_file():
        raise ModelError(f"There is no file {path}; get it with `qwen-lsp models pull {card.id}`.")
    expected = card.sha256 or _recorded_sha256(path)
    if expected is None:
        raise ModelError(
            f"Nothing is known to check {path} against; name it by its path in the setting `model`."
        )
    check_gguf(path)
    found = _quiet_download(card).sha256(path)
    if found != expected:
        _sidecar(path).unlink(missing_ok=True)
        raise ModelError(
            f"{path} has SHA-256 {found} and not {expected}; "
            f"run `qwen-lsp models remove {card.id}` and pull it again."
        )
    _write_sidecar(path, found)
    return found


def remove(card: ModelCard) -> int:
    """Delete all files of `card`, finished or not, and return how many bytes that freed."""
    folder = weights_path(card).parent
    if not folder.exists():
        return 0
    with _lock(_quiet_download(card), wait=False):
        freed_bytes = folder_bytes(folder)
        # The sidecar goes first, so that a removal that fails half-way leaves nothing to be used.
        _sidecar(weights_path(card)).unlink(missing_ok=True)
        try:
            weights_path(card).unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(
                f"{weights_path(card)} is in use; run `qwen-lsp engine stop` and remove it again."
            ) from error
    shutil.rmtree(folder, ignore_errors=True)
    return freed_bytes


def pull(
    card: ModelCard, on_progress: OnProgress | None = None, cancelled: Event | None = None
) -> Path:
    """Return the finished file of `card`, fetching it from the hub or else from the mirror.

    `on_progress(done_bytes, total_bytes, what)` is called often, in this thread. Setting
    `cancelled` ends the pull with PullCancelledError within a second or so, except that a silent
    network can take up to 20 seconds to be noticed. ModelError when no source has the file, the
    disk is full or the file is not the right one. A second pull of a model waits for the first.
    """
    download = Download(card, _partial(card), on_progress or _ignore, cancelled or Event())
    try:
        weights_path(card).parent.mkdir(parents=True, exist_ok=True)
        with _lock(download, wait=True):
            return find(card) or _adopt(download) or _pull_locked(download)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelError(
            f"{card.id} could not be written to {download.folder.parent} ({reason}); "
            "make room there, or set QWEN_LSP_HOME to another folder."
        ) from error


def _adopt(download: Download) -> Path | None:
    """Use a file that lies in place without its sidecar, if it is the right one."""
    path, card = weights_path(download.card), download.card
    if card.sha256 is None or not path.is_file() or path.stat().st_size != card.size_bytes:
        return None
    if download.sha256(path) != card.sha256:
        return None
    _write_sidecar(path, card.sha256)
    return path


def _pull_locked(download: Download) -> Path:
    reasons: list[str] = []
    for fetch in _sources(download):
        download.check_cancelled()
        download.folder.mkdir(exist_ok=True)
        try:
            path, expected = fetch()
            _check_fetched(download, path, expected)
        except SourceError as error:
            reasons.append(str(error))
            continue
        target = weights_path(download.card)
        os.replace(path, target)  # noqa: PTH105  # The call whose atomicity is documented.
        _write_sidecar(target, expected)
        shutil.rmtree(download.folder, ignore_errors=True)
        return target
    raise ModelError(
        f"{download.card.id} could not be downloaded: {'; '.join(reasons)}. Check the network "
        "(HF_ENDPOINT and pip's settings name mirrors), or copy a .gguf file to this "
        "machine and set `model` to its path."
    )


def _sources(download: Download) -> Iterator[Callable[[], tuple[Path, str]]]:
    card = download.card
    if (on_hub := card.hub) is not None:
        yield lambda: hub.fetch(download, on_hub)
    if (on_mirror := card.mirror) is not None and (sha256 := card.sha256) is not None:
        yield lambda: (mirror.fetch(download, on_mirror), sha256)


def _check_fetched(download: Download, path: Path, expected: str) -> None:
    found = download.sha256(path)
    if found != expected:
        shutil.rmtree(download.folder)
        raise SourceError(
            f"what arrived has SHA-256 {found[:12]}… and not {expected[:12]}…, and was deleted"
        )
    try:
        check_gguf(path)
    except ModelError as error:
        shutil.rmtree(download.folder)
        raise SourceError(f"what arrived is no model and was deleted ({error})") from error


@contextmanager
def _lock(download: Download, *, wait: bool) -> Generator[None]:
    """Hold the lock of one model's folder, which also other processes respect."""
    card = download.card
    lock = FileLock(folders.models_folder() / f"{card.id}.lock")
    while True:
        try:
            lock.acquire(timeout=_LOCK_POLL_SECONDS if wait else 0)
            break
        except Timeout as error:
            if not wait:
                raise ModelError(f"{card.id} is being downloaded; stop that first.") from error
            download.check_cancelled()
            download.on_progress(0, card.size_bytes, "waiting for another download of it")
    try:
        yield
    finally:
        lock.release()


def _partial(card: ModelCard) -> Path:
    return weights_path(card).with_name(f"{card.file}.partial")


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _recorded_sha256(path: Path) -> str | None:
    try:
        recorded = _sidecar(path).read_text("utf-8")[:64]
    except (OSError, UnicodeDecodeError):
        return None
    return recorded if re.fullmatch(r"[0-9a-f]{64}", recorded) else None


def _write_sidecar(path: Path, sha256: str) -> None:
    temporary = _sidecar(path).with_suffix(".sha256-new")
    temporary.write_text(f"{sha256}  {path.name}\n", "utf-8", newline="\n")
    temporary.replace(_sidecar(path))


def _quiet_download(card: ModelCard) -> Download:
    return Download(card, _partial(card), _ignore, Event())


def _ignore(done_bytes: int, total_bytes: int, what: str) -> None:
    del done_bytes, total_bytes, what
