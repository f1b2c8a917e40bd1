"""Tools that a workspace has: which are run, what counts as new, and what is left of them."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from qwen_lsp.features import workspace_tools
from qwen_lsp.features.actions import RefusalError, find_site, resolve
from qwen_lsp.features.workspace_tools import Source, new_finding
from qwen_lsp.languages import language_for_id
from qwen_lsp.settings import Settings, ToolsAllowed, read_settings
from qwen_lsp.text import Document, Span, apply_edits
from tests.harness.scripted import ScriptedEngine, scripted_model

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake tools are scripts")

GOOD = "def f(a):\n    b = a\n    return b\n"
BAD = "def f(a):\n    return missing\n"
# Finds a word of the text, read from stdin or from the file that is named last but for a folder.
FAKE = """#!{python}
import json, pathlib, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(words) + "\\n")
{body}
"""
RUFF = """
text = sys.stdin.read()
found = [{"location": {"row": 2}, "code": "X1", "message": "missing is missing."}]
print(json.dumps(found * text.count("missing")))
"""
PYRIGHT = """
folder = pathlib.Path(words[-1])
text = (folder / "a.py").read_text()
with open({log!r}, "a") as log:
    log.write((folder / "pyrightconfig.json").read_text() + "\\n")
one = {"severity": "error", "message": "missing", "range": {"start": {"line": 1}}}
other = one | {"severity": "warning"}
print(json.dumps({"generalDiagnostics": [other] + [one] * text.count("missing")}))
"""
MYPY = """
shown, copy = words[words.index("--shadow-file") + 1:][:2]
name = pathlib.Path(shown).name
print("b.py:1: error: elsewhere  [x]")
text = pathlib.Path(copy).read_text()
end = text.count("\\n")
for _ in range(text.count("missing")):
    print(f"{name}:2: error: missing up to line {end}  [name-defined]")
"""
TY = """
for _ in range(pathlib.Path(words[-1]).read_text().count("missing")):
    print(f"{words[-1]}:2:12: error[unresolved-reference] missing")
print(f"{words[-1]}:2:12: warning[other] missing")
"""
HANGING = """
import subprocess, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({log!r}, "a") as log:
    log.write(json.dumps([child.pid]) + "\\n")
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.py").write_text(GOOD)
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder on PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    return programs


