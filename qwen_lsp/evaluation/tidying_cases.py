"""Golden cases of tidying: what should be left of a raw completion.

Read from JSON lines with the fields `task_id`, `category`, `tier` (`core` must pass, `policy` is
taste, `stretch` a bonus), `language`, `prefix`, `suffix`, `raw_completion` and `expected_document`,
the whole text after the suggestion was taken. A suggestion may replace the rest of the line. Each
case is asked for by a key, so only a place where nothing can be right is refused.

Many cases are in languages that this program has no grammar of and never suggests in; their texts
are tidied all the same, as text of a language with the same kind of blocks.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qwen_lsp.evaluation.json_lines import BadDataError, read_rows
from qwen_lsp.features.gate import reason_to_stay_silent
from qwen_lsp.features.tidying import replaced_span, tidy
from qwen_lsp.features.tidying.block import has_block_ended
from qwen_lsp.features.tidying.place import Place, place_at
from qwen_lsp.languages import LANGUAGES, Language, language_for_id
from qwen_lsp.settings import InlineCompletionSettings
from qwen_lsp.text import Document, TextEdit, apply_edits

# So many code points are read at a time, like tokens of a model.
_PIECE = 4
_INDENTED = frozenset({"fsharp", "haskell", "markdown", "plaintext", "yaml"})
_ENDED = frozenset({"julia"})
# In the order of TidyCase's own fields.
_FIELDS = (
    "task_id",
    "category",
    "tier",
    "language",
    "prefix",
    "suffix",
    "raw_completion",
    "expected_document",
)


@dataclass(frozen=True)
class TidyCase:
    """One raw completion between `prefix` and `suffix`, and the document it should lead to."""

    name: str
    category: str
    tier: str
    language_id: str
    prefix: str
    suffix: str
    raw: str
    expected: str


@dataclass(frozen=True)
class TidyResult:
    """What became of a case. `ours` and `expected` are whole documents."""

    name: str
    category: str
    tier: str
    passed: bool
    raw: str
    ours: str
    expected: str


@dataclass(frozen=True)
class TidyReport:
    """All results, in the order of the cases."""

    results: tuple[TidyResult, ...]

    @property
    def failed(self) -> tuple[TidyResult, ...]:
        """Return the cases whose document is another one than expected."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def is_good(self) -> bool:
        """Say whether no case of the tier `core` failed."""
        return all(result.tier != "core" for result in self.failed)

    def counts(self, field: str) -> dict[str, tuple[int, int]]:
        """Return passed and all cases by `tier` or `category`."""
        total = Counter[str](getattr(result, field) for result in self.results)
        failed = Counter[str](getattr(result, field) for result in self.failed)
        return {name: (total[name] - failed[name], total[name]) for name in sorted(total)}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "cases": len(self.results),
            "passed": len(self.results) - len(self.failed),
            **{
                f"by_{field}": {
                    name: {"passed": passed, "cases": cases}
                    for name, (passed, cases) in self.counts(field).items()
                }
                for field in ("tier", "category")
            },
            "failed": [asdict(result) for result in self.failed],
        }

    def lines(self) -> list[str]:
        """Return a summary for a terminal: the tiers, then the failed cases."""
        tiers = [
            f"{tier}: {passed} of {cases} passed"
            for tier, (passed, cases) in self.counts("tier").items()
        ]
        return [*tiers, *(f"failed ({one.tier}): {one.name}" for one in self.failed)]


def run(paths: Iterable[Path]) -> TidyReport:
    """Tidy all cases of the files.

    Raises BadDataError where a file does not hold such cases.
    """
    return TidyReport(tuple(_result(case) for path in paths for case in read_tidy_cases(path)))


def read_tidy_cases(path: Path) -> list[TidyCase]:
    """Return the cases of a file; raises BadDataError."""
    cases = [TidyCase(*map(row.text, _FIELDS)) for row in read_rows(path)]
    if not cases:
        raise BadDataError(f"There is no case in {path}.")
    return cases


def suggested(case: TidyCase) -> str:
    """Return the document after our suggestion, unchanged where we have none."""
    language = language_for_id(case.language_id)
    text = case.prefix + case.suffix
    document = Document(f"file:///{case.name}", case.name, case.language_id, 1, text)
    offset = len(case.prefix)
    place = place_at(
        document,
        language or _nearest(case.language_id),
        offset,
        multiline=True,
        explicit=True,
        has_grammar=language is not None,
    )
    settings = InlineCompletionSettings()
    if reason_to_stay_silent(document, place.tree, offset, settings, explicit=True):
        return text
    tidied = tidy(_generated(case.raw, place), place)
    return apply_edits(text, [TextEdit(replaced_span(tidied, place), tidied)])


def _result(case: TidyCase) -> TidyResult:
    ours = suggested(case)
    passed = ours == case.expected
    return TidyResult(case.name, case.category, case.tier, passed, case.raw, ours, case.expected)


def _generated(raw: str, place: Place) -> str:
    """Return what a model would have written of `raw` before it is stopped."""
    for end in range(_PIECE, len(raw), _PIECE):
        if has_block_ended(raw[:end], place):
            return raw[:end]
    return raw


def _nearest(language_id: str) -> Language:
    """Return a language whose blocks look like those of one that we have no grammar of."""
    if language_id in _INDENTED:
        known = "python"
    elif language_id in _ENDED:
        known = "ruby"
    else:
        known = "javascript"
    return next(language for language in LANGUAGES if language.id == known)
