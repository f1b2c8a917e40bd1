"""The commands that report: text for people, and with --json one object and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.cli import doctor
from qwen_lsp.engine.build_info import BuildInfo
from qwen_lsp.features.actions import ACTIONS
from qwen_lsp.models import catalogue
from qwen_lsp.prompting.templates import builtin_templates

from .conftest import Run

IDS = [card.id for card in catalogue.all_cards()]
TEMPLATE = """\
+++
title = "Mine"
kind = "chat"
+++
{% block system %}You review.{% endblock %}
{% block user %}{{ code }}{% endblock %}
"""


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the doctor is told of llama.cpp, for the test to change."""
    facts: dict[str, Any] = {
        "version": "1.2.3",
        "gpu_offload": False,
        "features": "AVX = 1 | F = 0",
    }
    monkeypatch.setattr(doctor, "build_info", lambda: BuildInfo(**facts))
    return facts


def one_object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("models", "list"), {"models"}),
        (("models", "path", IDS[0]), {"id", "path", "downloaded"}),
        (("models", "remove", IDS[0]), {"id", "freed_bytes"}),
        (("models", "recommend"), {"id", "reason", "downloaded", "alternatives"}),
        (("prompts", "list"), {"prompts", "problems"}),
        (("prompts", "show", "complete@1"), {"id", "version", "hash", "text"}),
        (("prompts", "diff", "complete@1", "complete@1"), {"diff"}),
        (("engine", "status"), {"engines"}),
        (("engine", "stop"), {"stopped"}),
    ],
)
def test_json_is_one_object_and_nothing_else(
    run: Run, words: tuple[str, ...], keys: set[str]
) -> None:
    ran = run(*words, "--json")
    assert set(one_object(ran.out)) == keys
    assert ran.out.count("\n") == 1
    assert (ran.err, ran.code) == ("", 0)


def test_the_catalogue_is_listed_in_full(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = run("models", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["model", *IDS]
    assert all(line.split()[-1] == "no" for line in lines[1:])
    rows = one_object(run("models", "list", "--json").out)["models"]
    assert [row["id"] for row in rows] == IDS
    assert not any(row["downloaded"] for row in rows)


def test_a_path_is_told_before_there_is_a_file(run: Run, home: Path) -> None:
    ran = run("models", "path", IDS[-1].upper())
    assert ran.out.strip().startswith(str(home / "data" / "models" / IDS[-1]))
    assert ran.out.count("\n") == 1
    assert one_object(run("models", "path", IDS[-1], "--json").out)["downloaded"] is False


def test_what_suits_this_machine_is_told_with_a_reason(run: Run) -> None:
    first, reason = run("models", "recommend").out.splitlines()
    assert first in IDS
    assert first in reason


def test_every_template_is_listed_and_the_current_ones_marked(run: Run) -> None:
    lines = run("prompts", "list").out.splitlines()
    assert [line[2:].split()[0] for line in lines] == [
        template.name for template in builtin_templates()
    ]
    marked = {line.split()[1].partition("@")[0] for line in lines if line[0] == "*"}
    assert marked == {template.id for template in builtin_templates()}


def test_a_template_is_shown_as_it_is(run: Run) -> None:
    template = builtin_templates()[0]
    assert run("prompts", "show", template.name).out == template.text
    assert one_object(run("prompts", "show", template.id, "--json").out)["text"].startswith("+++")


def test_a_folder_of_ones_own_is_listed_shown_and_compared(run: Run) -> None:
    for name, text in (("complete/99.md", TEMPLATE), ("mine/1.md", TEMPLATE), ("bad/1.md", "?")):
        Path("own", name).parent.mkdir(parents=True, exist_ok=True)
        Path("own", name).write_text(text)
    listed = run("prompts", "list", "--dir", "own")
    assert "* complete@99" in listed.out
    assert "  complete@1" in listed.out
    assert listed.out.splitlines()[-1].startswith(f"{Path('own/bad/1.md')} needs a front matter")
    data = one_object(run("prompts", "list", "--dir", "own", "--json").out)
    assert len(data["problems"]) == 1
    assert run("prompts", "show", "mine", "--dir", "own").out == TEMPLATE
    diff = run("prompts", "diff", "complete@99", "mine@1", "--dir", "own")
    assert (diff.out, diff.code) == ("", 0)
    diff = run("prompts", "diff", "complete@1", "complete@99", "--dir", "own")
    assert '\n-title = "Inline completion"\n' in diff.out
    assert '\n+title = "Mine"\n' in diff.out
    assert diff.code == 1


def test_no_engine_is_running_and_none_is_started(run: Run, home: Path) -> None:
    assert run("engine", "status").out == "No engine is running.\n"
    assert run("engine", "stop").out == "No engine was running.\n"
    assert not list(home.rglob("*.log"))


@pytest.mark.usefixtures("build")
def test_the_doctor_says_what_is_missing(run: Run) -> None:
    ran = run("doctor", "--json")
    report = one_object(ran.out)
    results = {result["topic"]: result for result in report["results"]}
    assert (report["healthy"], ran.code, ran.err) == (False, 1, "")
    assert not results["Model"]["good"]
    assert "qwen-lsp models pull" in results["Model"]["todo"]
    assert results["llama.cpp"]["good"]
    assert "llama-cpp-python 1.2.3, built with AVX;" in results["llama.cpp"]["found"]
    assert results["Languages"]["good"]
    assert results["Engine"]["good"]
    assert results["Prompts"]["good"]


@pytest.mark.usefixtures("build")
def test_the_doctor_says_the_same_to_people(run: Run) -> None:
    report = one_object(run("doctor", "--json").out)
    ran = run("doctor")
    assert ran.code == 1
    for result in report["results"]:
        mark = "ok  " if result["good"] else "todo"
        assert f"{mark} {result['topic']}: " in ran.out


def test_the_doctor_names_a_llama_cpp_that_cannot_be_loaded(
    run: Run, build: dict[str, Any]
) -> None:
    build["problem"] = "llama-cpp-python cannot be loaded: ImportError"
    results = one_object(run("doctor", "--json").out)["results"]
    (found,) = [result for result in results if result["topic"] == "llama.cpp"]
    assert (found["good"], found["found"]) == (False, build["problem"])
    assert "docs/install.md" in found["todo"]


COMMANDS = [
    (),
    ("serve",),
    ("demo",),
    ("complete",),
    ("action",),
    ("explain",),
    ("review",),
    ("bench",),
    ("doctor",),
    ("models",),
    *[("models", name) for name in ("list", "pull", "path", "verify", "remove", "recommend")],
    ("prompts",),
    *[("prompts", name) for name in ("list", "show", "diff")],
    ("engine",),
    *[("engine", name) for name in ("status", "stop")],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(run: Run, words: tuple[str, ...]) -> None:
    ran = run(*words, "--help")
    assert ran.out.startswith(" ".join(["usage: qwen-lsp", *words]))
    assert (ran.err, ran.code) == ("", 0)


def test_the_help_names_every_command_and_action(run: Run) -> None:
    text = run("--help").out
    assert all(f"\n    {words[0]} " in text for words in COMMANDS if len(words) == 1)
    actions = run("action", "--help").out
    assert all(action.id in actions for action in ACTIONS)


def test_the_version_is_told(run: Run) -> None:
    ran = run("--version")
    assert ran.out.startswith("qwen-lsp 0.")
    assert ran.code == 0
