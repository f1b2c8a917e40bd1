"""A user's own templates: added beside the built-in ones, and named where they are broken."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_lsp.prompting.templates import (
    TemplateFileError,
    Templates,
    builtin_folder,
    builtin_templates,
    read_template,
)

CHAT = """\
+++
title = "Mine"
kind = "chat"
+++
{% block system %}You review.{% endblock %}
{% block user %}{{ code }}{% endblock %}
"""
IDS = {template.id for template in builtin_templates()}


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    return write


def test_the_built_in_ones_are_whole() -> None:
    templates = Templates()
    assert not templates.problems
    assert templates.all() == sorted(builtin_templates(), key=lambda each: (each.id, each.version))
    assert all(template.title and template.max_tokens > 0 for template in templates.all())


def test_a_users_version_is_added_and_used(tmp_path: Path, put: Callable[[str, str], Path]) -> None:
    put("review/find/7.md", CHAT)
    put("my/own/1.md", CHAT)
    templates = Templates(tmp_path)
    assert not templates.problems
    assert templates.current("review/find").version == 7
    assert templates.find("review/find").title == "Mine"
    assert templates.find("review/find@1") in builtin_templates()
    assert templates.find("my/own").name == "my/own@1"
    assert {each.id for each in templates.all()} == IDS | {"my/own"}


def test_a_user_cannot_replace_a_version(tmp_path: Path, put: Callable[[str, str], Path]) -> None:
    path = put("review/find/1.md", CHAT)
    templates = Templates(tmp_path)
    assert templates.problems == [
        f"{path} would replace review/find@1; give it a version of its own."
    ]
    assert templates.find("review/find@1") in builtin_templates()


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("review/find/new.md", CHAT, "must be named by its id and version"),
        ("review/find/².md", CHAT, "must be named by its id and version"),
        ("2.md", CHAT, "must be named by its id and version"),
        ("a/1.md", "Just a text.\n", "needs a front matter between two lines of +++"),
        ("a/1.md", "+++\ntitle = 'x'\n", "needs a front matter between two lines of +++"),
        ("a/1.md", f"Hello\n{CHAT}", "needs a front matter between two lines of +++"),
        ("a/1.md", CHAT.replace('"chat"', '"poem"'), 'with kind = "chat" or "infill"'),
        ("a/1.md", CHAT.replace('"chat"', "[]"), 'with kind = "chat" or "infill"'),
        ("a/1.md", CHAT.replace("title", "name"), "needs a title in its front matter"),
        ("a/1.md", CHAT.replace('"Mine"', "5"), "needs a title in its front matter"),
        ("a/1.md", CHAT.replace("kind =", "kind"), "is not a prompt template: Expected '='"),
        ("a/1.md", CHAT.replace("user", "usher"), "lacks the block user"),
        ("a/1.md", CHAT.replace("chat", "infill"), "lacks the block prefix"),
        ("a/1.md", CHAT.replace("code }}", "code"), "is not a prompt template: expected token"),
        ("a/1.md", CHAT.replace("kind", "max_tokens = 'x'\nkind"), "number as its max_tokens"),
        ("a/1.md", CHAT.replace("kind", "max_tokens = 0\nkind"), "number as its max_tokens"),
        ("a/1.md", CHAT.replace("kind", "stops = 'x'\nkind"), "list of texts as its stops"),
        ("a/1.md", CHAT.replace("kind", "stops = [1]\nkind"), "list of texts as its stops"),
        ("a/1.md", CHAT.replace("kind", "stops = ['']\nkind"), "list of texts as its stops"),
    ],
)
def test_a_broken_file_is_named_and_left_out(
    tmp_path: Path, put: Callable[[str, str], Path], name: str, text: str, complaint: str
) -> None:
    broken = put(name, text)
    put("fine/1.md", CHAT)
    templates = Templates(tmp_path)
    (problem,) = templates.problems
    assert problem.startswith(f"{broken} ")
    assert complaint in problem
    assert problem.endswith(".")
    assert "\n" not in problem
    assert {each.id for each in templates.all()} == IDS | {"fine"}


def test_a_file_that_is_not_text_is_named_too(tmp_path: Path) -> None:
    path = tmp_path / "a" / "1.md"
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    (problem,) = Templates(tmp_path).problems
    assert problem.startswith(f"{path} is not a prompt template: 'utf-8' codec")


def test_a_folder_that_is_none_is_a_problem(tmp_path: Path) -> None:
    templates = Templates(tmp_path / "gone")
    assert templates.problems == [f"prompts.dir is not a folder: {tmp_path / 'gone'}."]
    assert {each.id for each in templates.all()} == IDS


def test_a_pin_holds_an_older_version(tmp_path: Path, put: Callable[[str, str], Path]) -> None:
    put("review/find/7.md", CHAT)
    templates = Templates(tmp_path, {"review/find": 1})
    assert not templates.problems
    assert templates.current("review/find").version == 1
    assert templates.find("review/find").version == 1
    assert templates.find("review/find@7").version == 7


@pytest.mark.parametrize(
    ("pinned", "problem"),
    [
        ({"review/find": 9}, "prompts.pin asks for review/find@9, which does not exist."),
        ({"poem": 1}, "prompts.pin asks for poem@1, which does not exist."),
    ],
)
def test_a_pin_to_what_does_not_exist_is_a_problem(pinned: dict[str, int], problem: str) -> None:
    templates = Templates(None, pinned)
    assert templates.problems == [problem]
    assert templates.current("review/find") is Templates().current("review/find")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("poem", f"There is no prompt poem; there are {', '.join(sorted(IDS))}."),
        ("poem@1", "There is no prompt poem; "),
        ("complete@99", "complete has no version 99; it has 1"),
        ("complete@x", "complete has no version x; it has 1"),
        ("complete@²", "complete has no version ²; it has 1"),
        ("complete@-1", "complete has no version -1; it has 1"),
    ],
)
def test_what_cannot_be_found_is_told_with_what_there_is(name: str, complaint: str) -> None:
    with pytest.raises(TemplateFileError) as caught:
        Templates().find(name)
    assert str(caught.value).startswith(complaint)


def test_line_ends_of_a_checkout_do_not_change_a_hash(tmp_path: Path) -> None:
    source = builtin_folder() / "complete" / "1.md"
    target = tmp_path / "complete" / "1.md"
    target.parent.mkdir()
    shutil.copy(source, target)
    before = read_template(target, tmp_path)
    target.write_bytes(source.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    assert read_template(target, tmp_path).hash == before.hash
