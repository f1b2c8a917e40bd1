"""Helix with editors/helix/languages.toml: an action, a review with its fix, a suggestion."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from editors.tests.helix import Terminal, helix
from editors.tests.home import PATIENT, ROOT, Home
from editors.tests.terminal import draw
from editors.tests.waiting import wait_until

CONFIGURATION = ROOT / "editors" / "helix" / "languages.toml"


@pytest.fixture
def session(
    editor: Callable[[str], Path], home: Home, workspace: Path, tmp_path: Path
) -> Iterator[tuple[Terminal, Path]]:
    """Open the shop at `total_price`, with the configuration as it is but for the model."""
    text = CONFIGURATION.read_text("utf-8")
    assert 'model = "auto"' in text
    ours = tmp_path / "config" / "helix" / "languages.toml"
    ours.parent.mkdir(parents=True)
    patient = "\n".join(f"{name} = {json.dumps(value)}" for name, value in PATIENT.items())
    ours.write_text(text.replace('model = "auto"', patient), "utf-8")
    file = workspace / "shop.py"
    configuration = tmp_path / "config"
    with helix(
        editor("tmux"), editor("hx"), configuration, home.folder, home, f"{file}:18:5"
    ) as terminal:
        terminal.wait_for(lambda screen: "def total_price" in screen, "the file is shown")
        wait_until(home.engines, "the server has started its engine")
        yield terminal, file


def saved(file: Path) -> str:
    """Return the text of a file, which Helix takes away for a moment while it saves."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""


def save(terminal: Terminal) -> None:
    if " INS " in terminal.screen():
        terminal.press("Escape")
        # A key that follows Escape at once would be taken for one with Alt.
        terminal.wait_for(lambda screen: " NOR " in screen, "normal mode")
    terminal.type(":w")
    terminal.press("Enter")


def test_type_hints(session: tuple[Terminal, Path]) -> None:
    terminal, file = session
    terminal.press("Space", "a")
    terminal.choose("Add type hints  ", first="Add type hints")
    terminal.wait_for(lambda screen: ") -> " in screen, "the type hints are shown")
    save(terminal)
    wait_until(lambda: "def total_price(prices: " in saved(file), "they are saved")


def test_a_review_and_its_fix(
    session: tuple[Terminal, Path], picture: Callable[[str], Path]
) -> None:
    terminal, file = session
    # At the top of the screen, where its menu has room.
    terminal.type("32Gzt")
    terminal.press("Space", "a")
    terminal.choose("Review this function", first="Add type hints")
    terminal.wait_for(lambda screen: "returns -1, but its documentation" in screen, "a finding")
    terminal.type("42G")
    terminal.wait_for(lambda screen: "└─" in screen, "the finding is shown in full")
    draw(terminal.screen(colours=True), "Helix", picture("helix-review.svg"))
    terminal.press("Space", "a")
    terminal.choose("Fix: while low <= high", first="Fix: while low <= high")
    terminal.wait_for(lambda screen: "while low <= high:" in screen and "└─" not in screen, "fixed")
    save(terminal)
    wait_until(lambda: "while low <= high:" in saved(file), "the fix is saved")


def test_a_suggestion_by_completion(session: tuple[Terminal, Path]) -> None:
    terminal, file = session
    terminal.type("22G")
    terminal.type("o")
    terminal.press("C-u")
    terminal.type("def average_price(prices):")
    terminal.press("Enter")
    terminal.type("    return ")
    terminal.press("C-x")
    # The menu says of what kind its entries are.
    terminal.wait_for(lambda screen: re.search(r"\btext\b", screen) is not None, "a suggestion")
    terminal.press("Tab", "Enter")
    save(terminal)
    wait_until(
        lambda: "    return \n" not in (text := saved(file)) and "average" in text,
        "the suggestion is saved",
    )


def test_the_configuration_knows_every_language() -> None:
    languages = tomllib.loads(CONFIGURATION.read_text("utf-8"))["language"]
    assert all(each["language-servers"][0] == "qwen-lsp" for each in languages)
    assert len(languages) == 15
