"""How many tokens a keystroke makes the engine read: `python -m qwen_lsp.evaluation.typing_cost`.

Some lines of a real file are taken out and typed again, the first two some characters at a time and
the others line by line; then the cursor is moved about. At each stop the prompt is made as for
ghost text, with the product's own window, and the engine is asked for one token: what it did not
have of the prompt already is the cost.
"""

import argparse
import asyncio
import inspect
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.engine.requests import Engine, EngineError, GenerateRequest, Infill, Priority
from qwen_lsp.evaluation.layouts import LAYOUTS, Layout
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.features import launch
from qwen_lsp.languages import SyntaxTree, language_for_id, parse
from qwen_lsp.models.errors import ModelError
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document
from qwen_lsp.text.lines import LineIndex

_KEYS_PER_REQUEST = 3
_LINES_BY_KEY = 2
_TYPED_LINES = 24
_PLACES = 4
# What a laptop without a GPU reads in a few seconds.
_CONTEXT_TOKENS = 512
# Down twice, as with the arrow key, then to other places that are in the window.
_MOVES_IN_LINES = (1, 1, 10, -20)

AS_SHIPPED = "as ghost text asks"

Kind = Literal["key", "line", "move"]


_HEADER = (
    "| layout | key: p50 | p95 | mean | new line: p50 | p95 | mean | move: p50 | p95 | mean |\n"
    f"|{' --- |' * 10}\n"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line a layout; healing and chats are compared by what they get right only."""
    parser = argparse.ArgumentParser(prog="typing_cost", description=__doc__)
    parser.add_argument("--model", required=True, help="the weights, a .gguf file")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(_print_table(launch.with_model(Settings(), options.model)))
    except (ModelError, EngineError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


async def _print_table(settings: Settings) -> None:
    _, client = launch.connect(launch.find_weights_here(settings), settings, Templates())
    try:
        sys.stdout.write(_HEADER)
        for layout in [None, *(one for one in LAYOUTS if not one.is_chat and not one.heals)]:
            costs = [await type_trace(client, trace, layout) for trace in traces()]
            sys.stdout.write(f"{_row(costs)}\n")
            sys.stdout.flush()
    finally:
        await client.close()


def _row(costs: "Sequence[TypingCost]") -> str:
    cells = [costs[0].layout]
    for tokens in (
        [count for cost in costs for count in cost.keystrokes],
        [count for cost in costs for count in cost.new_lines],
        [count for cost in costs for count in cost.moves],
    ):
        spread = Spread.of(tokens)
        mean = statistics.fmean(tokens)
        cells += [f"{spread.p50:.0f}", f"{spread.p95:.0f}", f"{mean:.1f}"]
    return f"| {' | '.join(cells)} |"


@dataclass(frozen=True)
class Stop:
    """Where the cursor stands and is waiting for a suggestion, and how it got there.

    By a `key` in the line, by the first one in a new `line`, or by a `move` without typing.
    """

    text: str
    offset: int
    kind: Kind

    @cached_property
    def document(self) -> Document:
        """Return the file at this stop."""
        return Document("file:///typed.py", "typed.py", "python", 0, self.text)

    @cached_property
    def tree(self) -> SyntaxTree:
        """Return its syntax."""
        language = language_for_id("python")
        assert language is not None  # noqa: S101 - it is in our own table
        return parse(language, self.text)


@dataclass(frozen=True)
class Trace:
    """A file without some lines, and these. The text is typed at `offset`, in code points."""

    text: str
    offset: int
    typed: str

    @cached_property
    def stops(self) -> list[Stop]:
        """Return the stops in their order."""
        return list(_stops(self))


@dataclass(frozen=True)
class TypingCost:
    """The tokens read at each stop of one trace, by their kinds.

    The first stop of all, which reads the whole prompt, is left out.
    """

    layout: str
    place: int
    keystrokes: tuple[int, ...]
    new_lines: tuple[int, ...]
    moves: tuple[int, ...]


def traces() -> list[Trace]:
    """Return the traces: four places in Python's own argparse module."""
    text = inspect.getsource(argparse)
    lines = text.splitlines(keepends=True)
    found: list[Trace] = []
    for place in range(1, _PLACES + 1):
        line = place * len(lines) // (_PLACES + 1)
        # In the middle of some code.
        while not all(part.startswith("    ") for part in lines[line : line + _LINES_BY_KEY]):
            line += 1
        before, behind = "".join(lines[:line]), "".join(lines[line + _TYPED_LINES :])
        typed = "".join(lines[line : line + _TYPED_LINES]).removesuffix("\n")
        found.append(Trace(f"{before}\n{behind}", len(before), typed))
    return found


async def type_trace(engine: Engine, trace: Trace, layout: Layout | None) -> TypingCost:
    """Return what a trace costs in a layout, or as the product makes it; raises EngineError."""
    read: dict[Kind, list[int]] = {"key": [], "line": [], "move": []}
    for number, stop in enumerate(trace.stops):
        request = GenerateRequest(prompt_at(stop, layout), 1, Priority.TYPING)
        generation = await engine.generate(request)
        if number:
            read[stop.kind].append(generation.prompt_tokens - generation.reused_tokens)
    name = layout.name if layout else AS_SHIPPED
    return TypingCost(
        name, trace.offset, tuple(read["key"]), tuple(read["line"]), tuple(read["move"])
    )


def _stops(trace: Trace) -> Iterator[Stop]:
    text = trace.text
    for end, kind in _typing(trace.typed):
        text = trace.text[: trace.offset] + trace.typed[:end] + trace.text[trace.offset :]
        yield Stop(text, trace.offset + end, kind)
    lines = LineIndex(text)
    line = lines.line_of(trace.offset + len(trace.typed))
    for count in _MOVES_IN_LINES:
        line = min(max(0, line + count), lines.count - 1)
        yield Stop(text, lines.end(line), "move")


def _typing(typed: str) -> Iterator[tuple[int, Kind]]:
    """Yield how many characters are typed at a stop, and its kind.

    An editor types the indentation of a line together with its line end.
    """
    end = 0
    for number, line in enumerate(typed.splitlines(keepends=True)):
        code = end + len(line) - len(line.lstrip(" \t"))
        line_end = end + len(line.removesuffix("\n"))
        if line.strip():
            yield code, "line"
        if number < _LINES_BY_KEY:
            for stop in range(code + _KEYS_PER_REQUEST, line_end, _KEYS_PER_REQUEST):
                yield stop, "key"
            yield line_end, "key"
        end += len(line)


def prompt_at(stop: Stop, layout: Layout | None) -> Infill:
    """Return the prompt of a stop in a layout; without one, as the product makes it."""
    document, tree = stop.document, stop.tree
    context = cursor_context(document, tree, stop.offset, _CONTEXT_TOKENS)
    infill = Infill(context.scope + context.prefix, context.suffix, context.middle + context.begun)
    prompt = layout.lay_out(document, tree, stop.offset, infill) if layout else infill
    assert isinstance(prompt, Infill)  # noqa: S101 - chat layouts are not typed
    return replace(prompt, middle=prompt.middle.rstrip(" \t"))


if __name__ == "__main__":
    sys.exit(main())