def install(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    text = FAKE.replace("{body}", body).replace("{python}", sys.executable)
    (folder / name).write_text(text.replace("{log!r}", repr(str(log))))
    (folder / name).chmod(0o755)
    return log


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def calls(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


async def found(
    folder: Path, before: str, after: str, allowed: ToolsAllowed = "path", name: str = "a.py"
) -> str:
    language = language_for_id("python")
    assert language is not None
    old, new = (Source(folder / name, folder, text) for text in (before, after))
    return await new_finding(old, new, language, allowed)


def use_real_ruff(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    (folder / "ruff.toml").write_text("fix = true\n")


async def test_a_new_finding_counts_and_nothing_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_ruff(monkeypatch, folder)
    assert await found(folder, GOOD, BAD) == "ruff: F821 Undefined name `missing`"
    assert await found(folder, GOOD, "def f(a):\n    return a\n") == ""
    assert names(folder) == ["a.py", "ruff.toml"]


async def test_an_old_finding_may_move_but_not_double(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_real_ruff(monkeypatch, folder)
    moved = BAD.replace("    return", "    # further down\n    print(a)\n    return")
    assert await found(folder, BAD, moved) == ""
    assert await found(folder, BAD, moved.replace("print(a)", "print(missing)")) != ""
    other = "def g(a):\n    return missing\n"
    assert await found(folder, BAD + "\n\ndef g(a):\n    return a\n", f"{BAD}\n\n{other}") != ""


@pytest.mark.parametrize(
    ("name", "text", "runs"),
    [
        ("ruff.toml", "", True),
        (".ruff.toml", "", True),
        ("pyproject.toml", "[tool.ruff]\n", True),
        ("pyproject.toml", "[tool.other]\n", False),
        ("pyproject.toml", "tool = 1\n", False),
        ("pyproject.toml", "[tool", False),
        ("setup.cfg", "", False),
    ],
)
async def test_a_tool_runs_where_the_workspace_is_set_up_for_it(
    folder: Path, programs: Path, name: str, text: str, runs: bool
) -> None:
    log = install(programs, "ruff", RUFF)
    (folder / name).write_text(text)
    assert bool(await found(folder, GOOD, BAD)) == runs
    assert bool(calls(log)) == runs


async def test_settings_of_a_folder_between_count_and_those_above_do_not(
    folder: Path, programs: Path
) -> None:
    install(programs, "ruff", RUFF)
    (folder.parent / "ruff.toml").touch()
    assert await found(folder, GOOD, BAD, name="deep/er/a.py") == ""
    (folder / "deep").mkdir()
    (folder / "deep" / "ruff.toml").touch()
    assert await found(folder, GOOD, BAD, name="deep/er/a.py") == "ruff: X1 missing is missing"
    assert await found(folder, GOOD, BAD, name=str(folder.parent / "a.py")) == ""


async def test_a_program_of_the_workspace_runs_only_if_that_is_allowed(
    folder: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = folder / ".venv" / "bin"
    log = install(own, "ruff", RUFF)
    (folder / ".venv" / "pyvenv.cfg").touch()
    (folder / "ruff.toml").touch()
    link = programs.parent / "link"
    link.symlink_to(own)
    monkeypatch.chdir(folder)
    for path in (programs, own, link, Path(".venv/bin")):
        monkeypatch.setenv("PATH", str(path))
        assert await found(folder, GOOD, BAD) == ""
        assert calls(log) == []
    # A relative folder may exist where the server runs, and then means that of the workspace.
    install(programs.parent / ".venv" / "bin", "ruff", RUFF)
    monkeypatch.chdir(programs.parent)
    assert await found(folder, GOOD, BAD) == ""
    assert calls(log) == []
    assert await found(folder, GOOD, BAD, "all") == "ruff: X1 missing is missing"
    (folder / "ruff.toml").unlink()  # being installed there is enough
    assert await found(folder, GOOD, BAD, "all") == "ruff: X1 missing is missing"


async def test_nothing_runs_where_all_is_off(folder: Path, programs: Path) -> None:
    log = install(programs, "ruff", RUFF)
    (folder / "ruff.toml").touch()
    assert await found(folder, GOOD, BAD, "off") == ""
    assert calls(log) == []


async def test_mypy_reads_a_copy_and_runs_only_for_code_one_trusts(
    folder: Path, programs: Path
) -> None:
    log = install(programs, "mypy", MYPY)
    (folder / "mypy.ini").touch()
    assert await found(folder, GOOD, BAD) == ""
    assert calls(log) == []
    assert await found(folder, GOOD, BAD, "all") == "mypy: missing up to line 4"
    assert await found(folder, BAD, BAD + "\n", "all") == ""
    assert (folder / "a.py").read_text() == GOOD
    cache = calls(log)[0][calls(log)[0].index("--cache-dir") + 1]
    assert Path(cache).is_relative_to(programs.parent / "home")


async def test_pyright_checks_a_copy_with_the_settings_of_the_workspace(
    folder: Path, programs: Path
) -> None:
    log = install(programs, "pyright", PYRIGHT)
    (folder / "venv").mkdir()
    (folder / "venv" / "pyvenv.cfg").touch()
    (folder / "pyproject.toml").write_text("[tool.pyright]\n")
    assert await found(folder, GOOD, BAD) == "pyright: missing"
    words, settings, *_ = map(json.loads, log.read_text().splitlines())
    assert settings["extends"] == str(folder / "pyproject.toml")
    assert (settings["venvPath"], settings["venv"]) == (str(folder), "venv")
    assert str(folder) in settings["extraPaths"]
    assert words[-1] not in names(Path(tempfile.gettempdir()))


async def test_ty_checks_a_copy_as_part_of_the_project(folder: Path, programs: Path) -> None:
    log = install(programs, "ty", TY)
    (folder / "ty.toml").touch()
    assert await found(folder, GOOD, BAD) == "ty: missing"
    assert await found(folder, BAD, BAD + "\n") == ""
    words = calls(log)[0]
    assert words[words.index("--project") + 1] == str(folder)
    assert words[-1] != str(folder / "a.py")


@pytest.mark.parametrize("body", ["print('oops')", "print('[1]')", "sys.exit(2)"])
async def test_a_tool_that_fails_says_nothing(
    folder: Path, programs: Path, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    install(programs, "ruff", body)
    (folder / "ruff.toml").touch()
    assert await found(folder, GOOD, BAD) == ""
    assert "ruff was left out" in caplog.text


def wait_for_the_end_of_its_child(log: Path) -> None:
    (child,) = calls(log)[-1]
    with contextlib.suppress(psutil.NoSuchProcess):
        wait_until(lambda: psutil.Process(int(child)).status() == psutil.STATUS_ZOMBIE)


def wait_for_its_child(log: Path) -> None:
    wait_until(lambda: len(calls(log)) == 2)


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


async def test_a_slow_tool_is_ended_and_does_not_block(
    folder: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = install(programs, "ruff", HANGING)
    (folder / "ruff.toml").touch()
    monkeypatch.setattr(workspace_tools, "LIMIT_SECONDS", 1.5)
    assert await found(folder, GOOD, BAD) == ""
    assert "ruff took too long" in caplog.text
    if len(calls(log)) > 1:  # on a busy machine it may not have come so far
        await asyncio.to_thread(wait_for_the_end_of_its_child, log)


async def test_a_cancelled_request_ends_its_tool(folder: Path, programs: Path) -> None:
    log = install(programs, "ruff", HANGING)
    (folder / "ruff.toml").touch()
    task = asyncio.create_task(found(folder, GOOD, BAD))
    await asyncio.to_thread(wait_for_its_child, log)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(wait_for_the_end_of_its_child, log)


@pytest.mark.parametrize("second", ["    return a", "    return f''"])
async def test_the_model_is_told_once_and_then_the_edit_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, second: str
) -> None:
    use_real_ruff(monkeypatch, folder)
    document = Document((folder / "a.py").as_uri(), "a.py", "python", 1, GOOD)
    site = find_site(document, Span(0, 0), folder)
    assert site is not None
    engine = ScriptedEngine(["    return f''", second])
    if second == "    return a":
        rewrite = await resolve(site, "simplify", scripted_model(engine), "path")
        assert apply_edits(GOOD, rewrite.edits) == "def f(a):\n    return a\n"
    else:
        with pytest.raises(RefusalError, match="f, ruff: F541"):
            await resolve(site, "simplify", scripted_model(engine), "path")
    assert "ruff: F541" in engine.prompt_text(1)


def test_a_workspace_cannot_allow_its_own_programs() -> None:
    wish = {"checks": {"workspaceTools": "all"}}
    settings, problems = read_settings(None, wish)
    assert settings == Settings()
    assert problems == [
        "checks.workspaceTools cannot be set by a workspace; set it in your editor."
    ]
    assert read_settings(wish)[0].checks.workspace_tools == "all"
