"""The figures of a suite in words: the same tables for a terminal and for a page."""

from qwen_lsp.evaluation.bench_tables import Table
from qwen_lsp.evaluation.report import Against, Report, Summary


def tables(report: Report) -> list[Table]:
    """Return what was measured, each group of cases, and the comparisons."""
    found = [_about(report)]
    found += [_group(report, group) for group in report.groups]
    bases = dict.fromkeys((each.variant, each.base) for each in report.comparisons)
    found += [_against(report, variant, base) for variant, base in bases]
    return found


def _about(report: Report) -> Table:
    rows = [("model", report.model), ("cases", str(report.cases))]
    rows += [(name.replace("_", " "), str(value)) for name, value in report.about.items()]
    return Table(f"Suite {report.suite}", tuple(rows))


def _group(report: Report, group: str) -> Table:
    found = [summary for summary in report.summaries if summary.group == group]
    cases = found[0].cases if found else 0
    main, *others = report.scores
    columns = ("", f"{main} %", "95 % interval", *(f"{name} %" for name in others), "empty %")
    columns += ("ms p50", "ms p95", "first token", "prompt", "read", "written")
    return Table(f"{group}, {cases} cases", tuple(map(_row, found)), columns)


def _row(summary: Summary) -> tuple[str, ...]:
    main, *others = summary.scores
    return (
        summary.variant,
        percent(summary.scores[main]),
        _interval(summary, main),
        *(f"{percent(summary.scores[name])} ({_interval(summary, name)})" for name in others),
        percent(summary.empty),
        f"{summary.ms.p50:.0f}",
        f"{summary.ms.p95:.0f}",
        f"{summary.first_token_ms.p50:.0f}",
        f"{summary.prompt_tokens:.0f}",
        f"{summary.read_tokens:.0f}",
        f"{summary.written_tokens:.0f}",
    )


def _interval(summary: Summary, score: str) -> str:
    return " to ".join(map(percent, summary.intervals[score]))


def _against(report: Report, variant: str, base: str) -> Table:
    found = [one for one in report.comparisons if (one.variant, one.base) == (variant, base)]
    columns = ("", "cases", "won", "lost", "points", "95 % interval", "p")
    title = f"{variant} against {base}, {report.main_score}"
    return Table(title, tuple(map(_against_row, found)), columns)


def _against_row(against: Against) -> tuple[str, ...]:
    one = against.comparison
    return (
        against.group,
        str(one.cases),
        str(one.won),
        str(one.lost),
        f"{one.points:+.1f}",
        f"{one.low:+.1f} to {one.high:+.1f}",
        f"{one.p:.3f}" if one.p >= 0.001 else "< 0.001",
    )


def percent(share: float) -> str:
    """Return a share as points of 100 with one place."""
    return f"{100 * share:.1f}"
