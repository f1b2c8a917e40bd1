"""Pyright and basedpyright read files only, so a copy is checked in a temporary folder.

The settings of the copy extend those of the workspace, whose modules are found by search paths.
What the copy cannot see, such as modules named by a relative import, is missing before the edit as
well as after it.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from qwen_lsp.features.workspace_tools.base import Command, Finding, Source, Tool, run, tables_of

_SETTINGS = "pyrightconfig.json"


async def _findings(command: Command, source: Source) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="ql-check-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        _write(folder, command, source)
        printed = await run([command.program, "--outputjson", "-p", folder], source, folder=folder)
    found = json.loads(printed)["generalDiagnostics"]
    return [
        Finding(row["range"]["start"]["line"], row.get("rule", ""), row["message"])
        for row in found
        if row["severity"] == "error"
    ]


def _write(folder: Path, command: Command, source: Source) -> None:
    (folder / source.path.name).write_text(source.text, encoding="utf-8", newline="")
    settings = json.dumps(_settings(command, source))
    (folder / _SETTINGS).write_text(settings, encoding="utf-8")


def _settings(command: Command, source: Source) -> dict[str, Any]:
    folder = source.folder
    settings: dict[str, Any] = {
        "include": ["."],
        "extraPaths": [str(source.path.parent), str(folder), str(folder / "src")],
    }
    if (folder / _SETTINGS).is_file():
        settings["extends"] = str(folder / _SETTINGS)
    elif tables_of(folder / "pyproject.toml") & {"pyright", "basedpyright"}:
        settings["extends"] = str(folder / "pyproject.toml")
    if command.environment is not None:
        settings |= {"venvPath": str(folder), "venv": command.environment.name}
    return settings


def _tool(name: str, tables: tuple[str, ...]) -> Tool:
    return Tool(
        name=name,
        languages=("python",),
        files=(_SETTINGS,),
        tables=tables,
        runs_code=False,
        findings=_findings,
    )


PYRIGHT = _tool("pyright", ("pyright",))
BASEDPYRIGHT = _tool("basedpyright", ("basedpyright",))
