"""How many tokens a keystroke makes the engine read.

A few lines of a real file are taken out and typed again, some characters at a time. After each
the prompt is made as for ghost text, with the product's own window, and the engine is asked for
one token: what it did not have of the prompt already is the cost.
"""

import argparse
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.engine.requests import Engine, GenerateRequest, Infill, Priority
from qwen_lsp.evaluation.layouts import Layout
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document

_KEYS_PER_REQUEST = 3
_TYPED_LINES = 3
_PLACES = 6
_CONTEXT_TOKENS = 1024


@dataclass(frozen=True)
class Trace:
    """A file without some lines, and these. The text is typed at `offset`, in code points."""

    text: str
    offset: int
    typed: str


@dataclass(frozen=True)
class TypingCost:
    """The tokens read by each request of one trace.

    `keystrokes` are the requests within a line, `new_lines` the first ones of a line. The first
    request of all, which reads the whole prompt, is in neither.
    """

    layout: str
    place: int
    keystrokes: tuple[int, ...]
    new_lines: tuple[int, ...]


def traces() -> list[Trace]:
    """Return the traces: six places in Python's own argparse module."""
    text = inspect.getsource(argparse)
    lines = text.splitlines(keepends=True)
    found: list[Trace] = []
    for place in range(1, _PLACES + 1):
        line = place * len(lines) // (_PLACES + 1)
        # Where a few lines of code follow each other.
        while not all(part.startswith("    ") for part in lines[line : line + _TYPED_LINES]):
            line += 1
        before, behind = "".join(lines[:line]), "".join(lines[line + _TYPED_LINES :])
        typed = "".join(lines[line : line + _TYPED_LINES]).removesuffix("\n")
        found.append(Trace(f"{before}\n{behind}", len(before), typed))
    return found


async def type_trace(engine: Engine, trace: Trace, layout: Layout) -> TypingCost:
    """Return what typing the trace costs in a layout; raises EngineError."""
    keystrokes: list[int] = []
    new_lines: list[int] = []
    for number, (end, is_new_line) in enumerate(_stops(trace.typed)):
        request = GenerateRequest(prompt_at(trace, end, layout), 1, Priority.TYPING)
        generation = await engine.generate(request)
        read = generation.prompt_tokens - generation.reused_tokens
        if number:
            (new_lines if is_new_line else keystrokes).append(read)
    return TypingCost(layout.name, trace.offset, tuple(keystrokes), tuple(new_lines))


def _stops(typed: str) -> Iterator[tuple[int, bool]]:
    """Yield where the typing pauses, and whether that is the first time on its line.

    An editor types the indentation of a line together with its line end.
    """
    end = 0
    for line in typed.splitlines(keepends=True):
        code = len(line) - len(line.lstrip(" \t"))
        line_end = end + len(line.removesuffix("\n"))
        yield end + code, True
        for stop in range(end + code + _KEYS_PER_REQUEST, line_end, _KEYS_PER_REQUEST):
            yield stop, False
        yield line_end, False
        end += len(line)


def prompt_at(trace: Trace, end: int, layout: Layout) -> Infill:
    """Return the prompt when `end` characters of the trace have been typed."""
    text = trace.text[: trace.offset] + trace.typed[:end] + trace.text[trace.offset :]
    document = Document("file:///typed.py", "typed.py", "python", end, text)
    offset = trace.offset + end
    language = language_for_id("python")
    assert language is not None  # noqa: S101 - it is in our own table
    tree = parse(language, text)
    context = cursor_context(document, tree, offset, _CONTEXT_TOKENS)
    infill = Infill(context.scope + context.prefix, context.suffix, context.middle)
    prompt = layout.lay_out(document, tree, offset, infill)
    assert isinstance(prompt, Infill), layout.name  # noqa: S101 - chat layouts are not typed
    return replace(prompt, middle=prompt.middle.rstrip(" \t"))
