"""The settings tree, and the reading of what users wrote into it.

Settings come from the editor (section `qwenLsp`) and, for the keys that are safe there, from
`qwen-lsp.toml` or `[tool.qwen-lsp]` in the workspace's pyproject.toml. A bad value is reported once
by name and its default is used; the others keep theirs. docs/settings.md is printed from here.
"""

import dataclasses
import difflib
import json
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints


def _setting(
    default: Any,
    doc: str,
    *,
    least: float | None = None,
    most: float | None = None,
    workspace: bool = True,
) -> Any:
    """Declare a setting; `workspace=False` keeps files of a workspace from changing it."""
    metadata = {"doc": doc, "least": least, "most": most, "workspace": workspace}
    if isinstance(default, Mapping):
        return field(default_factory=dict[str, int], metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class InlineCompletionSettings:
    """Ghost text."""

    enabled: bool = _setting(True, "Suggest while typing.")
    multiline: bool = _setting(True, "Allow suggestions of more than one line.")
    max_tokens: int = _setting(96, "Longest suggestion, in tokens.", least=8, most=512)
    deadline_ms: int = _setting(
        4000,
        "Milliseconds after which a suggestion is shown as far as it has come.",
        least=50,
        most=60000,
    )
    read_ahead: bool = _setting(
        True,
        "Let the model read while the user still types, before a suggestion is asked for; not on "
        "battery and not on a busy machine.",
    )
    alternatives: int = _setting(
        3, "Most suggestions to choose from when one asks by a key.", least=1, most=3
    )
    languages: tuple[str, ...] = _setting(
        (), "Language ids to suggest in; empty means all supported ones."
    )


@dataclass(frozen=True)
class ReviewSettings:
    """Reviews."""

    on_save: bool = _setting(False, "Review the changed functions of a file when it is saved.")
    min_severity: Literal["hint", "information", "warning", "error"] = _setting(
        "hint", "Findings below this severity are not shown."
    )
    language: str = _setting("English", "The language that findings are written in.")
    run_examples: bool = _setting(
        True,
        "Run the examples of docstrings (Python that only computes, in a process with limits).",
        workspace=False,
    )


ToolsAllowed = Literal["off", "path", "all"]


@dataclass(frozen=True)
class ChecksSettings:
    """What an edit is checked with, besides its syntax."""

    workspace_tools: ToolsAllowed = _setting(  # noqa: RUF009 - a field, as all here
        "path",
        "Type checkers and linters that may refuse an edit, where the workspace is set up for "
        "them: none, those on your PATH, or also programs of the workspace's own virtual "
        "environment and tools that run plugins of the workspace (mypy). Set all only for "
        "workspaces whose code you would run.",
        workspace=False,
    )


@dataclass(frozen=True)
class ContextSettings:
    """What goes into a prompt."""

    max_tokens: int = _setting(
        0,
        "Most tokens of code around the cursor in a prompt; 0 takes what this machine can read "
        "within `inlineCompletion.deadlineMs` when the cursor comes to a new place.",
        least=0,
        most=16384,
    )
    cross_file: bool = _setting(
        True, "Show the model definitions from other files of the workspace."
    )
    exclude: tuple[str, ...] = _setting(
        (), "Files that are never shown to the model, as patterns like those of `.gitignore`."
    )


@dataclass(frozen=True)
class PromptSettings:
    """Which wording is used."""

    dir: str = _setting(
        "", "A folder with prompt templates of your own, beside the built-in ones.", workspace=False
    )
    pin: Mapping[str, int] = _setting(
        {}, 'Versions to use instead of the newest: {"review/find": 1}.'
    )


@dataclass(frozen=True)
class EngineSettings:
    """How the model runs."""

    context_tokens: int = _setting(
        8192, "Tokens that the engine can hold at once.", least=1024, most=262144
    )
    threads: int = _setting(
        0, "Threads for the model; 0 takes the physical cores, less one of many.", least=0, most=256
    )
    gpu_layers: int = _setting(-1, "Layers on the GPU; -1 puts all there.", least=-1, most=1000)
    idle_minutes: float = _setting(
        10.0, "Minutes without an editor after which the engine ends.", least=0.05, most=100000
    )
    shared: bool = _setting(
        True, "Use one engine for all windows and editors; false gives this one its own."
    )
    kv_cache: Literal["f16", "q8_0"] = _setting(
        "f16", "How the memory of read tokens is kept; q8_0 takes half the space."
    )
    checkpoint_mib: int = _setting(
        512,
        "Most memory in MiB for states that a hybrid model such as Qwen 3.5 can go back to.",
        least=0,
        most=1048576,
    )
    drafts: Literal["auto", "on", "off"] = _setting(
        "auto",
        "Guess tokens from the text that is there and check them together: the same result, "
        "sooner where the machine checks quickly, which auto finds out.",
    )


@dataclass(frozen=True)
class Settings:
    """Everything a user can set."""

    model: str = _setting(
        "auto",
        'A model of the catalogue, a path to a .gguf file, or "auto" to choose by memory.',
        workspace=False,
    )
    backend: Literal["llama.cpp", "openai"] = _setting(
        "llama.cpp",
        "Where the model runs: llama.cpp, started by qwen-lsp on this machine, or openai, the "
        "server at `endpoint`, which gets the code.",
        workspace=False,
    )
    endpoint: str = _setting(
        "",
        "The address of a server that speaks OpenAI's protocol, such as http://127.0.0.1:8080; "
        "https for any other machine than this.",
        workspace=False,
    )
    endpoint_model: str = _setting(
        "", "The server's name of the model or adapter; needed if it has several.", workspace=False
    )
    api_key_env: str = _setting(
        "", "The environment variable that holds the server's API key.", workspace=False
    )
    model_pull: Literal["ask", "auto", "never"] = _setting(
        "ask", "What to do when the model is not on this machine.", workspace=False
    )
    lora: tuple[str, ...] = _setting(
        (), "Paths of LoRA adapters (.gguf) to use with the model.", workspace=False
    )
    inline_completion: InlineCompletionSettings = field(default_factory=InlineCompletionSettings)
    review: ReviewSettings = field(default_factory=ReviewSettings)
    checks: ChecksSettings = field(default_factory=ChecksSettings)
    context: ContextSettings = field(default_factory=ContextSettings)
    prompts: PromptSettings = field(default_factory=PromptSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)


@dataclass(frozen=True)
class SettingRow:
    """One setting as documentation sees it."""

    key: str
    type: str
    default: Any
    doc: str
    workspace: bool
    schema: Mapping[str, Any]  # JSON Schema of the values that are good


def read_settings(
    editor: Mapping[str, Any] | None, workspace: Mapping[str, Any] | None = None
) -> tuple[Settings, list[str]]:
    """Return the settings and one sentence for each value that could not be used.

    `editor` is the editor's section `qwenLsp`, and it wins over `workspace`, the table of the
    workspace's file, from which only the safe keys are taken.
    """
    problems: list[str] = []
    settings = _read(Settings(), workspace or {}, "", problems, from_workspace=True)
    settings = _read(settings, editor or {}, "", problems, from_workspace=False)
    return settings, problems


def workspace_table(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the workspace's own settings, and one sentence for each file that cannot be read."""
    for name, path_to_table in (("qwen-lsp.toml", ()), ("pyproject.toml", ("tool", "qwen-lsp"))):
        path = folder / name
        if not path.is_file():
            continue
        try:
            table: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            return {}, [f"{name} of the workspace cannot be read: {error}."]
        for key in path_to_table:
            table = typing.cast("dict[str, Any]", table).get(key) or {}
            if not isinstance(table, dict):
                return {}, [f"{'.'.join(path_to_table)} in {name} must be a table."]
        if table:
            return typing.cast("dict[str, Any]", table), []
    return {}, []


def setting_rows(tree: Any = Settings, prefix: str = "") -> list[SettingRow]:
    """Return all settings in the order of the tree."""
    rows: list[SettingRow] = []
    hints = get_type_hints(tree)
    for entry in dataclasses.fields(tree):
        key, hint = prefix + camel_case(entry.name), hints[entry.name]
        if dataclasses.is_dataclass(hint):
            rows += setting_rows(hint, f"{key}.")
            continue
        meta = entry.metadata
        default = getattr(tree(), entry.name)
        kind = _type_name(hint, meta)
        schema = _json_schema(hint, meta)
        rows.append(SettingRow(key, kind, default, meta["doc"], meta["workspace"], schema))
    return rows


def camel_case(name: str) -> str:
    """Return the editor's spelling of one of our names: `max_tokens` is `maxTokens` there."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


_Tree = TypeVar("_Tree")


def _read(
    tree: _Tree, raw: Mapping[str, Any], prefix: str, problems: list[str], *, from_workspace: bool
) -> _Tree:
    """Return `tree` with the good values of `raw`."""
    entries = {camel_case(entry.name): entry for entry in dataclasses.fields(tree)}  # pyright: ignore[reportArgumentType]  # every tree here is a dataclass
    hints = get_type_hints(type(tree))
    changes: dict[str, Any] = {}
    for key, value in raw.items():
        name = f"{prefix}{key}"
        entry = entries.get(key)
        if entry is None:
            close = difflib.get_close_matches(key, entries, n=1)
            hint = f" (did you mean {prefix}{close[0]}?)" if close else ""
            problems.append(f"There is no setting {name}{hint}.")
        elif dataclasses.is_dataclass(hints[entry.name]):
            old = getattr(tree, entry.name)
            if isinstance(value, Mapping):
                branch = typing.cast("Mapping[str, Any]", value)
                changes[entry.name] = _read(
                    old, branch, f"{name}.", problems, from_workspace=from_workspace
                )
            elif value is not None:
                problems.append(f"{name} must be a table of settings; its defaults are used.")
        elif from_workspace and not entry.metadata["workspace"]:
            problems.append(f"{name} cannot be set by a workspace; set it in your editor.")
        elif value is not None:
            try:
                changes[entry.name] = _check(value, hints[entry.name], entry.metadata)
            except ValueError as error:
                default = json.dumps(getattr(tree, entry.name), default=dict)
                problems.append(f"{name} must be {error}; {default} is used.")
    replace: Any = dataclasses.replace  # of a dataclass that only the caller knows
    return replace(tree, **changes)


def _check(value: Any, hint: Any, meta: Mapping[str, Any]) -> Any:
    """Return `value` as `hint` wants it; raises ValueError that says what it must be."""
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise ValueError("one of " + ", ".join(map(json.dumps, get_args(hint))))
        return value
    if hint is bool or hint is str:
        if type(value) is not hint:
            raise ValueError("true or false" if hint is bool else "a text")
        return value
    if hint is int or hint is float:
        return _check_number(value, hint, meta)
    if get_origin(hint) is tuple:
        items = typing.cast("list[Any]", value) if isinstance(value, list) else [None]
        if not all(isinstance(item, str) for item in items):
            raise ValueError("a list of texts")
        return tuple(items)
    table = typing.cast("Mapping[Any, Any]", value) if isinstance(value, Mapping) else {None: 0}
    if not all(isinstance(k, str) and type(v) is int for k, v in table.items()):
        raise ValueError("a table of numbers")
    return dict[str, int](table)


def _check_number(value: Any, hint: Any, meta: Mapping[str, Any]) -> Any:
    least, most = meta["least"], meta["most"]
    whole = hint is int
    good = isinstance(value, int | float) and not isinstance(value, bool)
    # An editor's JSON may write 96 as 96.0.
    if not good or not least <= value <= most or (whole and value != int(value)):
        raise ValueError(f"a {_type_name(hint, meta)}")
    return hint(value)


def _type_name(hint: Any, meta: Mapping[str, Any]) -> str:
    if get_origin(hint) is Literal:
        *others, last = map(json.dumps, get_args(hint))
        return f"{', '.join(others)} or {last}"
    if hint is int or hint is float:
        return f"{'whole ' if hint is int else ''}number from {meta['least']} to {meta['most']}"
    names = {bool: "true or false", str: "text"}
    return names.get(hint, "list of texts" if get_origin(hint) is tuple else "table of numbers")


def _json_schema(hint: Any, meta: Mapping[str, Any]) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if hint is int or hint is float:
        kind = "integer" if hint is int else "number"
        return {"type": kind, "minimum": meta["least"], "maximum": meta["most"]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": {"type": "string"}}
    schemas: dict[Any, dict[str, Any]] = {bool: {"type": "boolean"}, str: {"type": "string"}}
    return schemas.get(hint, {"type": "object", "additionalProperties": {"type": "integer"}})
