"""What is printed from the code, by `python -m qwen_lsp.reference`.

That is pages of docs/, and the settings in the manifest of the VS Code extension. The same
functions with nothing written are the test that all of it is up to date.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from qwen_lsp import __version__
from qwen_lsp.features.actions import ACTIONS, is_offered_in
from qwen_lsp.features.review import CATEGORIES
from qwen_lsp.features.workspace_tools import LIMIT_SECONDS, TOOLS
from qwen_lsp.languages import LANGUAGES
from qwen_lsp.models.catalogue import all_cards
from qwen_lsp.models.download import gigabytes
from qwen_lsp.prompting.templates import Templates, measured
from qwen_lsp.settings import SettingRow, setting_rows

VSCODE_MANIFEST = "editors/vscode/package.json"
_NOTE = "<!-- Printed from the code by `make docs`. -->\n\n"


def settings_page() -> str:
    """Return docs/settings.md."""
    rows = [
        [
            f"`{row.key}`",
            row.type,
            f"`{json.dumps(row.default)}`",
            "yes" if row.workspace else "no",
            row.doc,
        ]
        for row in setting_rows()
    ]
    return (
        "# Settings\n\n"
        "Your editor sends them as section `qwenLsp`. The keys that say *yes* under workspace may "
        "also stand in `qwen-lsp.toml`, or under `[tool.qwen-lsp]` in `pyproject.toml`, at the "
        "root of a workspace; what the editor says wins. A value that cannot be used is reported "
        "once by name, and its default is used.\n\n"
        + _table(["setting", "type", "default", "workspace", "meaning"], rows)
    )


def actions_page() -> str:
    """Return docs/actions.md."""
    titles = {action.id: action.title for action in ACTIONS}
    rows = [[f"`{action.id}`", f"`{action.kind}`", action.summary] for action in ACTIONS]
    languages = [
        [language.title, *("yes" if is_offered_in(action, language) else "" for action in ACTIONS)]
        for language in LANGUAGES
    ]
    codes = [[f"`{code}`", severity, text] for code, (severity, text) in CATEGORIES.items()]
    checks = [
        [action.title, ", ".join(check.__name__.replace("_", " ") for check in action.checks)]
        for action in ACTIONS
    ]
    tools = [
        [
            tool.name,
            ", ".join(tool.languages),
            ", ".join(f"`{name}`" for name in (*tool.files, *(f"[tool.{t}]" for t in tool.tables))),
            "all" if tool.runs_code else "path, all",
        ]
        for tool in TOOLS
    ]
    return (
        "# Code actions and review\n\n"
        "Actions are offered from syntax alone; the model is asked when one is chosen. An edit "
        "that fails a check is asked for once more with the reason, and then refused in one "
        "sentence. A broken edit is never shown.\n\n"
        + _table(["action", "kind", "what it does"], rows)
        + "\n## Checks\n\nEach edit must also change something.\n\n"
        + _table(["action", "checks"], checks)
        + "\n### The workspace's own tools\n\n"
        "Then the edit must bring no new finding of a type checker or linter that the workspace "
        "has already; the first one is the reason of the second try or of the refusal. Findings "
        "that were there before may stay. Nothing is installed or written into the workspace, and "
        f"all tools together have {LIMIT_SECONDS:.0f} s: one that takes longer is left out. A file "
        "that the action makes is not looked at.\n\n"
        + _table(["tool", "languages", "set up by", "checks.workspaceTools"], tools)
        + "\nA program on your PATH is run where a folder from the file's up to the workspace's is "
        "set up for it. Programs of the workspace's own virtual environment (`.venv`, `venv`), and "
        "tools that run plugins of the workspace, are run with `checks.workspaceTools` at `all` "
        "alone, which no file of a workspace can set: whoever looks at the code of strangers must "
        "not run it.\n"
        "\n## Languages\n\n"
        + _table(["language", *titles.values()], languages)
        + "\n## Findings of a review\n\n"
        "A finding points at a line of the reviewed function. [review.md](review.md) says how "
        "it is found. Codes are stable:\n\n" + _table(["code", "severity", "meaning"], codes)
    )


def models_page() -> str:
    """Return docs/models.md."""
    rows = [
        [
            f"`{card.id}`",
            ("about " if card.size_is_approximate else "") + gigabytes(card.size_bytes),
            gigabytes(card.ram_bytes),
            gigabytes(card.vram_bytes),
            f"{card.context_limit_tokens:,}",
            f"[{card.licence}]({card.licence_url})",
        ]
        for card in all_cards()
    ]
    return (
        "# Models\n\n"
        "Each model is one TOML file in `qwen_lsp/models/cards/`. `qwen-lsp models recommend` says "
        "which one suits a machine, and why. Sizes of the Qwen 3.5 files and all memory figures "
        "but those of `qwen2.5-coder-0.5b` are estimates.\n\n"
        + _table(["model", "file", "memory", "GPU memory", "context limit", "licence"], rows)
    )


def prompts_page() -> str:
    """Return docs/prompts.md."""
    templates = Templates()
    rows = [
        [
            f"`{each.name}`",
            f"`{each.hash}`",
            each.kind,
            each.title,
            "yes" if templates.current(each.id) is each else "",
        ]
        for each in templates.all()
    ]
    figures = [
        [f"`{one['prompts']}`", f"`{one['command']}`", one["model"], one["result"], one["used"]]
        for one in measured()
    ]
    return (
        "# Prompts\n\n"
        "A template is `prompts/<id>/<version>.md`: TOML front matter and Jinja blocks. A released "
        "version never changes (`prompts/released.toml` holds its hash); a better wording is a new "
        "version. The newest is used that is not held back there, unless `prompts.pin` names "
        "another, and a folder of your own "
        "(`prompts.dir`) can add versions. `qwenLsp.showPrompt` shows what was sent last.\n\n"
        + _table(["prompt", "hash", "kind", "title", "used"], rows)
        + "\n## Measured\n\nVersions beside each other on the same cases, by the suites of "
        "[evaluation.md](evaluation.md). The cases are few, and a version is only replaced by one "
        "that was better.\n\n" + _table(["prompts", "command", "model", "result", "used"], figures)
    )


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "actions.md": actions_page,
    "models.md": models_page,
    "prompts.md": prompts_page,
}


def printed(name: str) -> str:
    """Return one page as it stands in docs/."""
    return _NOTE + PAGES[name]()


def vscode_manifest(manifest: str) -> str:
    """Return the manifest of the VS Code extension with its block of the server's settings.

    A key that a workspace must not set has the scope `machine`: VS Code ignores it in the settings
    of a workspace.
    """
    tree = json.loads(manifest)
    tree["version"] = __version__
    (block,) = [each for each in tree["contributes"]["configuration"] if each["title"] == "Server"]
    block["properties"] = {
        f"qwenLsp.{row.key}": {
            **row.schema,
            "default": row.default,
            "scope": _vscode_scope(row),
            "markdownDescription": row.doc,
        }
        for row in setting_rows()
    }
    return json.dumps(tree, indent=2, ensure_ascii=False) + "\n"


def _vscode_scope(row: SettingRow) -> str:
    if row.key == "inlineCompletion.enabled":
        return "language-overridable"  # on or off by language, in the menu of the status bar
    return "window" if row.workspace else "machine"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def main() -> int:
    """Write all pages, and the manifest."""
    root = Path(__file__).parent.parent
    for name in PAGES:
        (root / "docs" / name).write_text(printed(name), encoding="utf-8", newline="\n")
    manifest = root / VSCODE_MANIFEST
    text = vscode_manifest(manifest.read_text(encoding="utf-8"))
    manifest.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
