"""Ghost text in VS Code: shown, taken whole and by the word, refused, and typed through."""

from collections.abc import Callable
from pathlib import Path

from editors.tests.vscode import Window


def begin_function(window: Window) -> str:
    """Type the head of a function, where any model has more than a word to say; return it."""
    window.go_to_text("return total * (1 - discount)\n")
    window.type("\n\ndef average_price(prices):\n")
    return window.wait_for_ghost()


def without_spaces(text: str) -> str:
    """Return a text as the page shows it: indentation is drawn there, and no text."""
    return "".join(text.split())


def test_ghost_text_is_shown_and_taken_by_tab(
    session: Window, picture: Callable[[str], Path]
) -> None:
    ghost = begin_function(session)
    session.screenshot(picture("vscode-ghost-text.png"))
    session.press("Tab")
    session.wait_until(
        lambda: without_spaces(ghost) in without_spaces(session.text()),
        f"the suggestion is in the file: {ghost}",
    )


def test_a_word_is_taken(session: Window) -> None:
    ghost = begin_function(session)
    text = session.text()
    session.press("Control+ArrowRight")
    rest = session.wait_until(
        lambda: session.ghost() if len(session.ghost()) < len(ghost) else "",
        "the rest of the suggestion is shown",
    )
    taken = len(session.text()) - len(text)
    assert 0 < taken < len(ghost)
    assert without_spaces(ghost).endswith(without_spaces(rest))


def test_it_goes_when_one_types_something_else(session: Window) -> None:
    ghost = begin_function(session)
    session.type("# @")
    session.wait_until(lambda: session.ghost() != ghost, "the suggestion is gone")
    session.press("Escape")
    session.wait_until(lambda: not session.ghost(), "Escape takes the next one away, too")
    assert "def average_price(prices):\n    # @\n" in session.text()


def test_one_types_through_it(session: Window) -> None:
    """Each key that agrees shortens the ghost text, which is at no moment gone."""
    ghost = begin_function(session).strip()
    session.watch_ghost()
    for typed, key in enumerate(ghost[:8], start=1):
        session.type(key)
        rest = ghost[typed:].strip()
        session.wait_until(lambda rest=rest: session.ghost().strip() == rest, f"{rest} is left")
    assert session.frames_without_ghost() == 0
