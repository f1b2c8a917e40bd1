"""Where the tools of a workspace are, and which of them may be run.

A tool on the user's PATH is the user's own. One that lies in the workspace came with the workspace:
whoever opens a folder of strangers and asks for a refactoring must not run their program. The same
goes for a tool that runs code which the workspace's files name. Both are run only with
`checks.workspaceTools` at "all", which no file of a workspace can set.
"""

import shutil
import sys
from pathlib import Path

from qwen_lsp.features.workspace_tools.base import (
    Command,
    Source,
    Tool,
    lies_in,
    path_outside,
    tables_of,
)
from qwen_lsp.languages import Language
from qwen_lsp.settings import ToolsAllowed

_ENVIRONMENTS = (".venv", "venv")
_PROGRAMS = "Scripts" if sys.platform == "win32" else "bin"


def find_command(
    tool: Tool, source: Source, language: Language, allowed: ToolsAllowed
) -> Command | None:
    """Return how a tool is started for a file, None where it is not to be."""
    path, folder = source.path, source.folder
    is_wanted = language.id in tool.languages and path.is_relative_to(folder)
    if allowed == "off" or not is_wanted or (tool.runs_code and allowed != "all"):
        return None
    environment = _environment(folder)
    own = None
    if allowed == "all" and environment is not None:
        own = shutil.which(tool.name, path=str(environment / _PROGRAMS))
    program = own or _on_path(tool.name, folder)
    if program is None or not (own or _is_set_up(tool, path, folder)):
        return None
    return Command(Path(program), environment)


def _environment(folder: Path) -> Path | None:
    found = (folder / name for name in _ENVIRONMENTS)
    return next((each for each in found if (each / "pyvenv.cfg").is_file()), None)


def _on_path(name: str, folder: Path) -> str | None:
    """Return a program of the user's PATH, and never one that lies in the workspace."""
    found = shutil.which(name, path=path_outside(folder))
    # Windows looks into the current folder first.
    return found if found is not None and not lies_in(Path(found), folder) else None


def _is_set_up(tool: Tool, path: Path, folder: Path) -> bool:
    """Say whether a folder from the file's up to the workspace's has the tool's settings."""
    for parent in path.parents:
        if any((parent / name).is_file() for name in tool.files):
            return True
        if tool.tables and tables_of(parent / "pyproject.toml").intersection(tool.tables):
            return True
        if parent == folder:
            return False
    return False
