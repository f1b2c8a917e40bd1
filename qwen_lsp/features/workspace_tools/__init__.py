"""The type checkers and linters that a workspace has already: an edit must bring no new finding.

Nothing is installed, and nothing is written into the workspace. A tool that is not set up for the
workspace, cannot be started, fails or takes too long says nothing, and the log tells why.
"""

import asyncio
import logging
from collections import Counter

from qwen_lsp.features.workspace_tools.base import (
    Finding,
    Source,
    Tool,
    ToolFailedError,
)
from qwen_lsp.features.workspace_tools.finding import find_command
from qwen_lsp.features.workspace_tools.mypy import MYPY
from qwen_lsp.features.workspace_tools.pyright import BASEDPYRIGHT, PYRIGHT
from qwen_lsp.features.workspace_tools.ruff import RUFF
from qwen_lsp.features.workspace_tools.ty import TY
from qwen_lsp.languages import Language, parse
from qwen_lsp.settings import ToolsAllowed
from qwen_lsp.text import LineIndex

__all__ = ["TOOLS", "Source", "new_finding"]

TOOLS: tuple[Tool, ...] = (RUFF, TY, BASEDPYRIGHT, PYRIGHT, MYPY)

LIMIT_SECONDS = 8.0
_LONGEST_MESSAGE = 200

_Key = tuple[str, str, str]

_log = logging.getLogger(__name__)


async def new_finding(
    before: Source, after: Source, language: Language, allowed: ToolsAllowed
) -> str:
    """Return the first finding that an edit brings, as `ruff: message`, or an empty text.

    All tools together take at most `LIMIT_SECONDS`.
    """
    end = asyncio.get_running_loop().time() + LIMIT_SECONDS
    for tool in TOOLS:
        command = find_command(tool, after, language, allowed)
        if command is None:
            continue
        try:
            async with asyncio.timeout_at(end):
                found = await tool.findings(command, after)
                # Most edits bring nothing, and then the old text need not be looked at.
                known = await tool.findings(command, before) if found else []
        except TimeoutError:
            _log.warning("%s took too long and was left out", tool.name)
            break
        except (ToolFailedError, OSError, ValueError, KeyError, TypeError) as error:
            # Another version of the tool may also print something else.
            _log.warning("%s was left out: %r", tool.name, error)
            continue
        new = _first_new(_keys(known, before.text, language), found, after.text, language)
        if new is not None:
            return f"{tool.name}: {_one_line(new.message)}"
    return ""


def _first_new(
    known: list[_Key], found: list[Finding], text: str, language: Language
) -> Finding | None:
    old = Counter(known)
    for finding, key in zip(found, _keys(found, text, language), strict=True):
        if old[key] == 0:
            return finding
        old[key] -= 1
    return None


def _keys(findings: list[Finding], text: str, language: Language) -> list[_Key]:
    """Return what tells findings apart. Lines move in an edit, functions keep their names."""
    if not findings:
        return []
    tree, lines = parse(language, text), LineIndex(text)
    keys: list[_Key] = []
    for finding in findings:
        line = min(max(finding.line, 0), lines.count - 1)
        function = tree.function_at(lines.end(line))
        place = function.qualified_name if function is not None else ""
        keys.append((finding.code, finding.message_without_lines, place))
    return keys


def _one_line(message: str) -> str:
    return message.strip().split("\n", 1)[0].rstrip(". ")[:_LONGEST_MESSAGE]
