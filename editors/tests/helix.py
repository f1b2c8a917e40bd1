"""Drives Helix in a terminal of tmux: keys go in, and the screen is read."""

import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from editors.tests.home import Home
from editors.tests.waiting import wait_until

_COLUMNS, _LINES = 110, 44


@dataclass
class Terminal:
    """A terminal with one program in it; `socket` is that of its own tmux."""

    tmux: Path
    socket: Path

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names, such as Enter, Escape and C-x."""
        self._tmux("send-keys", *keys)

    def type(self, text: str) -> None:
        self._tmux("send-keys", "-l", text)

    def screen(self, *, colours: bool = False) -> str:
        """Return what is shown, by lines, with the codes for its colours or without."""
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def wait_for(self, condition: Callable[[str], bool], what: str) -> str:
        """Wait until the screen fits `condition`, and return it; a failure shows the screen."""
        try:
            return wait_until(lambda: shown if condition(shown := self.screen()) else "", what)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n{self.screen()}") from None

    def choose(self, entry: str, first: str) -> None:
        """Choose an entry of the menu that is open, whose first entry is selected already."""
        lines = self.wait_for(lambda shown: entry in shown and first in shown, entry).splitlines()
        rows = [
            next(row for row, line in enumerate(lines) if text in line) for text in (first, entry)
        ]
        self.press(*["Down"] * (rows[1] - rows[0]), "Enter")

    def end(self) -> None:
        """End the program and its tmux."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = [self.tmux, "-S", self.socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def helix(
    tmux: Path, program: Path, configuration: Path, folder: Path, home: Home, file: str
) -> Generator[Terminal]:
    """Open a file (with its place, as in `shop.py:18:5`) in a Helix that has this configuration.

    `folder` is where tmux keeps its socket, and has to be short.
    """
    terminal = Terminal(tmux, folder / "tmux")
    env = {**home.env, "XDG_CONFIG_HOME": str(configuration), "TERM": "xterm-256color"}
    size = ["-x", str(_COLUMNS), "-y", str(_LINES)]
    start = [tmux, "-S", terminal.socket, "-f", "/dev/null", "new-session", "-d", *size]
    subprocess.run([*start, program, file], env=env, check=True)
    try:
        yield terminal
    finally:
        terminal.end()
