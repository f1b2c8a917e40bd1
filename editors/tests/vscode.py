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

from playwright.sync_api import Browser, FloatRect, Locator, Page, Playwright, ViewportSize

from editors.tests.code_server import CodeServer
from editors.tests.waiting import wait_until

_T = TypeVar("_T")
_SIZE: ViewportSize = {"width": 1280, "height": 800}
_LIMIT_MS = 60_000.0
_STATUS = '[id="qwen-lsp.qwen-lsp.qwenLsp.status"]'
# Messages and states disappear by themselves, so the page writes down each one that ever showed:
# messages as they are, states with the seconds since the page was opened.
_RECORD = """
window.messagesSeen = [];
window.statesSeen = {};
new MutationObserver(() => {
  const state = document.querySelector('STATUS a')?.getAttribute('aria-label')?.split(',')[0];
  if (state) window.statesSeen[state] ??= performance.now() / 1000;
  for (const toast of document.querySelectorAll('.notifications-toasts .notification-list-item')) {
    const grave = toast.querySelector('.codicon-error') ? 'error: ' : '';
    const text = grave + (toast.querySelector('.notification-list-item-message')?.innerText ?? '');
    if (!window.messagesSeen.includes(text)) window.messagesSeen.push(text);
  }
}).observe(document, {childList: true, subtree: true, attributeFilter: ['aria-label']});
""".replace("STATUS", _STATUS)
# The parts of ghost text stand anywhere in the page: they are put together by where they are seen.
_GHOST_TEXT = """() => {
  const kinds = ['.ghost-text-decoration', '.ghost-text-decoration-preview',
    '.ghost-text .view-line', '.suggest-preview-text .view-line'];
  const found = document.querySelectorAll(kinds.map(kind => '.monaco-editor ' + kind).join(', '));
  const parts = [...found].map(
    part => ({place: part.getBoundingClientRect(), text: part.innerText}));
  parts.sort((a, b) => a.place.top - b.place.top || a.place.left - b.place.left);
  let text = '', top = parts[0]?.place.top;
  for (const part of parts) {
    if (part.place.top - top > 5) text += '\\n';
    top = part.place.top;
    text += part.text.replaceAll('\\u00a0', ' ');
  }
  return text;
}"""
_THREE_FRAMES = """() => new Promise(done => {
  let left = 3;
  const next = () => left-- > 0 ? requestAnimationFrame(next) : done();
  next();
})"""
_WATCH_GHOST = f"""() => {{
  const ghost = {_GHOST_TEXT};
  window.framesWithoutGhost = 0;
  const look = () => {{
    if (ghost() === '') window.framesWithoutGhost += 1;
    requestAnimationFrame(look);
  }};
  requestAnimationFrame(look);
}}"""


