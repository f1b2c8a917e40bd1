"""Code actions and reviews in VS Code: from the menu to the edit, from the squiggle to its fix."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from editors.tests.long_review import LONG_FILE
from editors.tests.vscode import Window

Picture = Callable[[str], Path]


def annotated(text: str, name: str) -> bool:
    """Say whether all parameters and the result of a function have annotations."""
    found = [each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.FunctionDef)]
    function = next(each for each in found if each.name == name)
    return function.returns is not None and all(each.annotation for each in function.args.args)


def test_type_hints_by_the_light_bulb(session: Window) -> None:
    session.go_to_text("def total_pr")
    session.page.locator(".codicon-light-bulb").click()
    session.choose_action("Add type hints")
    session.wait_until(lambda: annotated(session.text(), "total_price"), "the hints are there")


def test_type_hints_are_shown_before_they_are_taken(session: Window, picture: Picture) -> None:
    """VS Code's own way to ask for a look first, which works for every action."""
    before = session.text()
    session.go_to_text("def total_pr")
    session.press("Control+Shift+r")
    session.choose_action("Add type hints", preview=True)
    rows = session.preview_rows()
    assert any("-> " in row or ": " in row for row in rows)
    session.screenshot(picture("vscode-type-hints.png"))
    session.button("Discard").click()
    session.button("Discard").wait_for(state="hidden")
    assert session.text() == before


@pytest.mark.parametrize(("key", "taken"), [("Control+Enter", True), ("Escape", False)])
def test_rewritten_code_is_shown_first(
    session: Window, picture: Picture, key: str, taken: bool
) -> None:
    """The diff opens by itself; one key takes the edit, another drops it."""
    before = session.text()
    session.go_to_text("def is_avail")
    session.press("Control+Shift+r")
    session.choose_action("Simplify")
    session.wait_for_difference()
    if taken:
        session.screenshot(picture("vscode-diff.png"))
    session.press(key)
    session.page.locator(".monaco-diff-editor").wait_for(state="hidden")
    session.wait_until(lambda: (session.text() != before) == taken, "the edit is taken or dropped")


def test_a_review_finds_explains_and_fixes(session: Window, picture: Picture) -> None:
    session.go_to_text("def find_art")
    session.run("Qwen LSP: Review this function")
    session.wait_until(session.squiggles().count, "there is a squiggle")
    hover = session.hover(session.squiggles().first)
    assert "find_article" in hover
    assert "qwen-lsp" in hover
    session.screenshot(picture("vscode-review.png"))
    session.go_to_text("while low ")
    session.press("Control+.")
    session.choose_action("Fix")
    session.wait_until(lambda: "while low <= high:" in session.text(), "the fix is in the file")
    session.wait_until(lambda: not session.squiggles().count(), "the squiggle is gone")


def test_a_long_review_is_stopped(session: Window) -> None:
    session.replace_text(LONG_FILE)
    session.go_to(2)
    session.run("Qwen LSP: Review this file")
    session.wait_for_status("working")
    session.open_menu()
    session.choose("Stop what is going on")
    session.wait_for_status("ready")
    session.go_to(1)
    session.type("def largest_number(numbers):\n")
    session.wait_for_ghost()
    assert not session.squiggles().count()
