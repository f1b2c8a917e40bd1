"""Mypy is told to read a copy in place of the file. Its settings may name plugins, which it runs.

Its cache lies in a folder of ours, because nothing is written into the workspace.
"""

import re
import tempfile
import zlib
from pathlib import Path

from qwen_lsp.features.workspace_tools.base import Command, Finding, Source, Tool, run
from qwen_lsp.folders import cache_folder

_LINE = re.compile(
    r"(?P<path>.+?):(?P<line>\d+): error: (?P<message>.*?)(?:  \[(?P<code>[\w-]+)\])?"
)
_WORDS = (
    *("--no-error-summary", "--hide-error-context"),
    *("--no-pretty", "--no-color-output", "--hide-error-end", "--hide-column-numbers"),
)


async def _findings(command: Command, source: Source) -> list[Finding]:
    cache = cache_folder() / "mypy" / f"{zlib.crc32(bytes(source.folder)):08x}"
    with tempfile.TemporaryDirectory(prefix="ql-check-", ignore_cleanup_errors=True) as made:
        copy = Path(made) / source.path.name
        copy.write_text(_with_a_size_of_its_own(source.text), encoding="utf-8", newline="")
        printed = await run(
            [
                *(command.program, *_WORDS, "--cache-dir", cache),
                *("--shadow-file", source.path, copy, source.path),
            ],
            source,
        )
    name = source.path.relative_to(source.folder)
    found = (_LINE.fullmatch(line) for line in printed.splitlines())
    return [
        Finding(int(match["line"]) - 1, match["code"] or "", match["message"])
        for match in found
        if match is not None and Path(match["path"]) in (name, source.path)
    ]


def _with_a_size_of_its_own(text: str) -> str:
    """Return the text with a comment below it.

    Mypy takes its cache for fresh where the copy has the same size as the last one, because it
    compares the hash of the file that stands there (seen with mypy 2.4).
    """
    return f"{text}\n# {'-' * (zlib.crc32(text.encode('utf-8', 'replace')) % 4096)}\n"


MYPY = Tool(
    name="mypy",
    languages=("python",),
    files=("mypy.ini", ".mypy.ini"),
    tables=("mypy",),
    runs_code=True,
    findings=_findings,
)
