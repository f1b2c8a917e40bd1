"""A diff is what Git takes: applied to the old file it makes the new one, to the byte."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_lsp.text import unified_diff


def applied(folder: Path, path: str, old: str, new: str) -> str:
    """Return the text that `git apply` makes of `old`."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(old.encode())
    diff = unified_diff(path, old, new)
    # Without a repository around it, Git takes the paths as they stand.
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    environment = {"GIT_CEILING_DIRECTORIES": str(folder.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command,
        cwd=folder,
        input=diff.encode(),
        capture_output=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, f"{done.stderr.decode()}\n{diff}"
    return file.read_bytes().decode()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nx\nc\n"),
        ("a\nb", "a\nx"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("x\na\nb", "y\na\nb"),
        ("a\r\nb\r\nc\r\n", "a\r\nx\r\nc\r\n"),
        ("a\rb\rc", "a\rx\rc"),
        ("a\fb\nc\n", "a\fx\nc\n"),
        ("one\n\fdef two\n", "one\n\fdef three\n"),
        ("s = 'a\u2028b\x85c'\nt\n", "s = 'a\u2028b\x85d'\nt\n"),
        ("v\x0bw\x1cx\x1dy\x1ez\n", "v\x0bw\x1cx\x1dy\x1e!\n"),
        ("é😀\n", "é😁\n"),
    ],
)
@pytest.mark.parametrize("path", ["shop.py", "some folder/shöp.py"])
def test_git_applies_it(tmp_path: Path, path: str, old: str, new: str) -> None:
    assert applied(tmp_path, path, old, new) == new


TEXT = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\f\n", "d\u2028e\n", "\r"]), max_size=12)
END = st.sampled_from(["", "end"])


@given(old=TEXT, old_end=END, new=TEXT, new_end=END)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_git_applies_whatever_changed(
    tmp_path: Path, old: list[str], old_end: str, new: list[str], new_end: str
) -> None:
    before, after = "".join(old) + old_end + "\n!", "".join(new) + new_end + "\n?"
    assert applied(tmp_path, "a.py", before, after) == after


def test_nothing_changed_is_no_diff() -> None:
    assert unified_diff("a.py", "a\nb", "a\nb") == ""
