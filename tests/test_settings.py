import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.settings import (
    Settings,
    camel_case,
    read_settings,
    setting_rows,
    workspace_table,
)


def nested(key: str, value: Any) -> dict[str, Any]:
    """Return the section in which `value` stands at the dotted `key`."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def leaves(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting by the name that users write, with its value."""
    for entry in dataclasses.fields(tree):
        value, key = getattr(tree, entry.name), prefix + camel_case(entry.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, f"{key}.")
        else:
            yield key, value


def test_nothing_said_is_the_defaults() -> None:
    assert read_settings(None) == (Settings(), [])
    assert read_settings({}, {}) == (Settings(), [])
    assert read_settings({"model": None, "review": None}) == (Settings(), [])


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("model", "qwen3.5-4b", "qwen3.5-4b"),
        ("modelPull", "never", "never"),
        ("inlineCompletion.enabled", False, False),
        ("inlineCompletion.maxTokens", 8, 8),
        ("inlineCompletion.maxTokens", 512.0, 512),
        ("inlineCompletion.languages", ["python", "go"], ("python", "go")),
        ("review.minSeverity", "error", "error"),
        ("prompts.pin", {"review/find": 1}, {"review/find": 1}),
        ("engine.gpuLayers", -1, -1),
        ("engine.idleMinutes", 5, 5.0),
        ("engine.idleMinutes", 0.05, 0.05),
    ],
)
def test_a_good_value_is_used(key: str, value: Any, kept: Any) -> None:
    settings, problems = read_settings(nested(key, value))
    assert not problems
    found = dict(leaves(settings))
    assert found == dict(leaves(Settings())) | {key: kept}
    assert type(found[key]) is type(kept)


@pytest.mark.parametrize(
    ("key", "value", "must_be"),
    [
        ("model", 7, 'a text; "auto" is used'),
        ("modelPull", "later", 'one of "ask", "auto", "never"; "ask" is used'),
        ("modelPull", [], 'one of "ask", "auto", "never"; "ask" is used'),
        ("inlineCompletion.enabled", "yes", "true or false; true is used"),
        ("inlineCompletion.enabled", 1, "true or false; true is used"),
        ("inlineCompletion.maxTokens", 7, "a whole number from 8 to 512; 96 is used"),
        ("inlineCompletion.maxTokens", 513, "a whole number from 8 to 512; 96 is used"),
        ("inlineCompletion.maxTokens", 9.5, "a whole number from 8 to 512; 96 is used"),
        ("inlineCompletion.maxTokens", "96", "a whole number from 8 to 512; 96 is used"),
        ("engine.threads", True, "a whole number from 0 to 256; 0 is used"),
        ("inlineCompletion.languages", "python", "a list of texts; [] is used"),
        ("inlineCompletion.languages", ["python", 3], "a list of texts; [] is used"),
        ("prompts.pin", ["review"], "a table of numbers; {} is used"),
        ("prompts.pin", {"review": "1"}, "a table of numbers; {} is used"),
        ("prompts.pin", {"review": True}, "a table of numbers; {} is used"),
        ("engine.idleMinutes", 0, "a number from 0.05 to 100000; 10.0 is used"),
        ("engine.idleMinutes", float("nan"), "a number from 0.05 to 100000; 10.0 is used"),
        ("engine.threads", float("inf"), "a whole number from 0 to 256; 0 is used"),
        ("review", "always", "a table of settings; its defaults are used"),
    ],
)
def test_a_bad_value_is_named_once_and_the_others_keep_theirs(
    key: str, value: Any, must_be: str
) -> None:
    others: dict[str, Any] = {"context": {"maxTokens": 2048}, "engine": {"contextTokens": 4096}}
    branch, _, leaf = key.rpartition(".")
    section = others | (
        {branch: others.get(branch, {}) | {leaf: value}} if branch else {key: value}
    )
    settings, problems = read_settings(section)
    assert problems == [f"{key} must be {must_be}."]
    good = {"context.maxTokens": 2048, "engine.contextTokens": 4096}
    assert dict(leaves(settings)) == dict(leaves(Settings())) | good


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("modell", "There is no setting modell (did you mean model?)."),
        ("zebra", "There is no setting zebra."),
        (
            "engine.context_tokens",
            "There is no setting engine.context_tokens (did you mean engine.contextTokens?).",
        ),
        ("review.onsave", "There is no setting review.onsave (did you mean review.onSave?)."),
    ],
)
def test_an_unknown_name_is_told_with_what_comes_near(key: str, problem: str) -> None:
    assert read_settings(nested(key, 1)) == (Settings(), [problem])


