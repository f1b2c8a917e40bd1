"""Percentiles lie among the measured values."""

import pytest

from qwen_lsp.evaluation.spread import Spread, median


def test_nothing_measured() -> None:
    assert Spread.of([]) == Spread(0, 0.0, 0.0, 0.0, 0.0)
    assert median([]) == 0.0


def test_one_value() -> None:
    assert Spread.of([7]) == Spread(1, 7.0, 7.0, 7.0, 7.0)


def test_many_values() -> None:
    spread = Spread.of(range(101))
    assert spread == Spread(101, 50.0, 95.0, 99.0, 100.0)
    assert median(iter([3, 1, 2])) == 2


@pytest.mark.parametrize("count", [2, 3, 20])
def test_no_percentile_lies_beyond_the_longest(count: int) -> None:
    spread = Spread.of(range(count))
    assert spread.p50 <= spread.p95 <= spread.p99 <= spread.longest == count - 1
