"""Asking at random places of real files, to see that no suggestion does harm.

    python -m qwen_lsp.evaluation.places --model FILE.gguf --count 500 --seed 1 FOLDER...

The places are line ends, places inside of lines and blank lines, in files of ten languages; what
stands behind the cursor stays. A suggestion does harm if it doubles what follows, or a bracket, or
if the file parsed before and does not after. No suggestion is a right answer and is counted. With
`--into FILE.jsonl` each place is written as it is done, and a second run goes on behind them.
"""

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from qwen_lsp.features import launch
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.languages import language_for_id, language_for_path, parse
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document, TextEdit, apply_edits

_LANGUAGES = (
    *("python", "javascript", "typescript", "go", "rust"),
    *("java", "c", "cpp", "csharp", "ruby", "php", "shellscript", "lua"),
)
_MOST_BYTES = 200_000
_MOST_FILES_A_LANGUAGE = 400
_LEAST_DOUBLED = 8
_DEADLINE_MS = 60_000


@dataclass(frozen=True)
class Tried:
    """A place and what came of it.

    `harm` is empty where nothing is wrong; offsets count code points.
    """

    path: str
    language_id: str
    offset: int
    kind: str
    text: str
    harm: str


@dataclass(frozen=True)
class Chosen:
    """A file with a cursor, and why there: `line end`, `inside` or `blank`."""

    document: Document
    offset: int
    kind: str


def choose(folders: Sequence[Path], count: int, seed: int) -> Iterator[Chosen]:
    """Yield `count` places, the languages in turn; the same for the same files and seed."""
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    files = files_by_language(folders)
    languages = sorted(files)
    for number in range(count if languages else 0):
        paths = files[languages[number % len(languages)]]
        path = paths[chance.randrange(len(paths))]
        text = path.read_bytes().decode("utf-8", "replace")
        language = language_for_path(str(path))
        document = Document(path.as_uri(), path.name, language.id if language else "", 1, text)
        offset, kind = _cursor(document, chance)
        yield Chosen(document, offset, kind)


def harm_of(document: Document, offset: int, suggestion: Suggestion) -> str:
    """Return what is wrong with a suggestion, empty where nothing is."""
    language = language_for_id(document.language_id)
    if language is None:
        return ""
    after = apply_edits(document.text, [TextEdit(suggestion.span, suggestion.text)])
    if count_syntax_errors(parse(language, document.text)) == 0:
        errors = count_syntax_errors(parse(language, after))
        if errors:
            return f"{errors} syntax errors in a file that had none"
    return _doubled(document, offset, suggestion)


async def try_place(chosen: Chosen, model: LocalModel, settings: Settings) -> Tried:
    """Ask at a place and judge the answer; raises EngineError."""
    document, offset = chosen.document, chosen.offset
    found = await complete(document, offset, model, settings, Project())
    harm = harm_of(document, offset, found[0]) if found else ""
    text = found[0].text if found else ""
    return Tried(document.uri, document.language_id, offset, chosen.kind, text, harm)


def summary(tried: Sequence[Tried]) -> dict[str, Any]:
    """Return the counts of a run as plain values."""
    return {
        "places": len(tried),
        "suggestions": sum(bool(one.text) for one in tried),
        "empty": sum(not one.text for one in tried),
        "languages": dict(Counter(one.language_id for one in tried)),
        "violations": [asdict(one) for one in tried if one.harm],
    }


def _doubled(document: Document, offset: int, suggestion: Suggestion) -> str:
    """Say what of the text behind the cursor a suggestion ends with.

    The same line with another indentation may be meant.
    """
    lines = document.lines
    line = lines.line_of(offset)
    before = document.text[lines.start(line) : offset]
    rest = document.text[suggestion.span.end : lines.end(line)].rstrip()
    head, line_end, last = suggestion.text.rstrip().rpartition("\n")
    last = last if head or line_end else before + last
    if suggestion.text.rstrip(" \t").endswith(("\n", "\r")):
        is_doubled = last == before + rest
    else:
        is_doubled = last.endswith(rest.strip())
    if len(rest.strip()) >= _LEAST_DOUBLED and is_doubled:
        return "the rest of the line is doubled"
    below = next(
        (lines.text(each) for each in range(line + 1, lines.count) if lines.text(each).strip()), ""
    ).rstrip()
    if not rest and last == below and len(last.strip()) >= _LEAST_DOUBLED:
        return "the line below is doubled"
    return ""


def _cursor(document: Document, chance: random.Random) -> tuple[int, str]:
    lines = document.lines
    line = chance.randrange(lines.count)
    kind = chance.choice(("line end", "line end", "inside", "inside", "blank"))
    if kind == "blank":
        blank = [each for each in range(lines.count) if not lines.text(each).strip()]
        return (lines.end(chance.choice(blank)), kind) if blank else (lines.end(line), "line end")
    if kind == "inside":
        return chance.randint(lines.start(line), lines.end(line)), kind
    return lines.end(line), kind


def files_by_language(
    folders: Sequence[Path], most_bytes: int = _MOST_BYTES
) -> dict[str, list[Path]]:
    """Return the files of up to `most_bytes` below folders, in their order, by language id."""
    found: dict[str, list[Path]] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        language = language_for_path(str(path))
        if language is None or language.id not in _LANGUAGES:
            continue
        paths = found.setdefault(language.id, [])
        is_fit = len(paths) < _MOST_FILES_A_LANGUAGE and path.is_file()
        if is_fit and 0 < path.stat().st_size <= most_bytes:
            paths.append(path)
    return {language: paths for language, paths in found.items() if paths}


def _read(path: Path | None) -> list[Tried]:
    if path is None or not path.exists():
        return []
    return [Tried(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


async def _run(arguments: argparse.Namespace) -> list[Tried]:
    settings = launch.with_model(Settings(), str(arguments.model))
    inline = replace(settings.inline_completion, deadline_ms=_DEADLINE_MS)
    engine = replace(settings.engine, shared=False)
    settings = replace(settings, inline_completion=inline, engine=engine)
    model, client = launch.connect(launch.find_weights_here(settings), settings, Templates())
    tried = _read(arguments.into)
    try:
        await client.start()
        places = list(choose(arguments.folders, arguments.count, arguments.seed))
        for chosen in places[len(tried) :]:
            tried.append(await try_place(chosen, model, settings))
            if arguments.into:
                with arguments.into.open("a", encoding="utf-8") as lines:
                    lines.write(json.dumps(asdict(tried[-1])) + "\n")
    finally:
        await client.close()
    return tried


def main() -> int:
    """Run from the command line; returns 1 where a suggestion did harm."""
    parser = argparse.ArgumentParser(prog="python -m qwen_lsp.evaluation.places")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--model", required=True, help="a catalogue id or a .gguf file")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--into", type=Path, help="JSON lines, gone on behind if they exist")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found = summary(asyncio.run(_run(arguments)))
    if arguments.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        for one in found["violations"]:
            sys.stdout.write(f"{one['path']} at {one['offset']}: {one['harm']}\n")
        sys.stdout.write(
            f"{found['places']} places, {found['suggestions']} suggestions, "
            f"{found['empty']} empty, {len(found['violations'])} did harm\n"
        )
    return 1 if found["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