def test_the_editor_wins_over_the_workspace() -> None:
    editor = {"review": {"onSave": False}}
    workspace = {"review": {"onSave": True, "language": "German"}}
    settings, problems = read_settings(editor, workspace)
    assert not problems
    assert (settings.review.on_save, settings.review.language) == (False, "German")


def test_where_the_editor_is_wrong_the_value_of_the_workspace_stays() -> None:
    settings, problems = read_settings(
        {"context": {"maxTokens": "many"}}, {"context": {"maxTokens": 2048}}
    )
    assert settings.context.max_tokens == 2048
    assert problems == ["context.maxTokens must be a whole number from 0 to 16384; 2048 is used."]


@pytest.mark.parametrize("key", ["model", "modelPull", "prompts.dir"])
def test_what_a_workspace_may_not_say(key: str) -> None:
    assert read_settings(None, nested(key, "never")) == (
        Settings(),
        [f"{key} cannot be set by a workspace; set it in your editor."],
    )
    settings, problems = read_settings(nested(key, "never"))
    assert not problems
    assert dict(leaves(settings))[key] == "never"


def test_a_workspace_may_not_bring_adapters() -> None:
    section = {"lora": ["evil.gguf"]}
    settings, problems = read_settings(None, section)
    assert problems == ["lora cannot be set by a workspace; set it in your editor."]
    assert settings.lora == ()
    assert read_settings(section)[0].lora == ("evil.gguf",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([part for row in setting_rows() for part in row.key.split(".")])
SECTIONS = st.dictionaries(
    NAMES | st.text(max_size=12),
    JSON | st.dictionaries(NAMES | st.text(max_size=12), JSON, max_size=4),
    max_size=6,
)


@given(editor=SECTIONS, workspace=SECTIONS)
def test_whatever_is_written_there_are_settings(
    editor: dict[str, Any], workspace: dict[str, Any]
) -> None:
    settings, problems = read_settings(editor, workspace)
    assert all(problem.endswith(".") for problem in problems)
    # What was taken is good: read once more, it is taken again without a word.
    again: dict[str, Any] = {}
    for key, value in leaves(settings):
        branch = again
        *above, last = key.split(".")
        for part in above:
            branch = branch.setdefault(part, {})
        branch[last] = list(value) if isinstance(value, tuple) else value
    assert read_settings(again) == (settings, [])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, {}),
        ({"qwen-lsp.toml": "[review]\nonSave = true"}, {"review": {"onSave": True}}),
        ({"pyproject.toml": "[tool.qwen-lsp]\na = 1\n[tool.ruff]\nb = 2"}, {"a": 1}),
        ({"pyproject.toml": "[tool.ruff]\nb = 2"}, {}),
        ({"pyproject.toml": "[project]\nname = 'x'"}, {}),
        ({"qwen-lsp.toml": "a = 1", "pyproject.toml": "[tool.qwen-lsp]\na = 2"}, {"a": 1}),
        ({"qwen-lsp.toml": "", "pyproject.toml": "[tool.qwen-lsp]\na = 2"}, {"a": 2}),
    ],
)
def test_the_files_of_a_workspace(
    tmp_path: Path, files: dict[str, str], expected: dict[str, Any]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert workspace_table(tmp_path) == (expected, [])


@pytest.mark.parametrize(
    ("name", "content", "start"),
    [
        ("qwen-lsp.toml", b"a = ", "qwen-lsp.toml of the workspace cannot be read: Invalid value"),
        ("qwen-lsp.toml", b"a = '\xff'", "qwen-lsp.toml of the workspace cannot be read: 'utf-8'"),
        ("pyproject.toml", b"[tool", "pyproject.toml of the workspace cannot be read: Expected"),
        ("pyproject.toml", b"tool = 3", "tool.qwen-lsp in pyproject.toml must be a table."),
        ("pyproject.toml", b"[tool]\nqwen-lsp = 3", "tool.qwen-lsp in pyproject.toml must be a"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, content: bytes, start: str
) -> None:
    (tmp_path / name).write_bytes(content)
    table, (problem,) = workspace_table(tmp_path)
    assert table == {}
    assert problem.startswith(start)
    assert problem.endswith(".")


def test_a_folder_that_is_gone_says_nothing(tmp_path: Path) -> None:
    assert workspace_table(tmp_path / "gone") == ({}, [])


def test_the_rows_of_the_documentation_are_the_settings() -> None:
    rows = {row.key: row.default for row in setting_rows()}
    assert rows == dict(leaves(Settings()))
    for row in setting_rows():
        assert json.loads(json.dumps(row.default)) == (
            list(row.default) if row.type == "list of texts" else row.default
        )
        assert row.doc.endswith(".")
        assert row.type
