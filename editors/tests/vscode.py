"""Drives a window of VS Code in Chromium as a person does: keys, mouse, and looking.

What is on screen is read from the workbench's own page. The text of an editor is read from the
file after saving it, because the lines in the page are neither in order nor complete.
"""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Browser, Error, Locator, Page, Playwright

from editors.tests.code_server import CodeServer
from editors.tests.waiting import wait_until

_T = TypeVar("_T")
_SIZE = {"width": 1280, "height": 800}
_LIMIT_MS = 60_000.0
_STATUS = '[id="qwen-lsp.qwen-lsp.qwenLsp.status"]'
# Messages disappear by themselves, so the page writes down each one that ever showed.
_RECORD_MESSAGES = """
window.messagesSeen = [];
new MutationObserver(() => {
  for (const toast of document.querySelectorAll('.notifications-toasts .notification-list-item')) {
    const grave = toast.querySelector('.codicon-error') ? 'error: ' : '';
    const text = grave + (toast.querySelector('.notification-list-item-message')?.innerText ?? '');
    if (!window.messagesSeen.includes(text)) window.messagesSeen.push(text);
  }
}).observe(document, {childList: true, subtree: true});
"""
_GHOST_TEXT = """() => [...document.querySelectorAll(
    '.monaco-editor .ghost-text-decoration, .monaco-editor .ghost-text-decoration-preview, ' +
    '.monaco-editor .ghost-text .view-line, .monaco-editor .suggest-preview-text .view-line'
)].map(part => part.innerText.replaceAll('\\u00a0', ' ')).join('\\n')"""


@dataclass
class Window:
    """One window of VS Code with one file open; `file` is that file on disk."""

    page: Page
    file: Path

    # What a person does.

    def type(self, text: str) -> None:
        """Type at the speed of a quick typist."""
        self.page.keyboard.type(text, delay=40)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor at a place, counted from 1."""
        self.press("Control+g")
        self._fill(f":{line}:{column}")
        position = f"Ln {line}, Col {column}"
        self.wait_until(lambda: position in self.page.inner_text(".statusbar"), position)

    def go_to_text(self, text: str) -> None:
        """Put the cursor behind the first place of `text` in the saved file."""
        before, found, _ = self.file.read_text("utf-8").partition(text)
        assert found, text
        lines = (before + found).split("\n")
        self.go_to(len(lines), len(lines[-1]) + 1)

    def run(self, title: str) -> None:
        """Run a command of the palette by its title."""
        self.press("F1")
        self._fill(f">{title}")

    def choose(self, label: str) -> None:
        """Choose an entry of the list that is open."""
        entry = self.page.locator(".quick-input-list .monaco-list-row", has_text=label).first
        entry.click(timeout=_LIMIT_MS)

    def open_menu(self) -> None:
        """Click on the item in the status bar."""
        self.page.locator(f"{_STATUS} a").click(timeout=_LIMIT_MS)
        self.page.wait_for_selector(".quick-input-list .monaco-list-row", timeout=_LIMIT_MS)

    def _fill(self, text: str) -> None:
        box = self.page.locator(".quick-input-widget input[type=text]")
        box.wait_for(state="visible", timeout=_LIMIT_MS)
        box.fill(text)
        self.page.locator(".quick-input-list .monaco-list-row.focused").wait_for(timeout=_LIMIT_MS)
        self.press("Enter")
        box.wait_for(state="hidden", timeout=_LIMIT_MS)

    # What a person sees.

    def text(self) -> str:
        """Save, and return what the file holds now."""
        self.press("Control+s")
        self.wait_until(lambda: not self.page.locator(".tab.active.dirty").count(), "it is saved")
        return self.file.read_text("utf-8")

    def ghost(self) -> str:
        """Return the ghost text that is shown, empty where there is none."""
        return self.page.evaluate(_GHOST_TEXT)

    def wait_for_ghost(self) -> str:
        return self.wait_until(self.ghost, "ghost text is shown")

    def status(self) -> str:
        """Return what the item in the status bar says, with its tooltip for screen readers."""
        found = self.page.locator(f"{_STATUS} a")
        if not found.count():
            return ""
        return f"{found.inner_text().strip()} | {found.get_attribute('aria-label') or ''}"

    def wait_for_status(self, words: str) -> str:
        """Wait until the status says `words` (a regular expression)."""
        found = wait_until(
            lambda: self.status() if re.search(words, self.status()) else "",
            f"the status says {words}",
            180,
        )
        return found

    def squiggles(self) -> Locator:
        """Return the underlined places, whatever their severity."""
        kinds = ("error", "warning", "info", "hint")
        return self.page.locator(", ".join(f".monaco-editor .squiggly-{kind}" for kind in kinds))

    def messages(self) -> list[str]:
        """Return all messages that ever popped up; an error begins with `error: `."""
        return self.page.evaluate("() => window.messagesSeen")

    def screenshot(self, path: Path, clip: dict[str, float] | None = None) -> None:
        self.page.screenshot(path=path, clip=clip)  # pyright: ignore[reportArgumentType]

    def wait_until(self, condition: Callable[[], _T], what: str) -> _T:
        """Wait for a condition of the window; where it does not come, say what the window showed."""
        try:
            return wait_until(condition, what)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.status()!r}, {self.messages()}") from None


@contextmanager
def browser_of(playwright: Playwright, program: Path) -> Generator[Browser]:
    """Start the system's Chromium; its own sandbox does not work for root."""
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def window(
    browser: Browser, server: CodeServer, file: Path, line: int = 1, column: int = 1
) -> Generator[Window]:
    """Open a file of a workspace in a new window; no error may have popped up at the end."""
    context = browser.new_context(viewport=_SIZE, device_scale_factor=1.5)
    context.add_init_script(_RECORD_MESSAGES)
    page = context.new_page()
    try:
        page.goto(server.address(file.parent, file.name, line, column))
        page.locator(".monaco-editor .view-line").first.wait_for(timeout=_LIMIT_MS)
        found = Window(page, file)
        yield found
        assert not [each for each in found.messages() if each.startswith("error")]
    except (AssertionError, Error):
        page.screenshot(path=server.folder / "failed.png")
        raise
    finally:
        page.close(run_before_unload=False)
        context.close()
