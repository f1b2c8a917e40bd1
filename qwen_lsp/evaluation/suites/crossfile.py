"""Names of other files: how often the one that belongs at the cursor is suggested first."""

import difflib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from qwen_lsp.evaluation.asking import Asked, Asker
from qwen_lsp.evaluation.crossfile_cases import CrossFileCase
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.variants import Variant
from qwen_lsp.features.project import Project
from qwen_lsp.index.build import build
from qwen_lsp.index.database import Index, remove_database

SCORES = ("identifier", "exact", "similarity")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")


def write_workspaces(folder: Path, files: Mapping[str, Mapping[str, str]]) -> dict[str, Path]:
    """Write each repository into a folder of its own below `folder`; return the folders."""
    folders: dict[str, Path] = {}
    for repo, contents in files.items():
        folders[repo] = folder / repo
        for path, content in contents.items():
            file = folders[repo] / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8", newline="")
    return folders


def indexed(folder: Path) -> Index:
    """Return the index of a repository, built anew."""
    build(folder)
    return Index.open(folder)


def forget(indexes: Mapping[Path, Index]) -> None:
    """Remove the indexes of folders that were written for a measurement."""
    for folder, index in indexes.items():
        index.close()
        remove_database(folder)


def _project(folder: Path, index: Index) -> Project:
    """Return the project of a case: its workspace is known, and nothing was typed before."""
    project = Project()
    project.indexes.change({folder: index})
    return project


async def measure(
    asker: Asker,
    cases: Sequence[CrossFileCase],
    folders: Mapping[str, Path],
    variants: Sequence[Variant],
    results: Results,
) -> AsyncIterator[int]:
    """Measure what `results` lacks, and yield how many cases are done after each.

    The variants take turns in going first. Raises EngineError.
    """
    indexes = {folder: indexed(folder) for folder in folders.values()}
    try:
        async for number in _measure(asker, cases, folders, indexes, variants, results):
            yield number
    finally:
        forget(indexes)


async def _measure(
    asker: Asker,
    cases: Sequence[CrossFileCase],
    folders: Mapping[str, Path],
    indexes: Mapping[Path, Index],
    variants: Sequence[Variant],
    results: Results,
) -> AsyncIterator[int]:
    for number, case in enumerate(cases):
        turn = number % len(variants)
        for variant in [*variants[turn:], *variants[:turn]]:
            if results.find(case.repo, case.name, variant.name) is None:
                folder = folders[case.repo]
                project = _project(folder, indexes[folder])
                asked = await asker.ask(variant, case.document(folder), case.offset, project)
                results.add(_outcome(case, variant.name, asked))
        yield number + 1


def scores(case: CrossFileCase, completion: str) -> dict[str, float]:
    """Return how good a completion is, by its first line.

    `identifier`: its first name is the wanted one. `exact`: it is the wanted expression or all of
    the line's rest. `similarity`: difflib's ratio with the wanted expression, which is twice the
    characters that match over all characters.
    """
    line = completion.partition("\n")[0].strip()
    first = _IDENTIFIER.search(line)
    ratio = difflib.SequenceMatcher(None, line, case.target.strip(), autojunk=False).ratio()
    return {
        "identifier": float(first is not None and first[0] == case.identifier),
        "exact": float(line in (case.target.strip(), case.line_rest.strip())),
        "similarity": ratio,
    }


def _outcome(case: CrossFileCase, variant: str, asked: Asked) -> Outcome:
    cost = asked.cost
    return Outcome(
        case=case.name,
        group=case.repo,
        kind=case.via,
        task=case.name,
        variant=variant,
        scores=scores(case, asked.completion),
        before=case.text[: case.offset].rpartition("\n")[2],
        truth=case.line_rest,
        completion=asked.completion,
        ms=asked.ms,
        first_token_ms=asked.first_token_ms,
        prompt_tokens=cost.prompt_tokens,
        read_tokens=cost.prompt_tokens - cost.reused_tokens,
        written_tokens=cost.generated_tokens,
    )
