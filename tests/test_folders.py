import os
import stat
import tempfile
from pathlib import Path

import pytest

from qwen_lsp import folders


def test_one_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    every = (folders.models_folder(), folders.cache_folder(), folders.log_folder())
    assert len(set(every)) == 3
    assert all(folder.is_relative_to(tmp_path / "home") for folder in every)
    assert all(folder.is_dir() for folder in every[1:])


def test_a_home_may_be_written_as_people_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("QWEN_LSP_HOME", "~/here")
    assert folders.cache_folder() == tmp_path / "here" / "cache"


@pytest.mark.skipif(os.name == "nt", reason="pipes of Windows have no path")
@pytest.mark.parametrize("has_runtime_folder", [True, False])
def test_a_socket_of_an_engine_has_a_short_path_that_others_cannot_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_runtime_folder: bool
) -> None:
    with tempfile.TemporaryDirectory(prefix="ql-") as short:
        monkeypatch.setattr(tempfile, "tempdir", short)
        if has_runtime_folder:
            Path(short, "run").mkdir()
            monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/run")
        else:
            monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        found: set[Path] = set()
        for home in (short, str(tmp_path / ("x" * 60)), str(tmp_path / ("y" * 60))):
            monkeypatch.setenv("QWEN_LSP_HOME", home)
            folder = folders.engine_folder()
            assert folder == folders.engine_folder()
            assert len(os.fsencode(folder)) <= 70
            assert folder.is_relative_to(short)
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            found.add(folder)
        assert len(found) == 3
        assert (Path(short, "run") in {folder.parent for folder in found}) == has_runtime_folder


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps other users out of these folders itself")
def test_cache_and_log_are_open_to_their_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    before = os.umask(0)
    try:
        made = [folders.cache_folder(), folders.log_folder()]
    finally:
        os.umask(before)
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in made] == [0o700, 0o700]
