"""Reading cross-file cases: the files, the cursor, and what is wrong with a row."""

from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.evaluation.crossfile_cases import read_repositories
from qwen_lsp.evaluation.json_lines import BadDataError
from tests.harness.crossfile import APP, CASE, CLIENT, FILES, write_rows


def test_a_case_is_an_open_file_without_the_rest_of_the_line(tmp_path: Path) -> None:
    found = read_repositories([write_rows(tmp_path / "all.jsonl", *FILES, CASE)])
    assert found.files == {"shop": {"client.py": CLIENT, "app.py": APP}}
    (case,) = found.cases
    document = case.document(tmp_path / "shop")
    assert document.text == APP.replace("order_by_name('x')", "")
    assert document.text[: case.offset].endswith("client.")
    assert document.path == "app.py"
    assert document.uri == (tmp_path / "shop" / "app.py").as_uri()
    assert (case.identifier, case.target, case.via) == ("order_by_name", "order_by_name(", "typed")


def test_the_files_may_lie_beside_the_cases(tmp_path: Path) -> None:
    cases = write_rows(tmp_path / "cases.jsonl", CASE)
    write_rows(tmp_path / "cases_files.jsonl", *FILES)
    assert set(read_repositories([cases]).files["shop"]) == {"client.py", "app.py"}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"path": "gone.py"}, "there is no file gone.py of shop in the data"),
        ({"path": "../app.py"}, "its path is no path inside of a folder"),
        ({"repo": "/shop"}, "its repo is no path inside of a folder"),
        ({"line": 4}, "its prefix_chars lead to line 5, character 11"),
        ({"character": 10}, "its prefix_chars lead to line 5, character 11"),
        ({"line_rest": "order("}, "its line_rest is not what the file has there"),
        ({"prefix_chars": "7"}, "its prefix_chars is not a whole number"),
        ({"prefix_chars": True}, "its prefix_chars is no whole number"),
        ({"identifier": None}, "it has no identifier"),
    ],
)
def test_bad_cases_are_named(tmp_path: Path, changed: dict[str, Any], sentence: str) -> None:
    path = write_rows(tmp_path / "all.jsonl", *FILES, CASE | changed)
    with pytest.raises(BadDataError) as caught:
        read_repositories([path])
    assert str(caught.value) == f"{path}, line 3: {sentence}."


@pytest.mark.parametrize("path", ["../client.py", "/client.py", "a/../../b.py", "c:\\x.py", ""])
def test_files_stay_inside_of_their_folder(tmp_path: Path, path: str) -> None:
    rows = [FILES[0] | {"path": path}, FILES[1], CASE]
    with pytest.raises(BadDataError, match="line 1: its path is no path inside of a folder"):
        read_repositories([write_rows(tmp_path / "all.jsonl", *rows)])


def test_files_without_a_case(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "all.jsonl", *FILES)
    with pytest.raises(BadDataError, match="There is no case in"):
        read_repositories([path])


def test_cases_without_their_files(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "all.jsonl", CASE)
    with pytest.raises(BadDataError, match=r"There is no file .*all_files\.jsonl\."):
        read_repositories([path])
