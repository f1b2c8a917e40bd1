"""What holds the model may be paused, killed and shared, and nobody is told by a message."""

import os
import signal
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser

from editors.tests.code_server import CodeServer
from editors.tests.home import MODEL_ID, ROOT, Home
from editors.tests.memory import own_mib
from editors.tests.vscode import Window, window
from editors.tests.waiting import wait_until

Picture = Callable[[str], Path]
Times = Callable[[str, str], None]


def type_function(session: Window, name: str) -> str:
    """Begin a function, and return what is suggested for it."""
    session.go_to_text("return total * (1 - discount)\n")
    session.type(f"\n\ndef {name}(prices):\n")
    return session.wait_for_ghost()


def is_gone(pid: int) -> bool:
    """Say whether a process has ended, though its parent may not have noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_status_and_its_menu(session: Window, picture: Picture) -> None:
    type_function(session, "smallest_price")
    session.wait_for_status(f"{MODEL_ID}.*tok/s")
    status = session.status_item().bounding_box()
    assert status is not None
    session.hover(session.status_item())
    session.screenshot(picture("vscode-status.png"), around=status)
    session.page.mouse.move(600, 300)
    session.open_menu()
    session.screenshot(picture("vscode-menu.png"))
    session.press("Escape")


def test_it_pauses_and_resumes(session: Window) -> None:
    session.open_menu()
    session.choose("Pause")
    session.wait_for_status("paused")
    session.go_to_text("return total * (1 - discount)\n")
    session.type("\n\ndef largest_price(prices):\n")
    session.press("Alt+\\")
    session.text()
    assert session.ghost() == ""
    session.open_menu()
    session.choose("Resume")
    session.wait_for_status("ready")
    session.type("    return ")
    session.wait_for_ghost()


def test_a_killed_engine_comes_back(
    session: Window, shared_vscode: tuple[CodeServer, Home]
) -> None:
    _, home = shared_vscode
    type_function(session, "first_price")
    [before] = home.engines()
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: is_gone(before["pid"]), "the engine is gone")
    session.press("Escape")
    session.type("# The last\n")
    session.wait_for_ghost()
    session.wait_for_status("ready")
    [after] = home.engines()
    assert after["pid"] != before["pid"]


def test_a_killed_server_comes_back(
    session: Window, shared_vscode: tuple[CodeServer, Home]
) -> None:
    _, home = shared_vscode
    type_function(session, "second_price")
    session.press("Escape")
    [before] = home.servers()
    before.kill()
    wait_until(lambda: home.servers() not in ([], [before]), "another server is there")
    session.wait_for_status("ready")
    session.type("return ")
    session.wait_for_ghost()


@contextmanager
def neovim_beside(program: Path, home: Home, file: Path) -> Generator[None]:
    """Open a file in a Neovim without a screen that has the language server of this checkout."""
    start = (
        f"vim.opt.runtimepath:append({str(ROOT / 'editors' / 'nvim')!r});"
        f"vim.lsp.config('qwen_lsp', {{cmd = {{{home.command()[0]!r}, 'serve'}},"
        f" settings = {{qwenLsp = {{model = {MODEL_ID!r}}}}}}}) vim.lsp.enable('qwen_lsp')"
    )
    command = [program, "--headless", "--clean", "--cmd", f"lua {start}", file]
    none = subprocess.DEVNULL
    with subprocess.Popen(
        command, env=home.env, stdin=subprocess.PIPE, stdout=none, stderr=none
    ) as process:
        try:
            yield
        finally:
            process.terminate()


@pytest.mark.usefixtures("session")
def test_a_second_window_and_neovim_share_the_engine(
    editor: Callable[[str], Path],
    browser: Browser,
    shared_vscode: tuple[CodeServer, Home],
    workspace: Path,
    times: Times,
) -> None:
    server, home = shared_vscode
    with window(browser, server, workspace / "shop.py") as second:
        second.wait_for_status("ready")
        type_function(second, "third_price")
        with neovim_beside(editor("nvim-0.11"), home, workspace / "shop.py"):
            wait_until(lambda: len(home.servers()) == 3, "there are three servers")
            wait_until(lambda: home.engines()[0]["clients"] >= 3, "the engine has three clients")
            assert len(home.engines()) == 1
            named = zip(("first window", "second window", "Neovim"), home.servers(), strict=True)
            for name, process in named:
                mib = own_mib(process)
                times(f"memory of the server of the {name}", f"{mib:.0f} MiB")
                assert mib < 100
        assert second.messages() == []
