"""Figures about pairs, against values that are known."""

import random
from itertools import chain

import pytest

from qwen_lsp.evaluation.statistics_of_pairs import Pair, compare, share_interval, sign_test


def pairs(won: int, lost: int, same: int) -> list[Pair]:
    scores = chain([(0.0, 1.0)] * won, [(1.0, 0.0)] * lost, [(1.0, 1.0)] * same)
    return [Pair(str(number), *score) for number, score in enumerate(scores)]


# By the binomial distribution: twice the tail, over 2 ** cases.
@pytest.mark.parametrize(
    ("won", "lost", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (5, 0, 2 / 2**5),
        (0, 5, 2 / 2**5),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),
        (16, 6, 0.0524788),
    ],
)
def test_the_sign_test(won: int, lost: int, p: float) -> None:
    assert sign_test(won, lost) == pytest.approx(p, abs=1e-6)


# R. G. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
@pytest.mark.parametrize(
    ("good", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (0, 0, 0.0, 1.0)],
)
def test_the_interval_of_a_share(good: int, count: int, low: float, high: float) -> None:
    assert share_interval(good, count) == pytest.approx((low, high), abs=1e-4)


def test_a_comparison() -> None:
    found = compare(pairs(12, 3, 85))
    assert (found.cases, found.won, found.lost) == (100, 12, 3)
    assert found.points == pytest.approx(9.0)
    # The normal approximation: 9 +- 1.96 * sqrt(0.15 - 0.09 ** 2) * 10.
    assert (found.low, found.high) == pytest.approx((1.6, 16.4), abs=1.0)
    assert found.p == sign_test(12, 3)
    assert found == compare(pairs(12, 3, 85))


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    chance = random.Random(3)  # noqa: S311 - a test, not a secret
    held = 0
    for _ in range(20):
        drawn = [
            Pair(str(number), float(chance.random() < 0.3), float(chance.random() < 0.5))
            for number in range(80)
        ]
        found = compare(drawn)
        held += found.low <= 20 <= found.high
    assert held >= 17


def test_cases_of_one_task_are_drawn_together() -> None:
    alone = pairs(10, 0, 90)
    together = [Pair(str(number // 10), pair.base, pair.other) for number, pair in enumerate(alone)]
    one, ten = compare(alone), compare(together)
    assert one.points == ten.points
    assert ten.high - ten.low > 2 * (one.high - one.low)


def test_nothing_to_compare() -> None:
    found = compare([])
    assert (found.cases, found.points, found.p) == (0, 0.0, 1.0)
