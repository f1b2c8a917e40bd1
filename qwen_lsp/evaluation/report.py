"""The figures of a suite: what was measured, each variant alone, and pairs of them."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from qwen_lsp.evaluation.outcomes import Outcome
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.statistics_of_pairs import Comparison, Pair, compare, share_interval

ALL = "all"


@dataclass(frozen=True)
class Summary:
    """One variant over the cases of one group. Times are milliseconds, tokens are means.

    `scores` are means from 0 to 1 (of the main one from -1 where it is a difference of shares);
    `low` and `high` are the 95 % interval of the main one, and `intervals` those of all. `empty` is
    the share of the cases where nothing was suggested.
    """

    variant: str
    group: str
    cases: int
    scores: Mapping[str, float]
    low: float
    high: float
    intervals: Mapping[str, tuple[float, float]]
    empty: float
    ms: Spread
    first_token_ms: Spread
    prompt_tokens: float
    read_tokens: float
    written_tokens: float


@dataclass(frozen=True)
class Against:
    """One variant against another over the cases of one group, by the main score."""

    variant: str
    base: str
    group: str
    comparison: Comparison


@dataclass(frozen=True)
class Measured:
    """What was measured. `about` says more of it, in words and numbers.

    `scores` are the names of the scores, the main one first. `variants` are in the order in which
    they are shown, the first one is compared with the others.
    """

    suite: str
    model: str
    about: Mapping[str, Any]
    scores: Sequence[str]
    variants: Sequence[str]


@dataclass(frozen=True)
class Report(Measured):
    """Everything that is told of a run. Only cases that were measured in all variants count."""

    groups: Sequence[str]
    summaries: Sequence[Summary]
    comparisons: Sequence[Against]
    outcomes: Sequence[Outcome]

    @property
    def main_score(self) -> str:
        """Return the name of the score that variants are compared by."""
        return self.scores[0]

    @property
    def cases(self) -> int:
        """Return how many cases were measured."""
        return len(self.outcomes) // len(self.variants)

    def data(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return asdict(self) | {"cases": self.cases}


def make_report(measured: Measured, outcomes: Sequence[Outcome]) -> Report:
    """Return the figures of the outcomes in these variants. Takes seconds for hundreds of cases."""
    scores, variants = measured.scores, measured.variants
    by_case: dict[tuple[str, str], dict[str, Outcome]] = {}
    for outcome in outcomes:
        by_case.setdefault((outcome.group, outcome.case), {})[outcome.variant] = outcome
    whole = [found for found in by_case.values() if all(name in found for name in variants)]
    groups = _groups(whole, variants)
    summaries = [
        _summary(name, group, scores, [found[name] for found in cases])
        for group, cases in groups.items()
        for name in variants
    ]
    comparisons = [
        Against(name, base, group, _compare(cases, base, name, scores[0]))
        for name, base in _pairs(variants)
        for group, cases in groups.items()
    ]
    kept = [found[name] for found in whole for name in variants]
    return Report(
        **vars(measured),
        groups=list(groups),
        summaries=summaries,
        comparisons=comparisons,
        outcomes=kept,
    )


_Cases = list[dict[str, Outcome]]


def _groups(whole: _Cases, variants: Sequence[str]) -> dict[str, _Cases]:
    """Return the cases of each file, of each kind where there are kinds, and all of them."""
    groups: dict[str, _Cases] = {}
    kinds: dict[str, _Cases] = {}
    for found in whole:
        one = found[variants[0]]
        groups.setdefault(one.group, []).append(found)
        if one.kind:
            kinds.setdefault(f"via {one.kind}", []).append(found)
    parts = {**groups, **kinds}
    return {**parts, ALL: whole} if len(parts) != 1 else parts


def _pairs(variants: Sequence[str]) -> list[tuple[str, str]]:
    """Return which variant is compared with which base.

    Each of ours is compared with the first, and that one also with what the bare model does.
    """
    first, *rest = variants
    return [(first, name) if name.startswith("bare ") else (name, first) for name in rest]


def _compare(cases: _Cases, base: str, other: str, score: str) -> Comparison:
    return compare(
        [
            Pair(found[base].task, found[base].scores[score], found[other].scores[score])
            for found in cases
        ]
    )


def _summary(
    variant: str, group: str, scores: Sequence[str], outcomes: Sequence[Outcome]
) -> Summary:
    count = len(outcomes)
    intervals = {score: _interval(outcomes, score) for score in scores}
    low, high = intervals[scores[0]]
    return Summary(
        variant,
        group,
        count,
        {score: _mean([one.scores[score] for one in outcomes]) for score in scores},
        low,
        high,
        intervals,
        _mean([float(not one.completion.strip()) for one in outcomes]),
        Spread.of(one.ms for one in outcomes),
        Spread.of(one.first_token_ms for one in outcomes),
        _mean([one.prompt_tokens for one in outcomes]),
        _mean([one.read_tokens for one in outcomes]),
        _mean([one.written_tokens for one in outcomes]),
    )


def _interval(outcomes: Sequence[Outcome], score: str) -> tuple[float, float]:
    """Return the 95 % interval of a mean: of a share, or of a difference of two shares."""
    found = [(one.task, one.scores[score]) for one in outcomes]
    if all(value in (0, 1) for _, value in found) or not found:
        return share_interval(round(sum(value for _, value in found)), len(found))
    compared = compare([Pair(task, 0.0, value) for task, value in found])
    return compared.low / 100, compared.high / 100


def _mean(numbers: Sequence[float]) -> float:
    return statistics.fmean(numbers) if numbers else 0.0