@dataclass
class Window:
    """One window of VS Code with one file open; `file` is that file on disk."""

    page: Page
    file: Path

    def open(self, address: str) -> None:
        """Load the workbench, and wait until the file can be typed into."""
        self.page.goto(address)
        self.page.locator(".monaco-editor .view-line").first.wait_for(timeout=_LIMIT_MS)
        # The side bar would take a fifth of every picture; VS Code remembers that it was closed.
        if self.page.locator(".part.sidebar").is_visible():
            self.press("Control+b")

    def open_again(self) -> None:
        """Open the same file in a new page, whatever state the old one is in."""
        old, address = self.page, self.page.url
        self.page = old.context.new_page()
        old.close()
        self.open(address)

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
        self.status_item().click(timeout=_LIMIT_MS)
        self.page.wait_for_selector(".quick-input-list .monaco-list-row", timeout=_LIMIT_MS)

    def choose_action(self, title: str, *, preview: bool = False) -> None:
        """Choose an entry of the menu of code actions, or have its edit shown first."""
        rows = self.page.locator(".action-widget .monaco-list-row.action")
        entry = rows.filter(has_text=re.compile(rf"^\s*{re.escape(title)}(\W|$)")).first
        entry.wait_for(timeout=_LIMIT_MS)
        if preview:
            entry.hover()
            self.press("Control+Enter")
        else:
            entry.click()

    def button(self, text: str) -> Locator:
        return self.page.locator(".monaco-button", has_text=text).first

    def replace_text(self, text: str) -> None:
        """Give the file another text, as a change of branch does, and leave nothing unsaved."""
        self.press("Escape", "Escape")
        if self.page.evaluate("() => document.activeElement?.closest('.monaco-editor') === null"):
            self.run("View: Focus Active Editor Group")
        # What is unsaved is thrown away, so that VS Code reads the file and asks nothing.
        self.type("#")
        self.wait_until(lambda: self.page.locator(".tab.active.dirty").count(), "it is changed")
        self.file.write_text(text, "utf-8")
        self.run("File: Revert File")
        self.wait_until(lambda: not self.page.locator(".tab.active.dirty").count(), "it is read")

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
        self.wait_until(self._is_saved, "it is saved")
        # VS Code empties the file before it writes it, and may be at an earlier save.
        return self.wait_until(lambda: self.file.read_text("utf-8"), "the file is written")

    def _is_saved(self) -> bool:
        """Save what is not saved yet: an edit may come after the key of an earlier try."""
        dirty = self.page.locator(".tab.active.dirty")
        if dirty.count():
            self.press("Control+s")
        return not dirty.count()

    def ghost(self) -> str:
        """Return the ghost text that is shown, empty where there is none."""
        return self.page.evaluate(_GHOST_TEXT)

    def wait_for_ghost(self) -> str:
        """Wait until ghost text is shown whole, and return it."""
        return self.wait_until(self._painted_ghost, "ghost text is shown")

    def _painted_ghost(self) -> str:
        """Return the ghost text once it stays: its first line is painted before the others."""
        before = self.ghost()
        self.page.evaluate(_THREE_FRAMES)
        return before if self.ghost() == before else ""

    def watch_ghost(self) -> None:
        """From now on, count the painted frames in which no ghost text is shown."""
        self.page.evaluate(_WATCH_GHOST)

    def frames_without_ghost(self) -> int:
        return self.page.evaluate("() => window.framesWithoutGhost")

    def status_item(self) -> Locator:
        return self.page.locator(f"{_STATUS} a")

    def status(self) -> str:
        """Return what the item in the status bar says, with its tooltip for screen readers."""
        found = self.status_item()
        if not found.count():
            return ""
        return f"{found.inner_text().strip()} | {found.get_attribute('aria-label') or ''}"

    def wait_for_status(self, words: str) -> str:
        """Wait until the status says `words` (a regular expression)."""
        return wait_until(
            lambda: shown if re.search(words, shown := self.status()) else "",
            f"the status says {words}",
            180,
        )

    def states(self) -> dict[str, float]:
        """Return the states that the status has told, such as `Qwen LSP: ready`, in seconds after
        the window was opened."""
        return self.page.evaluate("() => window.statesSeen")

    def squiggles(self) -> Locator:
        """Return the underlined places, whatever their severity."""
        kinds = ("error", "warning", "info", "hint")
        return self.page.locator(", ".join(f".monaco-editor .squiggly-{kind}" for kind in kinds))

    def hover(self, place: Locator) -> str:
        """Rest the mouse on a place, and return what is shown there."""
        box = place.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        shown = self.page.locator(".monaco-hover:visible .hover-contents").first
        shown.wait_for(timeout=_LIMIT_MS)
        return shown.inner_text()

    def preview_rows(self) -> list[str]:
        """Wait for the preview of an edit, and return its lines."""
        rows = self.page.locator(".bulk-edit-panel .monaco-list-row")
        rows.nth(1).wait_for(timeout=_LIMIT_MS)
        return rows.all_inner_texts()

    def wait_for_difference(self) -> None:
        """Wait for a diff that shows its changed lines."""
        changed = self.page.locator(".monaco-diff-editor .line-insert").first
        changed.wait_for(state="attached", timeout=_LIMIT_MS)

    def messages(self) -> list[str]:
        """Return all messages that ever popped up; an error begins with `error: `."""
        return self.page.evaluate("() => window.messagesSeen")

    def screenshot(self, path: Path, around: FloatRect | None = None) -> None:
        """Take a picture of the window, or of the surroundings of a place at its bottom."""
        clip: FloatRect | None = None
        if around is not None:
            left = max(0.0, around["x"] - 280)
            width = _SIZE["width"] - left
            clip = {"x": left, "y": _SIZE["height"] - 170.0, "width": width, "height": 170.0}
        self.page.screenshot(path=path, clip=clip)

    def wait_until(self, condition: Callable[[], _T], what: str) -> _T:
        """Wait for a condition; where it does not come, say what the window showed."""
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
    context.add_init_script(_RECORD)
    try:
        opened = Window(context.new_page(), file)
        opened.open(server.address(file.parent, file.name, line, column))
        yield opened
        assert not [each for each in opened.messages() if each.startswith("error")]
    finally:
        context.close()
