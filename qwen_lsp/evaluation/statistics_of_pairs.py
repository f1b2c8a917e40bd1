"""How sure is a difference? The same cases, done in two ways, compared pair by pair.

Nothing here is drawn by the clock: the seed is fixed, so the same outcomes give the same figures.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

DRAWS = 10_000
_SEED = 20_240_917
_Z = 1.959964  # of 95 %


@dataclass(frozen=True)
class Pair:
    """The score of one case, 0 to 1, in two ways. Cases of one `task` are not independent."""

    task: str
    base: float
    other: float


@dataclass(frozen=True)
class Comparison:
    """The other way against the base. Differences are points of 100, positive where it is better.

    `won` and `lost` count cases, `low` and `high` are the ends of the 95 % interval, and `p` is how
    often chance alone would part won and lost at least so far.
    """

    cases: int
    won: int
    lost: int
    points: float
    low: float
    high: float
    p: float


def compare(pairs: Sequence[Pair]) -> Comparison:
    """Compare two ways over the same cases.

    The interval is the percentile bootstrap of the mean difference: 10,000 times as many tasks as
    there are are drawn with replacement, each with all of its cases (a cluster bootstrap: two holes
    in one function are won and lost together), from a fixed seed. `p` is the exact two-sided sign
    test over the cases that differ, which for scores of 0 and 1 is McNemar's exact test; it takes
    the cases as independent, so where it disagrees with the interval, believe the wider answer.
    """
    differences = [pair.other - pair.base for pair in pairs]
    won, lost = sum(each > 0 for each in differences), sum(each < 0 for each in differences)
    if not pairs:
        return Comparison(0, 0, 0, 0.0, 0.0, 0.0, 1.0)
    low, high = _interval(pairs)
    points = 100 * sum(differences) / len(pairs)
    return Comparison(len(pairs), won, lost, points, low, high, sign_test(won, lost))


def _interval(pairs: Sequence[Pair]) -> tuple[float, float]:
    tasks: dict[str, tuple[float, int]] = {}
    for pair in pairs:
        total, count = tasks.get(pair.task, (0.0, 0))
        tasks[pair.task] = (total + pair.other - pair.base, count + 1)
    clusters = list(tasks.values())
    chance = random.Random(_SEED)  # noqa: S311 - a measurement, not a secret
    means: list[float] = []
    for _ in range(DRAWS):
        drawn = chance.choices(clusters, k=len(clusters))
        means.append(100 * sum(map(itemgetter(0), drawn)) / sum(map(itemgetter(1), drawn)))
    means.sort()
    return means[round(0.025 * (DRAWS - 1))], means[round(0.975 * (DRAWS - 1))]


def sign_test(won: int, lost: int) -> float:
    """Return the two-sided p value of the exact sign test (McNemar's exact test)."""
    count = won + lost
    tail = sum(math.comb(count, number) for number in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / 2**count)


def share_interval(good: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, as shares: Wilson's score interval.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927. It
    stays within 0 and 1 and is right for few cases, too. Cases are taken as independent.
    """
    if not count:
        return 0.0, 1.0
    share = good / count
    spread = 1 + _Z**2 / count
    middle = (share + _Z**2 / (2 * count)) / spread
    half = _Z / spread * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
