"""Ruff reads the text from its standard input; its settings are no code."""

import json
from typing import Any

from qwen_lsp.features.workspace_tools.base import Command, Finding, Source, Tool, run


async def _findings(command: Command, source: Source) -> list[Finding]:
    words = ("check", "--no-fix", "--no-cache", "--force-exclude", "--quiet")
    printed = await run(
        [command.program, *words, "--output-format", "json", "--stdin-filename", source.path, "-"],
        source,
        source.text,
    )
    rows: list[Any] = json.loads(printed)
    return [
        # A syntax error has no code in some versions.
        Finding(row["location"]["row"] - 1, row["code"] or "", f"{row['code']} {row['message']}")
        for row in rows
    ]


RUFF = Tool(
    name="ruff",
    languages=("python",),
    files=("ruff.toml", ".ruff.toml"),
    tables=("ruff",),
    runs_code=False,
    findings=_findings,
)
