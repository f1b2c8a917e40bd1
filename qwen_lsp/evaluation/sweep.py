"""Every action on random functions of real files, to see that no edit breaks anything.

    python -m qwen_lsp.evaluation.sweep --model FILE.gguf --count 300 --seed 1 FOLDER...
    python -m qwen_lsp.evaluation.sweep --scripted --count 300 --seed 1 FOLDER...

At each function a cursor, a selection of whole lines and a call are tried; each action that is
offered at one of them is asked for once. Its edit is applied and judged (`sweep_judge.py`). A
refusal is a right answer and is counted by its reason. With `--into FILE.jsonl` each function is
written as it is done, and a second run goes on behind them. `--scripted` asks no model: the replies
are made up to do harm (`hostile_replies.py`).
"""

import argparse
import asyncio
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from qwen_lsp.evaluation.hostile_replies import HostileEngine
from qwen_lsp.evaluation.places import files_by_language
from qwen_lsp.evaluation.sweep_judge import broken
from qwen_lsp.features import launch
from qwen_lsp.features.actions import ACTIONS, Action, RefusalError, Site, find_site, resolve
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import Function, language_for_path, parse
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document, Span, apply_edits

_MOST_LINES = 40
_MOST_BYTES = 30_000
_INSTRUCTION = "Rename the local variables so that they say more."
_CALL = re.compile(r"\b\w+\(")

Outcome = Literal["edit", "refused", "broken"]


@dataclass(frozen=True)
class Tried:
    """One action on one function. `why` says why it was refused, or what is broken."""

    path: str
    language_id: str
    function: str
    action: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Chosen:
    """A function of a file, with the selections to try in it."""

    document: Document
    function: Function
    selections: tuple[Span, ...]

    def sites(self) -> Iterator[tuple[Action, Site]]:
        """Yield the actions that are offered, each with the first selection where it is."""
        sites = [
            find_site(self.document, selection, instruction=_INSTRUCTION)
            for selection in self.selections
        ]
        for action in ACTIONS:
            offering = (site for site in sites if site is not None and action.is_offered(site))
            if site := next(offering, None):
                yield action, site


