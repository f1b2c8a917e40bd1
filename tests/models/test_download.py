"""What is measured while another program works in the same folder."""

import os
import shutil
from pathlib import Path

import pytest

from qwen_lsp.models.download import folder_bytes


def test_a_folder_that_vanishes_while_it_is_measured_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "part.bin").write_bytes(b"12345")
    (tmp_path / "tracker").mkdir()
    (tmp_path / "tracker" / "note").write_bytes(b"123")
    scandir = os.scandir

    def scandir_too_late(path: str | int) -> object:
        if str(path).endswith("tracker"):
            monkeypatch.undo()
            shutil.rmtree(str(path))  # what pip does to its temporary folders at any moment
        return scandir(path)

    monkeypatch.setattr(os, "scandir", scandir_too_late)
    assert folder_bytes(tmp_path) == 5
