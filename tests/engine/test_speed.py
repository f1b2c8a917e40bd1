"""The remembered speed belongs to one file of weights and one way to run it."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.requests import Speed
from qwen_lsp.engine.speed import Neighbours, known_speed, remember_speed
from qwen_lsp.folders import cache_folder

SPEED = Speed(prompt_speed=123.4, token_ms=5.67, verify_ms=8.9, verify_tokens=9)


@pytest.fixture
def options(engine_home: Path) -> EngineOptions:
    path = engine_home / "Bücher.gguf"
    path.write_bytes(b"GGUF")
    return EngineOptions(path, threads=2)


def files_kept() -> list[Path]:
    return list((cache_folder() / "speed").iterdir())


def test_what_is_remembered_is_known(options: EngineOptions) -> None:
    assert known_speed(options) is None
    remember_speed(options, SPEED)
    assert known_speed(options) == SPEED
    assert len(files_kept()) == 1


def test_a_new_measurement_takes_the_place_of_the_old_one(options: EngineOptions) -> None:
    remember_speed(options, SPEED)
    newer = replace(SPEED, prompt_speed=1.0)
    remember_speed(options, newer)
    assert known_speed(options) == newer
    assert len(files_kept()) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda options: replace(options, threads=3),
        lambda options: replace(options, gpu_layers=0),
        lambda options: replace(options, kv_cache="q8_0"),
        lambda options: replace(options, lora=(Path("a.gguf"),)),
        lambda options: replace(options, model_path=Path("other.gguf")),
    ],
    ids=["threads", "GPU layers", "KV cache", "adapter", "file"],
)
def test_another_way_to_run_is_another_measurement(
    options: EngineOptions, change: Callable[[EngineOptions], EngineOptions]
) -> None:
    other = change(options)
    remember_speed(options, SPEED)
    assert known_speed(other) is None
    remember_speed(other, replace(SPEED, token_ms=1.0))
    assert known_speed(options) == SPEED


@pytest.mark.parametrize(
    "change",
    [{"context_tokens": 1024}, {"idle_minutes": 1.0}, {"drafts": "off"}, {"private_to": "1"}],
)
def test_what_does_not_change_the_speed_is_no_other_measurement(
    options: EngineOptions, change: dict[str, object]
) -> None:
    remember_speed(options, SPEED)
    assert known_speed(replace(options, **change)) == SPEED  # pyright: ignore[reportArgumentType]


def test_a_file_that_was_written_anew_is_measured_anew(options: EngineOptions) -> None:
    path = options.model_path
    remember_speed(options, SPEED)
    was = path.stat()
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns + 1_000_000_000))
    assert known_speed(options) is None
    remember_speed(options, SPEED)
    was = path.stat()
    path.write_bytes(b"GGUF and more")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert known_speed(options) is None


def test_a_file_that_is_not_there_has_no_speed_and_does_no_harm(options: EngineOptions) -> None:
    missing = replace(options, model_path=options.model_path.with_name("missing.gguf"))
    assert known_speed(missing) is None
    remember_speed(missing, SPEED)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"prompt_speed": 1',
        b"null",
        b"[1]",
        b"\xff\xfe",
        b'{"prompt_speed": 1.0}',
        b'{"prompt_speed": 1, "token_ms": 1, "verify_ms": 1, "verify_tokens": 9, "more": 1}',
        b'{"prompt_speed": "x", "token_ms": 1, "verify_ms": 1, "verify_tokens": 9}',
        b'{"prompt_speed": null, "token_ms": 1, "verify_ms": 1, "verify_tokens": 9}',
        b'{"prompt_speed": 1, "token_ms": 0, "verify_ms": 1, "verify_tokens": 9}',
        b'{"prompt_speed": NaN, "token_ms": 1, "verify_ms": 1, "verify_tokens": 9}',
    ],
)
def test_a_damaged_file_is_no_measurement(options: EngineOptions, content: bytes) -> None:
    remember_speed(options, SPEED)
    (path,) = files_kept()
    path.write_bytes(content)
    assert known_speed(options) is None
    remember_speed(options, SPEED)
    assert known_speed(options) == SPEED


def test_a_folder_that_cannot_be_written_does_no_harm(options: EngineOptions) -> None:
    cache_folder().mkdir(parents=True, exist_ok=True)
    (cache_folder() / "speed").write_text("a file stands in the place of the folder")
    remember_speed(options, SPEED)
    assert known_speed(options) is None


def test_the_share_of_other_programs_is_a_share() -> None:
    neighbours = Neighbours()
    assert 0 <= neighbours.share() <= 1


@pytest.mark.parametrize(("load", "known"), [(3.9, SPEED), (0.1, None)], ids=["busy", "quiet"])
def test_what_was_measured_beside_busy_programs_serves_until_the_machine_is_quiet(
    options: EngineOptions, monkeypatch: pytest.MonkeyPatch, load: float, known: Speed | None
) -> None:
    remember_speed(options, SPEED, quiet=False)
    monkeypatch.setattr(psutil, "getloadavg", lambda: (load, load, load))
    monkeypatch.setattr(psutil, "cpu_count", lambda: 4)
    assert known_speed(options) == known


def test_what_was_measured_on_a_quiet_machine_is_kept(
    options: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_speed(options, SPEED, quiet=True)
    monkeypatch.setattr(psutil, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert known_speed(options) == SPEED
