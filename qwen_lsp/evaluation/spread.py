"""How measured values spread: the middle one, the slow ones, the slowest."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """What is told of a list of values; all zero where there was none.

    A percentile lies between two neighbouring values, and never beyond the longest (with a hundred
    values or fewer, p99 is next to the longest).
    """

    count: int = 0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    longest: float = 0.0

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Return the spread of `values`."""
        found = [float(value) for value in values]
        if not found:
            return cls()
        if len(found) == 1:
            return cls(1, *found * 4)
        cuts = statistics.quantiles(found, n=100, method="inclusive")
        return cls(len(found), cuts[49], cuts[94], cuts[98], max(found))


def median(values: Iterable[float]) -> float:
    """Return the middle value, 0 where there is none."""
    found = list(values)
    return statistics.median(found) if found else 0.0
