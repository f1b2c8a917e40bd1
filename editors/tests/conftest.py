"""What all tests of editors share: editors, a home for the server, a workspace, pictures, times.

The editors lie in `.editors/` (install.sh fetches them); `editor("hx")` is the path of one, or
skips the test with a reason where it is missing (with CI=true it fails). Nothing here asserts a
time: `times` writes down how long things took, for the summary and for build/pictures/times.json.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from editors.tests.home import MODEL_ID, ROOT, Home, fresh_home
from qwen_lsp.models import catalogue, files

PICTURES = ROOT / "build" / "pictures"
_TIMES = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="session")
def editors_folder() -> Path:
    """Return the folder that install.sh fills."""
    return ROOT / ".editors"


@pytest.fixture(scope="session")
def editor(editors_folder: Path) -> Callable[[str], Path]:
    """Find an editor or another program that a test needs, by its name."""

    def find(name: str) -> Path:
        own = editors_folder / "bin" / name
        found = str(own) if own.exists() else shutil.which(name)
        if found is None:
            reason = f"{name} is not installed: editors/tests/install.sh says why"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        return Path(found)

    return find


@pytest.fixture(scope="session")
def weights() -> Path:
    """Return the real 0.5B model in the user's own folder, fetched once where it is missing."""
    card = catalogue.card(MODEL_ID)
    return files.find(card) or files.pull(card)


@pytest.fixture
def home(weights: Path) -> Iterator[Home]:
    """Make a fresh home with the real model; after the test nothing may run in it any more."""
    with fresh_home(weights) as home:
        yield home


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a copy of the demo workspace, as a git repository with everything committed."""
    return make_workspace(tmp_path / "shop")


def make_workspace(folder: Path) -> Path:
    """Copy the demo workspace to `folder` and commit it."""
    shutil.copytree(ROOT / "fixtures" / "workspaces" / "demo", folder)
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A small shop"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


@pytest.fixture(scope="session")
def picture() -> Callable[[str], Path]:
    """Say where a picture is put: `make pictures` copies those that a README shows."""

    def path(name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        return PICTURES / name

    return path


@pytest.fixture(scope="session")
def times(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Write a measurement down, as text with its unit, under a name that says what was measured."""
    measured = request.config.stash.setdefault(_TIMES, {})

    def write_down(name: str, value: str) -> None:
        measured[name] = value

    return write_down


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    measured = config.stash.get(_TIMES, {})
    if not measured:
        return
    path = PICTURES / "times.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(path.read_text("utf-8")) if path.exists() else {}
    # One suite alone keeps what the others measured earlier.
    path.write_text(json.dumps(before | measured, indent=2, ensure_ascii=False) + "\n", "utf-8")
    terminalreporter.section("measured")
    for name, value in measured.items():
        terminalreporter.write_line(f"{name}: {value}")
