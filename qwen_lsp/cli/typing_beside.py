"""What typing costs beside other work: `python -m qwen_lsp.cli.typing_beside index --model FILE`.

The real server is started on a made-up workspace, and the trace of `qwen-lsp bench` is typed in it:
each change is sent as an editor sends it, and a suggestion is awaited after every one to three
keys. That is done alone and beside the other work, in turns, and what is told is how long the
suggestions took. The other work is the build of the workspace's `index`, or the `review` of a file
of forty functions.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from qwen_lsp.cli.editor import Editor, ServerError, running_editor
from qwen_lsp.evaluation.index_bench import write_workspace
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import Trace, typing_trace
from qwen_lsp.index.build import build
from qwen_lsp.index.database import remove_database

_KEY_SECONDS = 0.12
_FUNCTIONS = 40
_LONGEST_WAIT_SECONDS = 120.0


@dataclass
class _Times:
    """Milliseconds until each suggestion, alone and beside the other work."""

    alone: list[float] = field(default_factory=list[float])
    beside: list[float] = field(default_factory=list[float])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how long suggestions took, alone and beside the other work, and the ratios."""
    parser = argparse.ArgumentParser(prog="typing_beside", description=__doc__)
    parser.add_argument("work", choices=("index", "review"))
    parser.add_argument("--model", required=True, help="the weights, a .gguf file")
    parser.add_argument("--files", type=int, default=5000, help="of the workspace (usual: 5000)")
    parser.add_argument("--rounds", type=int, default=3, help="of the trace, for each (usual: 3)")
    options = parser.parse_args(arguments)
    files = options.files if options.work == "index" else 25
    with tempfile.TemporaryDirectory(prefix="ql-beside-") as name:
        folder = Path(name).resolve() / "workspace"
        write_workspace(folder, files)
        (folder / "reviewed.py").write_text(_to_review(), encoding="utf-8")
        with mock.patch.dict(os.environ, {"QWEN_LSP_HOME": str(folder.parent / "home")}):
            times = asyncio.run(_measure(folder, options.work, options.model, options.rounds))
    for title, values in (("alone", times.alone), (f"beside the {options.work}", times.beside)):
        spread = Spread.of(values)
        sys.stdout.write(
            f"{title}: {spread.count} suggestions, p50 {spread.p50:.0f} ms, p95 {spread.p95:.0f}\n"
        )
    alone, beside = Spread.of(times.alone), Spread.of(times.beside)
    sys.stdout.write(f"ratio: p50 {beside.p50 / alone.p50:.2f}, p95 {beside.p95 / alone.p95:.2f}\n")
    return 0


async def _measure(folder: Path, work: str, model: str, rounds: int) -> _Times:
    times = _Times()
    trace = typing_trace()
    for number in range(rounds):
        if work == "index":
            build(folder)
        async with _ready_editor(folder, model) as editor:
            await _type(editor, folder, trace, [] if number == 0 else times.alone)
            if work == "review":
                await _type_beside_review(editor, folder, trace, times.beside)
        if work == "index":
            remove_database(folder)
            async with _ready_editor(folder, model) as editor:
                await _type(editor, folder, trace, times.beside)
    return times


@asynccontextmanager
async def _ready_editor(folder: Path, model: str) -> AsyncGenerator[Editor]:
    """Start the server with an engine of its own, which ends with it."""
    ready = asyncio.Event()

    def note(status: dict[str, str]) -> None:
        if status["state"] in ("ready", "error"):
            ready.set()

    settings = {"model": model, "modelPull": "never", "engine": {"shared": False}}
    async with running_editor(folder, settings, note) as editor:
        editor.open(folder / "first.py", "python", "")
        await asyncio.wait_for(ready.wait(), _LONGEST_WAIT_SECONDS)
        yield editor


async def _type(editor: Editor, folder: Path, trace: Trace, times: list[float]) -> None:
    """Type the trace once and note how long each suggestion took."""
    uri = editor.open(folder / "typed.py", "python", trace.code)
    typed = 0
    for stop in trace.stops:
        for length in range(typed + 1, stop + 1):
            editor.change(uri, trace.document(length).text)
            await asyncio.sleep(_KEY_SECONDS)
        typed = stop
        text = trace.document(stop).text
        line = text.count("\n", 0, trace.offset(stop))
        character = trace.offset(stop) - (text.rfind("\n", 0, trace.offset(stop)) + 1)
        began = time.monotonic()
        await editor.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": uri},
                "position": {"line": line, "character": character},
                "context": {"triggerKind": 2},
            },
        )
        times.append((time.monotonic() - began) * 1000)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


async def _type_beside_review(
    editor: Editor, folder: Path, trace: Trace, times: list[float]
) -> None:
    uri = editor.open(folder / "reviewed.py", "python", _to_review())
    params = {"command": "qwenLsp.review", "arguments": [{"uri": uri}]}
    review = asyncio.ensure_future(editor.request("workspace/executeCommand", params))
    await _type(editor, folder, trace, times)
    if review.done():
        sys.stderr.write("The review was over before the typing was.\n")
    review.add_done_callback(lambda done: done.cancelled() or done.exception())
    editor.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
    try:
        await asyncio.wait_for(review, _LONGEST_WAIT_SECONDS)
    except (TimeoutError, ServerError):
        return


def _to_review() -> str:
    return "\n\n".join(
        f"def mean_{number}(values: list[float]) -> float:\n"
        f'    """Return the mean of the values above {number}."""\n'
        "    total = 0.0\n    count = 0\n    for value in values:\n"
        f"        if value >= {number}:\n            total += value\n            count += 1\n"
        "    return total / count\n"
        for number in range(_FUNCTIONS)
    )


if __name__ == "__main__":
    sys.exit(main())
