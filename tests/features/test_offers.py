"""What the menu offers at a place, and where nothing is suggested."""

import pytest

from qwen_lsp.features.actions import RefusalError, Site, find_offers, find_site, resolve
from qwen_lsp.features.gate import reason_to_stay_silent
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.settings import InlineCompletionSettings
from qwen_lsp.text import Document, Span
from tests.harness.scripted import ScriptedEngine, scripted_model

CODE = """import os

@cache
def f(a):
    if a:
        return os.name
    return ""
"""


REWRITES = ["add_type_hints", "add_docstring", "simplify", "error_handling", "custom"]


def document(text: str = CODE, language_id: str = "python") -> Document:
    return Document("file:///a", "a", language_id, 1, text)


def site(document: Document, offset: int) -> Site:
    found = find_site(document, Span(offset, offset))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("only", "actions"),
    [
        ((), [*REWRITES, "generate_tests"]),
        (("refactor",), REWRITES),
        (("refactor.rewrite",), REWRITES),
        (("refactor.rewrite.simplify",), ["simplify"]),
        (("refactor.rewrite.simpl",), []),
        (("quickfix", "refactor.rewrite.addDocstring"), ["add_docstring"]),
        (("source",), ["generate_tests"]),
        (("refactor.extract",), []),
    ],
)
def test_the_menu_holds_the_kinds_that_are_asked_for(
    only: tuple[str, ...], actions: list[str]
) -> None:
    offset = CODE.index("@cache")
    offers = find_offers(site(document(), offset), only)
    assert [offer.action for offer in offers] == actions
    assert all(offer.selection == Span(offset, offset) for offer in offers)


@pytest.mark.parametrize("language_id", ["python", "klingon"])
def test_no_offers_without_a_function(language_id: str) -> None:
    assert find_offers(find_site(document(language_id=language_id), Span(3, 3))) == []


@pytest.mark.parametrize(
    ("action", "offset", "reason"),
    [
        ("polish", 0, "There is no action polish; there are add_type_hints"),
        ("simplify", 0, "Simplify: there is nothing to do here."),
        ("add_docstring", 20, "Add docstring: there is nothing to do for g."),
    ],
)
async def test_an_action_that_cannot_be_is_refused(action: str, offset: int, reason: str) -> None:
    text = 'import os\n\ndef g():\n    """Doc."""\n'
    with pytest.raises(RefusalError, match=reason):
        await resolve(site(document(text), offset), action, scripted_model(ScriptedEngine([])))


@pytest.mark.parametrize(
    ("language_id", "marked", "explicit", "reason"),
    [
        ("python", "x = |\n", False, None),
        ("python", "x = |)\n", False, None),
        ("python", "x = |y\n", False, "code stands right of the cursor"),
        ("python", "x = z|_y\n", True, "the cursor is inside a word"),
        ("python", "x = |_y\n", True, None),
        ("python", "x = '" + "a" * 20_000 + "'|", True, "the line is too long"),
        ("python", "|x = 1\n", False, None),
        ("python", "if x:\n    |y()\n", False, "code stands right of the cursor"),
        ("python", "if x:\n    |y()\n", True, None),
        ("python", "x = 'a|'\n", False, "the cursor is in a string"),
        ("python", "x = 'a|'\n", True, None),
        ("python", "x = f'{a|}'\n", False, None),
        ("python", 'def f():\n    """The |"""\n', False, None),
        ("python", "x = | + y\n", False, "code stands right of the cursor"),
        ("python", "x = | + y\n", True, None),
        ("python", "|\n", False, "the file is empty"),
        ("python", "|\n", True, None),
        ("python", "x = 1  # the|\n", False, "the cursor is in a comment"),
        ("python", "x = 1  # the|\n", True, None),
        ("python", "x = 1  # the\n|", False, None),
        ("go", "package a\n/* b\n|\n*/", False, None),
        ("klingon", "x = |\n", True, "the language is not supported"),
    ],
)
def test_where_to_stay_silent(
    language_id: str, marked: str, explicit: bool, reason: str | None
) -> None:
    before, after = marked.split("|")
    language = language_for_id(language_id)
    tree = parse(language, before + after) if language else None
    place = (document(before + after, language_id), tree, len(before))
    silent = reason_to_stay_silent(*place, InlineCompletionSettings(), explicit=explicit)
    assert silent == reason
    switched_off = InlineCompletionSettings(enabled=False)
    assert reason_to_stay_silent(*place, switched_off, explicit=explicit) is not None
    others = InlineCompletionSettings(languages=("rust",))
    assert reason_to_stay_silent(*place, others, explicit=explicit) is not None