def choose(folders: Sequence[Path], count: int, seed: int) -> list[Chosen]:
    """Return `count` functions, the languages in turn; the same for the same files and seed."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    paths = {name: list(found) for name, found in files_by_language(folders, _MOST_BYTES).items()}
    for found in paths.values():
        chance.shuffle(found)
    functions = {name: _functions(found, chance) for name, found in sorted(paths.items())}
    chosen: list[Chosen] = []
    while functions and len(chosen) < count:
        for name in list(functions):
            one = next(functions[name], None)
            if one is None:
                del functions[name]
            else:
                chosen.append(one)
    return chosen[:count]


def _functions(paths: Sequence[Path], chance: random.Random) -> Iterator[Chosen]:
    """Yield one function of each file, then another one of each, until there is none left."""
    remaining: list[list[Chosen]] = []
    for path in paths:
        found = _functions_of(path, chance)
        chance.shuffle(found)
        if found:
            yield found.pop()
            remaining.append(found)
    while remaining := [found for found in remaining if found]:
        for found in remaining:
            yield found.pop()


def _functions_of(path: Path, chance: random.Random) -> list[Chosen]:
    language = language_for_path(str(path))
    text = path.read_bytes().decode("utf-8", "replace")
    if language is None:
        return []
    document = Document(path.absolute().as_uri(), path.name, language.id, 1, text)
    return [
        Chosen(document, function, _selections(document, function, chance))
        for function in parse(language, text).functions()
        if document.slice(function.span).count("\n") < _MOST_LINES
    ]


def _selections(document: Document, function: Function, chance: random.Random) -> tuple[Span, ...]:
    """Return a cursor on the name, some whole lines of the body, and a cursor on a call."""
    start = function.definition_span.start
    selections = [Span(start, start)]
    body = function.body_span
    if body is None or body.start == body.end:
        return tuple(selections)
    lines = document.lines
    first, last = lines.line_of(body.start), lines.line_of(body.end - 1)
    top = chance.randint(first, last)
    bottom = chance.randint(top, last)
    selections.append(Span(lines.start(top), lines.end(bottom)))
    calls = [body.start + found.start() for found in _CALL.finditer(document.slice(body))]
    if calls:
        place = chance.choice(calls)
        selections.append(Span(place, place))
    return tuple(selections)


async def try_function(chosen: Chosen, model: LocalModel) -> list[Tried]:
    """Ask for every action that is offered, and judge the edits; raises EngineError."""
    tried: list[Tried] = []
    document, function = chosen.document, chosen.function
    name = re.compile(rf"\b{re.escape(function.name)}\b")
    for action, site in chosen.sites():
        one = Tried(
            document.uri, document.language_id, function.qualified_name, action.id, "refused"
        )
        try:
            rewrite = await resolve(site, action.id, model)
        except RefusalError as error:
            told = str(error).removeprefix(f"{action.title}: ").removesuffix(".")
            why = told.removeprefix(f"no good edit for {function.name}, ")
            tried.append(replace(one, why=name.sub("it", why)))
            continue
        after = apply_edits(document.text, rewrite.edits)
        harm = "" if rewrite.new_file else broken(site, action.id, after)
        tried.append(replace(one, outcome="broken" if harm else "edit", why=harm))
    return tried


def summary(tried: Sequence[Tried], functions: int) -> dict[str, Any]:
    """Return the counts of a run as plain values."""
    return {
        "functions": functions,
        "asked": len(tried),
        "edits": sum(one.outcome == "edit" for one in tried),
        "refused": dict(Counter(one.why for one in tried if one.outcome == "refused")),
        "actions": {
            action.id: dict(Counter(one.outcome for one in tried if one.action == action.id))
            for action in ACTIONS
        },
        "languages": dict(Counter(one.language_id for one in tried)),
        "broken": [asdict(one) for one in tried if one.outcome == "broken"],
    }


def _read(path: Path | None) -> list[list[Tried]]:
    """Return what was tried on each function before."""
    if path is None or not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [[Tried(**each) for each in json.loads(line)] for line in lines]


async def run(
    chosen: Sequence[Chosen], model: LocalModel, done: list[list[Tried]], into: Path | None
) -> None:
    """Try the functions that `done` lacks and add them to it and to the file `into`."""
    for one in chosen[len(done) :]:
        done.append(await try_function(one, model))
        if into is not None:
            line = json.dumps([asdict(tried) for tried in done[-1]]) + "\n"
            with into.open("a", encoding="utf-8") as lines:
                lines.write(line)


async def _run(arguments: argparse.Namespace) -> list[list[Tried]]:
    chosen = choose(arguments.folders, arguments.count, arguments.seed)
    done = _read(arguments.into)
    if arguments.scripted:
        model = LocalModel(HostileEngine(arguments.seed), Templates())
        await run(chosen, model, done, arguments.into)
        return done
    settings = launch.with_model(Settings(), str(arguments.model))
    settings = replace(settings, engine=replace(settings.engine, shared=False))
    model, client = launch.connect(launch.find_weights_here(settings), settings, Templates())
    try:
        await client.start()
        await run(chosen, model, done, arguments.into)
    finally:
        await client.close()
    return done


def main() -> int:
    """Run from the command line; returns 1 where an edit broke something."""
    parser = argparse.ArgumentParser(prog="python -m qwen_lsp.evaluation.sweep")
    parser.add_argument("folders", nargs="+", type=Path)
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--model", help="a catalogue id or a .gguf file")
    asked.add_argument("--scripted", action="store_true", help="hostile replies and no model")
    parser.add_argument("--count", type=int, default=300, help="functions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, help="JSON lines, gone on behind if they exist")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    done = asyncio.run(_run(arguments))
    found = summary([one for tried in done for one in tried], len(done))
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for one in found["broken"]:
            place = f"{one['path']}, {one['function']}, {one['action']}"
            sys.stdout.write(f"{place}: {one['why']}\n")
        for why, count in found["refused"].items():
            sys.stdout.write(f"{count} times refused: {why}\n")
        sys.stdout.write(
            f"{found['functions']} functions, {found['asked']} times asked, "
            f"{found['edits']} edits, {len(found['broken'])} broken\n"
        )
    return 1 if found["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
