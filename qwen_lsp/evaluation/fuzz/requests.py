"""Random requests and notifications that an editor could send, and the settings they belong to."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qwen_lsp.evaluation.fuzz.edits import random_range, random_text
from qwen_lsp.evaluation.fuzz.nonsense import random_json
from qwen_lsp.evaluation.fuzz.texts import ClientText, Json, offset_at
from qwen_lsp.features.actions import ACTIONS

LANGUAGES = (
    *("python", "python", "python", "typescript", "javascript", "go", "rust", "java", "c", "ruby"),
    *("lua", "php", "shellscript", "csharp", "cpp", "typescriptreact", "plaintext", "", "no-such"),
)
# Half of what is asked is what people ask most.
_LESS_USUAL_FROM = 0.5


def settings_for(model: Path) -> Json:
    """Return settings under which nothing is downloaded and the engine uses few threads."""
    return {
        "model": str(model),
        "modelPull": "never",
        "engine": {"threads": 1, "contextTokens": 2048},
    }


def random_settings(chance: random.Random, model: Path) -> Json:
    """Return settings with some values of the wrong kind; the model stays."""
    settings = settings_for(model)
    for section, key in (
        *(("inlineCompletion", "enabled"), ("inlineCompletion", "deadlineMs")),
        *(("inlineCompletion", "maxTokens"), ("review", "minSeverity"), ("review", "onSave")),
        *(("context", "maxTokens"), ("context", "exclude"), ("checks", "workspaceTools")),
    ):
        if chance.random() < 0.1:
            settings.setdefault(section, {})[key] = random_json(chance)
    return settings


def random_request(chance: random.Random, document: ClientText, encoding: str) -> tuple[str, Json]:
    """Return the method and the params of a request about a document."""
    usual = chance.random() < _LESS_USUAL_FROM
    make = chance.choice(_USUAL if usual else _LESS_USUAL)
    method, params = make(chance, document, encoding)
    if chance.random() < 0.2:
        params["workDoneToken"] = chance.choice((1, 2, "a", "b"))
    return method, params


def inline_completion(
    chance: random.Random, document: ClientText, encoding: str
) -> tuple[str, Json]:
    """Return a request for ghost text, by typing or by key."""
    place = random_range(chance, document.text, encoding)
    params: Json = {
        **_named(document),
        "position": place["start"],
        "context": {"triggerKind": chance.choice((1, 2, 2, 2))},
    }
    if chance.random() < 0.1:
        chosen = {"range": place, "text": random_text(chance, 1)}
        params["context"]["selectedCompletionInfo"] = chosen
    return "textDocument/inlineCompletion", params


def code_action(chance: random.Random, document: ClientText, encoding: str) -> tuple[str, Json]:
    """Return a request for the menu of actions."""
    context: Json = {"diagnostics": []}
    if chance.random() < 0.3:
        context["diagnostics"] = [_diagnostic(chance, document, encoding)]
    if chance.random() < 0.3:
        context["only"] = [chance.choice(("quickfix", "refactor", "source", "", "😀"))]
    place = random_range(chance, document.text, encoding)
    return "textDocument/codeAction", {**_named(document), "range": place, "context": context}


def _completion(chance: random.Random, document: ClientText, encoding: str) -> tuple[str, Json]:
    place = random_range(chance, document.text, encoding)
    return "textDocument/completion", {**_named(document), "position": place["start"]}


def _resolve(chance: random.Random, document: ClientText, encoding: str) -> tuple[str, Json]:
    data = _action_data(chance, document, encoding)
    return "codeAction/resolve", {"title": "😀", "kind": "refactor", "data": data}


def _pull(_chance: random.Random, document: ClientText, _encoding: str) -> tuple[str, Json]:
    return "textDocument/diagnostic", _named(document)


def _unknown(chance: random.Random, document: ClientText, _encoding: str) -> tuple[str, Json]:
    methods = ("textDocument/hover", "no/such", "", "$/odd", "initialize", "😀", "workspace/symbol")
    return chance.choice(methods), _named(document)


def _command(chance: random.Random, document: ClientText, encoding: str) -> tuple[str, Json]:
    place = random_range(chance, document.text, encoding)
    about: Json = {"uri": document.uri, "range": place}
    arguments: Callable[[], list[Any]]
    name, arguments = chance.choice(
        (
            ("qwenLsp.applyAction", lambda: [_action_data(chance, document, encoding)]),
            ("qwenLsp.rewrite", lambda: [{**about, "instruction": "Use a comprehension."}]),
            ("qwenLsp.explain", lambda: [{**about, "partialResultToken": "explained"}]),
            ("qwenLsp.review", lambda: [about]),
            ("qwenLsp.review", lambda: [{"uri": document.uri, "known": [random_json(chance)]}]),
            ("qwenLsp.clearReview", lambda: [{"uri": document.uri, "dismissed": True}]),
            ("qwenLsp.dismissFinding", lambda: [{"uri": document.uri, "code": "x"}]),
            ("qwenLsp.showPrompt", list[Any]),
            ("qwenLsp.accepted", lambda: [{**about, "kind": "word", "position": place["start"]}]),
            ("qwenLsp.pause", list[Any]),
            ("qwenLsp.no-such", list[Any]),
        )
    )
    return "workspace/executeCommand", {"command": name, "arguments": arguments()}


_USUAL = (inline_completion, inline_completion, code_action, _resolve)
_LESS_USUAL = (inline_completion, code_action, _completion, _resolve, _pull, _unknown, _command)


def random_notification(chance: random.Random, document: ClientText) -> tuple[str, Json]:
    """Return a notification that changes no text and no settings for good."""
    uri = document.uri
    folder = {"uri": "file:///no/such/folder", "name": "odd"}
    return chance.choice(
        (
            ("textDocument/didSave", _named(document)),
            ("textDocument/willSave", {**_named(document), "reason": 1}),
            ("workspace/didChangeWatchedFiles", {"changes": [{"uri": uri, "type": 2}]}),
            (
                "workspace/didChangeWorkspaceFolders",
                {"event": {"added": [folder], "removed": []}},
            ),
            (
                "workspace/didChangeWorkspaceFolders",
                {"event": {"added": [], "removed": [folder]}},
            ),
            ("workspace/didChangeConfiguration", {"settings": None}),
            ("window/workDoneProgress/cancel", {"token": chance.choice((1, 2, "a", "b", "c"))}),
            ("$/setTrace", {"value": "verbose"}),
            ("initialized", {}),
            ("no/such", {}),
            ("$/no-such", {}),
        )
    )


def _named(document: ClientText) -> Json:
    return {"textDocument": {"uri": document.uri}}


def _diagnostic(chance: random.Random, document: ClientText, encoding: str) -> Json:
    return {
        "range": random_range(chance, document.text, encoding),
        "message": chance.choice(("undefined name", "", "a\nb\r\n\u2028😀")),
        "source": chance.choice(("ruff", "qwen-lsp")),
        "code": chance.choice((1, "E501", None)),
    }


def _action_data(chance: random.Random, document: ClientText, encoding: str) -> Json:
    place = random_range(chance, document.text, encoding)
    start, end = sorted(
        offset_at(document.text, place[side], encoding) for side in ("start", "end")
    )
    return {
        "uri": document.uri,
        "version": document.version,
        "action": chance.choice([*(action.id for action in ACTIONS), "no_such"]),
        "start": start,
        "end": end,
        "instruction": "Make it shorter.",
    }
