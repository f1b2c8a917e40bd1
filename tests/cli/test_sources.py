import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.cli.output import UsageError
from qwen_lsp.cli.sources import (
    Place,
    offset_of,
    parse_place,
    read_document,
    source_files,
    write_text,
)


@pytest.mark.parametrize(
    ("text", "path", "line", "column"),
    [
        ("a.py", "a.py", None, None),
        ("a.py:3", "a.py", 3, None),
        ("a.py:3:14", "a.py", 3, 14),
        ("a:b.py:3", "a:b.py", 3, None),
        ("some folder/a.py:3:1", "some folder/a.py", 3, 1),
        (r"C:\work\a.py", r"C:\work\a.py", None, None),
        (r"C:\work\a.py:3", r"C:\work\a.py", 3, None),
        (r"C:\work\a.py:3:14", r"C:\work\a.py", 3, 14),
        ("c:/code/a.py:3:14", "c:/code/a.py", 3, 14),
        ("a.py:", "a.py:", None, None),
        ("a.py:x", "a.py:x", None, None),
        ("a.py:-1", "a.py:-1", None, None),
        (f"a.py:{'9' * 5000}", f"a.py:{'9' * 5000}", None, None),
    ],
)
def test_what_a_place_names(text: str, path: str, line: int | None, column: int | None) -> None:
    assert parse_place(text) == Place(Path(path), line, column)


@given(
    path=st.sampled_from(["a.py", r"D:\a.py", "/x/a b.py"]),
    line=st.integers(0, 10**6),
    column=st.integers(0, 10**6),
)
def test_a_place_is_read_as_it_is_written(path: str, line: int, column: int) -> None:
    assert parse_place(f"{path}:{line}:{column}") == Place(Path(path), line, column)


def test_columns_count_characters_and_a_line_alone_means_its_first_word() -> None:
    Path("a.py").write_bytes("é = '😀x'\r\n    y = 1\r\n".encode())
    document = read_document(Path("a.py"))
    assert document.text[offset_of(document, Place(Path("a.py"), 1, 7))] == "x"
    assert document.text[offset_of(document, Place(Path("a.py"), 2, None))] == "y"
    assert offset_of(document, Place(Path("a.py"), 3, 1)) == len(document.text)
    assert offset_of(document, Place(Path("a.py"), None, None)) == 0


def test_a_document_is_named_as_seen_from_here(tmp_path: Path) -> None:
    Path("src").mkdir()
    inside, outside = Path("src/a.py").absolute(), tmp_path / "b.py"
    inside.touch()
    outside.touch()
    assert read_document(inside).path == read_document(Path("src/a.py")).path == "src/a.py"
    assert read_document(outside).path == outside.as_posix()
    assert read_document(Path("src/a.py")).uri == inside.as_uri()


def test_the_sources_of_a_folder_are_its_own_in_order() -> None:
    for name in (
        "b/x.go",
        "a.py",
        "b/a.ts",
        "notes.txt",
        ".hidden/a.py",
        "node_modules/m/a.js",
        "b/__pycache__/a.py",
        "venv/a.py",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    found = [path.as_posix() for path in source_files(Path())]
    assert found == ["a.py", "b/a.ts", "b/x.go"]
    assert list(source_files(Path("notes.txt"))) == [Path("notes.txt")]


def test_a_written_file_keeps_its_permissions_and_line_ends() -> None:
    path = Path("a.sh")
    path.write_text("echo old\n")
    path.chmod(0o754)
    write_text(path, "echo é\r\n\r")
    assert path.read_bytes() == "echo é\r\n\r".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o754 or os.name == "nt"
    assert [each.name for each in Path().iterdir()] == ["a.sh"]


def test_a_link_stays_a_link() -> None:
    Path("real").mkdir()
    Path("real/a.py").write_text("old")
    link = Path("a.py")
    link.symlink_to("real/a.py")
    write_text(link, "new")
    assert link.is_symlink()
    assert Path("real/a.py").read_text() == "new"


def test_whoever_has_the_file_open_sees_all_of_the_old_text() -> None:
    path = Path("a.py")
    path.write_text("old" * 1000)
    with path.open() as reader:
        write_text(path, "new")
        assert reader.read() == "old" * 1000


@pytest.mark.parametrize("fails", ["mkstemp", "replace"])
def test_a_write_that_fails_leaves_the_old_text(
    monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    path = Path("a.py")
    path.write_text("old")
    monkeypatch.setattr(tempfile if fails == "mkstemp" else Path, fails, fail)
    with pytest.raises(UsageError, match=r"a\.py cannot be written: No space left on device\."):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in Path().iterdir()] == ["a.py"]
