"""`demo`: the real server, driven over stdio as an editor does it, on a small shop.

Shows an inline completion, type hints, a refactoring and a review, each with what it changes and
the time from the request to the answer. Nothing is prepared: the model writes all of it now.
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax

from qwen_lsp.cli.editor import Editor, Json, ServerError, running_editor
from qwen_lsp.cli.models import pull_with_bar
from qwen_lsp.cli.output import ExitCode, say
from qwen_lsp.folders import shipped_folder
from qwen_lsp.models import catalogue, files
from qwen_lsp.text import Document, Span, TextEdit, apply_edits, unified_diff

_TYPED = "\n    def load(self):\n        "
_TYPED_BEHIND = "json.dump(self.articles, file)\n"


def run_demo(arguments: argparse.Namespace) -> int:
    """Show what the server does; 1 where it could not do all of it."""
    if not files.is_path(arguments.model) and arguments.model != "auto":
        pull_with_bar(catalogue.card(arguments.model))
    with tempfile.TemporaryDirectory(prefix="qwen-lsp-demo-") as folder:
        return asyncio.run(_Demo(Path(folder).resolve(), arguments.model).run())


def workspace_folder() -> Path:
    """Return the folder of the demo's workspace, in a wheel or in a checkout."""
    return shipped_folder("demo_workspace", "fixtures/workspaces/demo")


class _Demo:
    """One showing."""

    def __init__(self, folder: Path, model: str) -> None:
        self._console = Console(highlight=False)
        self._folder = folder
        self._model = model
        self._text = (workspace_folder() / "shop.py").read_text(encoding="utf-8")
        self._path = folder / "shop.py"
        self._path.write_text(self._text, encoding="utf-8")
        self._uri = self._path.as_uri()
        self._ready = asyncio.Event()
        self._problem = ""

    async def run(self) -> int:
        settings = {"model": self._model, "modelPull": "never"}
        began = time.monotonic()
        async with running_editor(self._folder, settings, self._note_status) as editor:
            self._print(f"The server answered `initialize` after {_since(began)}.")
            editor.open(self._path, "python", self._text)
            await self._ready.wait()
            if self._problem:
                say(f"qwen-lsp: {self._problem}")
                return ExitCode.NO_MODEL
            self._print(f"{self._model} was ready after {_since(began)}.")
            steps = (
                self._complete(editor),
                self._act(editor, "total_price", "refactor.rewrite.addTypeHints"),
                self._act(editor, "is_available", "refactor.rewrite.simplify"),
                self._review(editor, "find_article"),
            )
            shown = [await step for step in steps]
        self._print(f"\n{sum(shown)} of {len(shown)} shown.")
        return ExitCode.DONE if all(shown) else ExitCode.FINDINGS

    async def _complete(self, editor: Editor) -> bool:
        self._heading("Inline completion", "typing a new method, `def load(self):`")
        typed_at = self._text.index(_TYPED_BEHIND) + len(_TYPED_BEHIND)
        text = self._text[:typed_at] + _TYPED + "\n" + self._text[typed_at:]
        cursor = typed_at + len(_TYPED)
        editor.change(self._uri, text)
        params = {
            "textDocument": {"uri": self._uri},
            "position": _position(text, cursor),
            "context": {"triggerKind": 2},
        }
        began = time.monotonic()
        result = await editor.request("textDocument/inlineCompletion", params)
        took = _since(began)
        items = result["items"]
        if not items:
            return self._nothing("no suggestion", took)
        completed = text[:cursor] + items[0]["insertText"] + text[cursor:]
        self._show_diff(self._text, completed, took)
        self._text = completed
        editor.change(self._uri, completed)
        return True

    async def _act(self, editor: Editor, function: str, kind: str) -> bool:
        place = self._range_of(f"def {function}")
        params = {
            "textDocument": {"uri": self._uri},
            "range": {"start": place["start"], "end": place["start"]},
            "context": {"diagnostics": [], "only": [kind]},
        }
        began = time.monotonic()
        try:
            actions = await editor.request("textDocument/codeAction", params)
            title = actions[0]["title"] if actions else kind
            self._heading(title, f"on `{function}`")
            if not actions:
                return self._nothing("not offered", _since(began))
            resolved = await editor.request("codeAction/resolve", actions[0])
        except ServerError as error:
            return self._nothing(str(error), _since(began))
        took = _since(began)
        changed = _applied(self._text, resolved["edit"])
        self._show_diff(self._text, changed, took)
        self._text = changed
        editor.change(self._uri, changed)
        return True

    async def _review(self, editor: Editor, function: str) -> bool:
        self._heading("Review this function", f"on `{function}`")
        argument = {"uri": self._uri, "range": self._range_of(f"def {function}")}
        began = time.monotonic()
        params = {"command": "qwenLsp.review", "arguments": [argument]}
        try:
            await editor.request("workspace/executeCommand", params)
        except ServerError as error:
            return self._nothing(str(error), _since(began))
        took = _since(began)
        found = editor.diagnostics.get(self._uri, [])
        if not found:
            return self._nothing("no findings", took)
        lines = self._text.split("\n")
        for diagnostic in found:
            start, end = diagnostic["range"]["start"], diagnostic["range"]["end"]
            number = int(start["line"])
            margin = f"{number + 1:4} | "
            below = " " * (len(margin) + start["character"])
            marks = "^" * max(1, end["character"] - start["character"])
            self._console.print(f"{margin}{escape(lines[number])}")
            self._console.print(f"[yellow]{below}{marks}[/yellow]")
            message = f"{diagnostic['message']} [{diagnostic['code']}]"
            self._console.print(f"[yellow]warning[/yellow]: {escape(message)}")
        self._print(f"after {took}")
        return True

    def _note_status(self, status: Json) -> None:
        if status["state"] == "error":
            self._problem = status["message"]
        if status["state"] in ("error", "ready"):
            self._ready.set()

    def _range_of(self, words: str) -> Json:
        start = self._text.index(words)
        end = start + len(words)
        return {"start": _position(self._text, start), "end": _position(self._text, end)}

    def _heading(self, title: str, where: str) -> None:
        self._console.print(f"\n[bold]{title}[/bold], {where}")

    def _show_diff(self, old: str, new: str, took: str) -> None:
        diff = unified_diff(self._path.name, old, new)
        self._console.print(Syntax(diff.rstrip(), "diff", background_color="default"))
        self._print(f"after {took}")

    def _nothing(self, why: str, took: str) -> bool:
        self._print(f"{why}, after {took}")
        return False

    def _print(self, sentence: str) -> None:
        self._console.print(f"[dim]{escape(sentence)}[/dim]")


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"


def _position(text: str, offset: int) -> Json:
    line = text.count("\n", 0, offset)
    return {"line": line, "character": offset - (text.rfind("\n", 0, offset) + 1)}


def _applied(text: str, edit: Json) -> str:
    lines = Document("", "", "", 0, text).lines

    def offset(position: Json) -> int:
        return lines.start(position["line"]) + int(position["character"])

    def to_edit(raw: Any) -> TextEdit:
        span = Span(offset(raw["range"]["start"]), offset(raw["range"]["end"]))
        return TextEdit(span, raw["newText"])

    return apply_edits(text, [to_edit(raw) for raw in edit["documentChanges"][0]["edits"]])
