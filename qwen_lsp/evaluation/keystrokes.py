"""What a keystroke costs without the model: the work of this program in a long file.

Somebody types some two hundred keys into the middle of a file of five thousand lines, in Python as
it is, with letters beyond ASCII, with CRLF, and in TypeScript. Nearly all keys leave half a line
behind, as typing does. The engine answers at once with several lines, so that tidying has its work:
one reply that may be shown, one that must lose its last lines, and one of which nothing parses.

The trace is typed twice. Once each step is called by itself: `sync` puts the change into the
document and finds its lines, `parse` makes the tree and asks the gate, `context` cuts the text,
`render` fills the template, `tidy` goes through the filters. The other time `whole` is what a
server does for the key: the change, the request that reads ahead, and the request that answers.
The file then lies in a workspace with an index of a thousand made files, and imports some of them:
what they say about the names near the cursor is looked up. Not in it is what the protocol costs,
which does not grow with the file.

`python -m qwen_lsp.evaluation.keystrokes` prints the table alone.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from unittest import mock

from qwen_lsp.context.budget import code_points
from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.context.secrets import without_secrets
from qwen_lsp.engine.requests import GenerateRequest, Generation, Infill, ModelFacts
from qwen_lsp.evaluation.index_bench import write_workspace
from qwen_lsp.evaluation.keystroke_texts import Typing, typings
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.features.complete import complete, read_ahead
from qwen_lsp.features.gate import reason_to_stay_silent
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.features.tidying import tidy
from qwen_lsp.features.tidying.place import place_at
from qwen_lsp.index.build import build, update_file
from qwen_lsp.index.database import Index
from qwen_lsp.languages import language_for_id
from qwen_lsp.prompting.render import render
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import ContextSettings, Settings
from qwen_lsp.text import Document, Span, TextEdit, apply_edits

_URI = "file:///typed"
_CONTEXT_TOKENS = 1024
_INDEXED_FILES = 1000
_PATHS = {"python": "package_0/typed.py", "typescript": "package_0/typed.ts"}
_INDENT = re.compile(r"[ \t]*")
_PIECE = 5
KEYSTROKE_COLUMNS = ("ms", "", "p50", "p95", "p99", "longest")
# What is typed before the first suggestion is asked for, which is then typed on.
_BEFORE_SUGGESTION = {"python": "    the", "typescript": "  the"}
# The first may be shown, of the second the last lines do not parse, of the third nothing does.
_REPLIES = {
    "python": (
        "value = 1\nif value:\n    value += 1\nelse:\n    value = [\n        one\n    ]\nlast = 1",
        "value = 1\nif value:\n    value += 1\nelse:\n    value = [\n        one for one in (\nfor",
        ") = (1\nvalue = )\nif (\n    value\nother = ]\nvalue\nother\n",
    ),
    "typescript": (
        "value = 1;\nif (value) {\n  count(value);\n} else {\n  count(\n    one\n  );\n}\ncount();",
        "value = 1;\nif (value) {\n  count(value);\n} else {\n  count(\n    other,\n",
        ") = (1\nvalue = )\nif (\n  value\nother = ]\nvalue\nother\n",
    ),
}


@dataclass(frozen=True)
class KeystrokeFigures:
    """What a key cost in one file, in milliseconds; the module says what the steps are.

    `typed_through` is the change and the answer while somebody types what was suggested.
    """

    name: str
    lines: int
    keys: int
    sync: Spread
    parse: Spread
    context: Spread
    render: Spread
    tidy: Spread
    whole: Spread
    typed_through: Spread


class InstantEngine:
    """Answers at once with several lines, indented like the line that is asked for."""

    facts: ModelFacts | None = None

    def __init__(self, language_id: str) -> None:
        self._replies = cycle(_REPLIES[language_id])

    def reply(self, indent: str) -> str:
        """Return the next reply."""
        return next(self._replies).replace("\n", "\n" + indent)

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the next reply, in pieces as long as tokens; nothing where none are wanted."""
        if request.max_tokens == 0 or not isinstance(request.prompt, Infill):
            return Generation("", "length")
        line = request.prompt.middle.rpartition("\n")[2]
        text = self.reply(_indent(line))
        for end in range(_PIECE, len(text), _PIECE):
            if on_text is not None:
                on_text(text[:end])
            if enough is not None and enough(text[:end]):
                return Generation(text[:end], "enough")
        return Generation(text, "end")


async def measure_keystrokes(
    wanted: Iterable[Typing] | None = None,
) -> tuple[KeystrokeFigures, ...]:
    """Return the figures of all files, or of those `wanted`."""
    with _made_workspace() as folder:
        return tuple([await _measured(typing, folder) for typing in wanted or typings()])


