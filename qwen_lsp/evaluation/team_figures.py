"""What came of the typing of a team: how long editors wait, how requests end, and how fair it is.

A fair share of a model is the time for one editor, times the editors, over what is won by serving
several requests together.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from qwen_lsp.evaluation.bench_tables import Table
from qwen_lsp.evaluation.spread import Spread, median
from qwen_lsp.evaluation.team import Asked, End, Session

_FROM_MODEL = ("answered", "late")


@dataclass(frozen=True)
class TeamFigures:
    """One run. Times are milliseconds until what the model wrote was there, cut or not.

    `ends` counts the requests by how they ended; `shown` are those with a suggestion.
    `medians_ms` has one for each editor that the model answered.
    """

    editors: int
    typing_at_once: float
    requests: int
    ends: dict[str, int]
    shown: int
    suggestion_ms: Spread
    medians_ms: tuple[float, ...]

    @property
    def jain(self) -> float:
        """Return Jain's index of the medians: 1 where all wait alike, 1/n at worst."""
        return jain(self.medians_ms)


@dataclass(frozen=True)
class Team:
    """One editor alone and all together. `throughput` has tokens a second by requests at once."""

    model: str
    before: str
    deadline_ms: int
    alone: TeamFigures
    together: TeamFigures
    throughput: dict[str, float]

    @property
    def gain(self) -> float:
        """Return the tokens a second of most requests at once over those of one."""
        speeds = list(self.throughput.values())
        return speeds[-1] / speeds[0] if speeds and speeds[0] else 1.0

    @property
    def ratio(self) -> float:
        """Return how much longer p95 is together than alone; 0 where nothing was answered."""
        alone = self.alone.suggestion_ms.p95
        return self.together.suggestion_ms.p95 / alone if alone else 0.0

    def of_fair_share(self, editors: float) -> float:
        """Return p95 together over the fair share of so many editors."""
        return self.ratio * self.gain / editors

    def data(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            **asdict(self),
            "gain": self.gain,
            "p95_ratio": self.ratio,
            "p95_of_literal_target": self.of_fair_share(1),
            "p95_of_fair_share": self.of_fair_share(self.together.editors),
            "p95_of_share_typing": self.of_fair_share(self.together.typing_at_once),
            "jain": self.together.jain,
        }


def figures(session: Session) -> TeamFigures:
    """Return what a run came to."""
    everything = [one for asked in session.asked for one in asked]
    counts = Counter(one.end for one in everything)
    waits = [_waits(asked) for asked in session.asked]
    return TeamFigures(
        editors=len(session.asked),
        typing_at_once=session.typing_at_once,
        requests=len(everything),
        ends={end: counts[end] for end in get_args(End)},
        shown=sum(one.has_text for one in everything),
        suggestion_ms=Spread.of(ms for each in waits for ms in each),
        medians_ms=tuple(median(each) for each in waits if each),
    )


def jain(values: Sequence[float]) -> float:
    """Return Jain's index of fairness, 1 for no values."""
    squares = len(values) * sum(value * value for value in values)
    return sum(values) ** 2 / squares if squares else 1.0


def table(team: Team) -> Table:
    """Return the table for a terminal or a page."""
    alone, together = team.alone, team.together
    speeds = ", ".join(f"{speed:.0f} ({count})" for count, speed in team.throughput.items())

    def row(name: str, values: Iterable[str]) -> tuple[str, ...]:
        return (name, *values)

    both = (alone, together)
    slowest, fastest = max(together.medians_ms, default=0), min(together.medians_ms, default=0)
    return Table(
        f"{together.editors} editors at {team.model}, deadline {team.deadline_ms} ms, "
        f"before: {team.before}",
        (
            row("typing at once", (f"{each.typing_at_once:.1f}" for each in both)),
            row("requests", (str(each.requests) for each in both)),
            *(row(end, (str(each.ends[end]) for each in both)) for end in get_args(End)),
            row("with a suggestion", (str(each.shown) for each in both)),
            row("p50", (f"{each.suggestion_ms.p50:.0f} ms" for each in both)),
            row("p95", (f"{each.suggestion_ms.p95:.0f} ms" for each in both)),
            ("median of an editor", "", f"{fastest:.0f} to {slowest:.0f} ms"),
            ("Jain's index", "", f"{together.jain:.3f}"),
            ("tokens/s at once", "", speeds),
            ("batching gain", "", f"{team.gain:.2f}"),
            ("p95 / p95 alone", "", f"{team.ratio:.2f}"),
            ("p95 / (p95 alone / gain)", "", f"{team.of_fair_share(1):.2f}"),
            ("p95 / fair share", "", f"{team.of_fair_share(together.editors):.2f}"),
            (
                "p95 / share of those typing",
                "",
                f"{team.of_fair_share(together.typing_at_once):.2f}",
            ),
        ),
        ("", "one editor", f"{together.editors} editors"),
    )


def _waits(asked: Sequence[Asked]) -> list[float]:
    return [one.ms for one in asked if one.end in _FROM_MODEL]
