"""Ty checks a copy in a temporary folder as part of the project, whose settings it reads."""

import re
import tempfile
from pathlib import Path

from qwen_lsp.features.workspace_tools.base import Command, Finding, Source, Tool, run

_LINE = re.compile(r".+?:(?P<line>\d+):\d+: error\[(?P<code>[\w-]+)\] (?P<message>.*)")


async def _findings(command: Command, source: Source) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="ql-check-", ignore_cleanup_errors=True) as made:
        copy = Path(made) / source.path.name
        copy.write_text(source.text, encoding="utf-8", newline="")
        words = ("check", "--output-format", "concise", "--color", "never")
        printed = await run(
            [command.program, *words, "--project", source.folder, copy], source, folder=Path(made)
        )
    found = (_LINE.fullmatch(line) for line in printed.splitlines())
    return [
        Finding(int(match["line"]) - 1, match["code"], match["message"])
        for match in found
        if match is not None
    ]


TY = Tool(
    name="ty",
    languages=("python",),
    files=("ty.toml",),
    tables=("ty",),
    runs_code=False,
    findings=_findings,
)