@contextmanager
def _made_workspace() -> Generator[Path]:
    """Give a folder of made files with an index, and take both away at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "workspace", str(Path(name) / "home")
        with mock.patch.dict(os.environ, {"QWEN_LSP_HOME": home}):
            write_workspace(folder, _INDEXED_FILES)
            build(folder)
            yield folder


@contextmanager
def _project_with(typing: Typing, folder: Path) -> Generator[Project]:
    """Give a project whose index knows the file as it was before the first key."""
    document = _opened(typing)
    (folder / document.path).write_bytes(document.text.encode())
    update_file(folder, document.path)
    project, index = Project(), Index.open(folder)
    project.indexes.change({folder: index})
    yield project
    project.indexes.change({})


async def _measured(typing: Typing, folder: Path) -> KeystrokeFigures:
    steps = _steps(typing)
    return KeystrokeFigures(
        name=typing.name,
        lines=_opened(typing).lines.count,
        keys=len(typing.keys),
        **{name: Spread.of(times) for name, times in steps.items()},
        whole=Spread.of(await _wholes(typing, folder)),
        typed_through=Spread.of(await _through(typing)),
    )


def _opened(typing: Typing) -> Document:
    text = typing.before + typing.after
    return Document(_URI, _PATHS[typing.language_id], typing.language_id, 0, text)


def _changed(document: Document, offset: int, key: str) -> Document:
    """Return the document with `key` at `offset`, as the server makes it."""
    edits = [TextEdit(Span(offset, offset), key)]
    text = apply_edits(document.text, edits)
    return replace(document, version=document.version + 1, text=text)


def _steps(typing: Typing) -> dict[str, list[float]]:
    """Type once, and return what each step took for each key."""
    times: dict[str, list[float]] = {
        name: [] for name in ("sync", "parse", "context", "render", "tidy")
    }

    @contextmanager
    def timed(step: str) -> Generator[None]:
        began = time.perf_counter()
        yield
        times[step].append((time.perf_counter() - began) * 1000)

    language = language_for_id(typing.language_id)
    assert language is not None  # noqa: S101 - it is in our own table
    document, offset = _opened(typing), len(typing.before)
    engine, template = InstantEngine(typing.language_id), Templates().current("complete")
    inline = Settings().inline_completion
    for key in typing.keys:
        with timed("sync"):
            document = _changed(document, offset, key)
            offset += len(key)
            line = document.lines.line_of(offset)
        with timed("parse"):
            place = place_at(document, language, offset, multiline=True, explicit=False)
            reason_to_stay_silent(document, place.tree, offset, inline, explicit=False)
        with timed("context"):
            shown = without_secrets(place.document, offset, code_points(_CONTEXT_TOKENS))
            context = cursor_context(shown, place.tree, offset, _CONTEXT_TOKENS)
        with timed("render"):
            render(
                template,
                {
                    **vars(context),
                    "related": (),
                    "repository": "",
                    "path": document.path,
                    "language": language.title,
                    "fence": language.fence,
                },
            )
        reply = engine.reply(_indent(document.lines.text(line)))
        with timed("tidy"):
            tidy(reply, place)
    return times


async def _wholes(typing: Typing, folder: Path) -> list[float]:
    """Type once, and return what all that a server does took for each key."""
    times: list[float] = []
    document, offset = _opened(typing), len(typing.before)
    model = LocalModel(InstantEngine(typing.language_id), Templates())
    settings = _settings()
    with _project_with(typing, folder) as project:
        for key in typing.keys:
            began = time.perf_counter()
            document = _changed(document, offset, key)
            offset += len(key)
            await read_ahead(document, offset, model, settings, project)
            await complete(document, offset, model, settings, project)
            times.append((time.perf_counter() - began) * 1000)
    return times


async def _through(typing: Typing) -> list[float]:
    """Ask once, type what was suggested, and return what each key of it took."""
    times: list[float] = []
    document, offset = _opened(typing), len(typing.before)
    model = LocalModel(InstantEngine(typing.language_id), Templates())
    settings, project = _settings(), Project()
    for key in _BEFORE_SUGGESTION[typing.language_id]:
        document = _changed(document, offset, key)
        offset += len(key)
    suggestions = await complete(document, offset, model, settings, project)
    for key in suggestions[0].text[:-1] if suggestions else "":
        began = time.perf_counter()
        document = _changed(document, offset, key)
        offset += len(key)
        await complete(document, offset, model, settings, project)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _settings() -> Settings:
    return replace(Settings(), context=ContextSettings(max_tokens=_CONTEXT_TOKENS))


def _indent(line: str) -> str:
    match = _INDENT.match(line)
    return match[0] if match else ""


def keystroke_rows(figures: Iterable[KeystrokeFigures]) -> tuple[tuple[str, ...], ...]:
    """Return a row for each step in each file, as `KEYSTROKE_COLUMNS` calls it."""
    return tuple(
        (one.name, step, *(f"{value:.2f}" for value in (s.p50, s.p95, s.p99, s.longest)))
        for one in figures
        for step, s in vars(one).items()
        if isinstance(s, Spread)
    )


def _print_table() -> None:
    rows = [KEYSTROKE_COLUMNS, *keystroke_rows(asyncio.run(measure_keystrokes()))]
    for row in rows:
        sys.stdout.write(
            f"{row[0]:24}{row[1]:15}" + "".join(f"{cell:>9}" for cell in row[2:]) + "\n"
        )


if __name__ == "__main__":
    _print_table()
