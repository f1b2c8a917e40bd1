"""The figures of a suite as one HTML file that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from qwen_lsp import __version__
from qwen_lsp.evaluation.bench_tables import Table
from qwen_lsp.evaluation.outcomes import Outcome
from qwen_lsp.evaluation.plots import Bar, bars, differences, times
from qwen_lsp.evaluation.report import Report


@dataclass(frozen=True)
class DifferingCase:
    """A case that one variant got right and another one wrong, by the main score."""

    name: str
    group: str
    before: str
    truth: str
    answers: tuple[tuple[str, bool, str], ...]


def page(report: Report, found: Sequence[Table]) -> str:
    """Return the page of a report and its tables; what stands in them is escaped."""
    environment = Environment(
        loader=PackageLoader("qwen_lsp.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    colours = {name: number for number, name in enumerate(report.variants)}
    timed = _timed(report, colours)
    template = environment.get_template("report_page.html")
    return (
        template.render(
            report=report,
            tables=found,
            timed=timed,
            shares=_shares(report, colours),
            pairs=_pairs(report, colours),
            times=times(timed),
            differing=differing(report),
            version=__version__,
        )
        + "\n"
    )


def differing(report: Report) -> list[DifferingCase]:
    """Return the cases in which the variants differ, those of the first two first."""
    by_case: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in report.outcomes:
        by_case.setdefault((outcome.group, outcome.case), []).append(outcome)
    score = report.main_score
    found = [
        outcomes
        for outcomes in by_case.values()
        if len({outcome.scores[score] for outcome in outcomes}) > 1
    ]
    found.sort(key=lambda outcomes: outcomes[0].scores[score] == outcomes[1].scores[score])
    return [
        DifferingCase(
            outcomes[0].case,
            outcomes[0].group,
            outcomes[0].before,
            outcomes[0].truth,
            tuple((one.variant, one.scores[score] > 0, one.completion) for one in outcomes),
        )
        for outcomes in found
    ]


def _shares(report: Report, colours: dict[str, int]) -> str:
    groups: list[tuple[str, list[Bar]]] = []
    for group in report.groups:
        found: list[Bar] = []
        cases = 0
        for one in report.summaries:
            if one.group != group:
                continue
            share, low, high = (
                100 * each for each in (one.scores[report.main_score], one.low, one.high)
            )
            title = f"{one.variant}: {share:.1f} % ({low:.1f} to {high:.1f})"
            found.append(Bar(one.variant, share, low, high, colours[one.variant], title))
            cases = one.cases
        groups.append((f"{group}, {cases} cases", found))
    return bars(groups)


def _pairs(report: Report, colours: dict[str, int]) -> str:
    groups: dict[str, list[Bar]] = {}
    for one in report.comparisons:
        pair, name = one.comparison, f"{one.variant} against {one.base}"
        title = f"{one.group}: {pair.points:+.1f} ({pair.low:+.1f} to {pair.high:+.1f}), "
        title += f"{pair.won} won, {pair.lost} lost, p = {pair.p:.3f}"
        # The one of the two that differs from pair to pair gives the colour.
        shown = one.base if one.variant == report.variants[0] else one.variant
        bar = Bar(one.group, pair.points, pair.low, pair.high, colours[shown], title)
        groups.setdefault(name, []).append(bar)
    return differences(list(groups.items())) if groups else ""


def _timed(report: Report, colours: dict[str, int]) -> list[tuple[str, list[float], int]]:
    """Return the names, times and colours of what has times of its own."""
    found: dict[str, tuple[str, list[float], int]] = {}
    for name in report.variants:
        # The cuts of one text of the bare model took the same time.
        shown = name.partition(",")[0] if name.startswith("bare ") else name
        ms = [one.ms for one in report.outcomes if one.variant == name]
        found.setdefault(shown, (shown, ms, colours[name]))
    return list(found.values())
