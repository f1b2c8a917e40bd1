import json
import os
import shutil
from pathlib import Path

import pytest

from qwen_lsp.models import gpus, hardware
from qwen_lsp.models.gpus import Gpu

MIB = 1 << 20


def test_this_machine_is_described() -> None:
    found = hardware.detect()
    assert found.cores >= 1
    assert 0 < found.ram_available_bytes <= found.ram_total_bytes
    assert found.cpu
    assert found.gpu_offload is None


def test_nvidia_smi_is_read_line_by_line() -> None:
    printed = "NVIDIA GeForce RTX 3060, 12288, 11500\nTesla T4, 15360, [N/A]\n\nNo devices found\n"
    found = gpus.read_nvidia_smi(printed)
    assert found == [Gpu("NVIDIA GeForce RTX 3060", "nvidia", 12288 * MIB, 11500 * MIB)]


def test_rocm_smi_is_read_from_its_json() -> None:
    card = {
        "Card Series": "Radeon RX 7900",
        "VRAM Total Memory (B)": "25753026560",
        "VRAM Total Used Memory (B)": "1000",
    }
    printed = json.dumps({"card0": card, "system": {"Driver version": "6"}, "odd": 3})
    found = gpus.read_rocm_smi(printed)
    assert found == [Gpu("Radeon RX 7900", "amd", 25753026560, 25753025560)]


@pytest.mark.parametrize("printed", ["", "WARNING: no GPU", "[]", "3", "null"])
def test_what_rocm_smi_says_otherwise_is_no_gpu(printed: str) -> None:
    assert gpus.read_rocm_smi(printed) == []


def test_the_amd_driver_shows_its_memory(tmp_path: Path) -> None:
    for name, total, used in (("card0", "8000\n", "3000\n"), ("card1", "broken", "0")):
        device = tmp_path / name / "device"
        device.mkdir(parents=True)
        (device / "mem_info_vram_total").write_text(total)
        (device / "mem_info_vram_used").write_text(used)
    assert gpus.read_drm(tmp_path) == [Gpu("AMD GPU", "amd", 8000, 5000)]
    assert gpus.read_drm(tmp_path / "missing") == []


def test_apple_silicon_shares_two_thirds_of_its_memory() -> None:
    assert gpus.apple_gpu(18_000, 15_000) == Gpu("Apple GPU", "apple", 12_000, 12_000)
    assert gpus.apple_gpu(18_000, 5_000).free_bytes == 5_000


def make_tool(folder: Path, body: str) -> None:
    folder.mkdir(exist_ok=True)
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{body}\n")
    tool.chmod(0o755)


@pytest.mark.skipif(shutil.which("sh") is None, reason="the tool is a shell script")
def test_a_tool_that_is_missing_slow_or_failing_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert gpus.ask_tool("nvidia-smi-that-is-not-there") == ""
    make_tool(tmp_path / "bin", "echo GPU, 100, 50")
    assert gpus.find_gpus(0, 0)[0] == Gpu("GPU", "nvidia", 100 * MIB, 50 * MIB)
    make_tool(tmp_path / "bin", "echo GPU, 100, 50; exit 9")
    assert gpus.ask_tool("nvidia-smi") == ""
    monkeypatch.setattr(gpus, "_TIMEOUT_SECONDS", 0.2)
    # Too slow: it would say something in the end, if it were waited for.
    make_tool(tmp_path / "bin", "sleep 3; echo GPU, 100, 50")
    assert gpus.ask_tool("nvidia-smi") == ""


@pytest.mark.skipif(shutil.which("sh") is None, reason="the tool is a shell script")
def test_a_tool_of_the_workspace_is_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tool(tmp_path, "touch sprung")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert gpus.ask_tool("nvidia-smi") == ""
    assert not (tmp_path / "sprung").exists()


def test_the_memory_limit_of_a_container_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"
    assert hardware.read_memory_limit((first, second)) is None
    first.write_text("max\n")
    assert hardware.read_memory_limit((first, second)) is None
    second.write_text("2000000000\n")
    assert hardware.read_memory_limit((first, second)) == 2_000_000_000


def test_cpuinfo_of_both_families_is_read() -> None:
    intel = "processor\t: 0\nmodel name\t: Some CPU @ 3 GHz\nflags\t\t: fpu avx2 fma avx512f\n\n"
    name, features = hardware.read_cpuinfo(intel * 2)
    assert (name, features) == ("Some CPU @ 3 GHz", {"AVX2", "FMA", "AVX512"})
    name, features = hardware.read_cpuinfo("processor : 0\nFeatures : fp asimd asimddp i8mm\n")
    assert (name, features) == ("", {"NEON", "DOTPROD", "I8MM"})
    assert hardware.read_cpuinfo("") == ("", frozenset())
