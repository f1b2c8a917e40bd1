"""What all tests of editors share: editors, a home for the server, a workspace, pictures, times.

The editors lie in `.editors/` (install.sh fetches them); `editor("hx")` is the path of one, or
skips the test with a reason where it is missing (with CI=true it fails). Nothing here asserts a
time: `times` writes down how long things took, for the summary and for build/pictures/times.json.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from editors.tests.code_server import CodeServer, code_server, vscode_settings
from editors.tests.home import MODEL_ID, ROOT, Home, fresh_home
from editors.tests.neovim import VERSIONS, Neovim, ready_neovim
from editors.tests.vscode import Window, browser_of, window
from qwen_lsp.models import catalogue, files

PICTURES = ROOT / "build" / "pictures"
DEMO = ROOT / "fixtures" / "workspaces" / "demo"
_FAILED = pytest.StashKey[bool]()
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


@pytest.fixture(scope="module")
def shared_home(weights: Path) -> Iterator[Home]:
    """Make a home like `home` for all tests of a file that leave it well."""
    with fresh_home(weights) as home:
        yield home


@pytest.fixture(scope="module", params=VERSIONS)
def nvim_program(request: pytest.FixtureRequest, editor: Callable[[str], Path]) -> Path:
    """Return each Neovim in turn."""
    return editor(request.param)


@pytest.fixture
def nvim(
    nvim_program: Path, shared_home: Home, tmp_path: Path, workspace: Path
) -> Iterator[Neovim]:
    """Open the shop in a Neovim, with the model ready."""
    with ready_neovim(nvim_program, shared_home, tmp_path / "nvim", workspace / "shop.py") as nvim:
        yield nvim


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Return a copy of the demo workspace, as a git repository with everything committed."""
    return make_workspace(tmp_path / "shop")


def make_workspace(folder: Path) -> Path:
    """Copy the demo workspace to `folder` and commit it."""
    shutil.copytree(DEMO, folder)
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A small shop"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


@pytest.fixture(scope="session")
def extension() -> Path:
    """Return the newest .vsix that `make vscode` has built."""
    built = sorted((ROOT / "dist").glob("*.vsix"), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.fail("there is no extension in dist/: run `make vscode`")
    return built[-1]


@pytest.fixture(scope="session")
def browser(editor: Callable[[str], Path]) -> Iterator[Browser]:
    """Start the one Chromium of all tests."""
    with sync_playwright() as playwright, browser_of(playwright, editor("chromium")) as browser:
        yield browser


@pytest.fixture(scope="session")
def shared_vscode(
    editor: Callable[[str], Path],
    extension: Path,
    weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[CodeServer, Home]]:
    """Run a code-server with the extension and the real model, for all tests that leave it well."""
    folder = tmp_path_factory.mktemp("vscode")
    with fresh_home(weights) as home:
        settings = vscode_settings(home)
        program = editor("code-server")
        with code_server(program, extension, folder, home, settings) as server:
            yield server, home


@pytest.fixture(scope="session")
def shared_window(
    browser: Browser,
    shared_vscode: tuple[CodeServer, Home],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Window]:
    """Open the window in which a person does one thing after another."""
    server, _ = shared_vscode
    workspace = make_workspace(tmp_path_factory.mktemp("session") / "shop")
    with window(browser, server, workspace / "shop.py") as opened:
        yield opened


@pytest.fixture
def session(
    shared_window: Window, picture: Callable[[str], Path], request: pytest.FixtureRequest
) -> Iterator[Window]:
    """Give the shared window its first text back; no message may have popped up after the test."""
    shared_window.wait_for_status("ready")
    shared_window.replace_text((DEMO / "shop.py").read_text("utf-8"))
    yield shared_window
    messages = shared_window.messages()
    if messages or request.node.stash.get(_FAILED, False):
        shared_window.screenshot(picture(f"failed-{request.node.name}.png"))
        shared_window.open_again()
    assert messages == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


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
    measured = config.stash.get(_TIMES, dict[str, str]())
    if not measured:
        return
    path = PICTURES / "times.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, str] = json.loads(path.read_text("utf-8") if path.exists() else "{}")
    # One suite alone keeps what the others measured earlier.
    path.write_text(json.dumps(before | measured, indent=2, ensure_ascii=False) + "\n", "utf-8")
    terminalreporter.section("measured")
    for name, value in measured.items():
        terminalreporter.write_line(f"{name}: {value}")
