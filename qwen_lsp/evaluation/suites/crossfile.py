"""Names of other files: how often the one that belongs at the cursor is suggested first."""

import difflib
import re
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Workspace:
    """A repository on disk and the index of its symbols."""

    folder: Path
    index: Index

    def project(self) -> Project:
        """Return the project of a case: this workspace is known, and nothing was typed before."""
        project = Project()
        project.indexes.change({self.folder: self.index})
        return project


@contextmanager
def workspaces(files: Mapping[str, Mapping[str, str]]) -> Generator[dict[str, Workspace]]:
    """Write each repository into a temporary folder and index it; nothing of it is left behind."""
    with ExitStack() as at_the_end:
        made = tempfile.TemporaryDirectory(prefix="ql-eval-", ignore_cleanup_errors=True)
        folder = Path(at_the_end.enter_context(made)).resolve()
        found: dict[str, Workspace] = {}
        for repo, contents in files.items():
            _write(folder / repo, contents)
            at_the_end.callback(remove_database, folder / repo)
            build(folder / repo)
            found[repo] = Workspace(folder / repo, Index.open(folder / repo))
            at_the_end.callback(found[repo].index.close)
        yield found


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    for path, content in contents.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8", newline="")


async def measure(
    asker: Asker,
    cases: Sequence[CrossFileCase],
    folders: Mapping[str, Workspace],
    variants: Sequence[Variant],
    results: Results,
) -> AsyncGenerator[int]:
    """Measure what `results` lacks, and yield how many cases are done after each.

    `folders` has the workspace of each repository. The variants take turns in going first. Raises
    EngineError.
    """
    for number, case in enumerate(cases):
        turn = number % len(variants)
        workspace = folders[case.repo]
        for variant in [*variants[turn:], *variants[:turn]]:
            if results.find(case.repo, case.name, variant.name) is None:
                document = case.document(workspace.folder)
                asked = await asker.ask(variant, document, case.offset, workspace.project())
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
