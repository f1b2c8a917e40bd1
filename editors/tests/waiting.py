"""Waiting for a condition, and nothing else: tests of editors know no time that is long enough."""

import time
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")
_POLL_S = 0.05


def wait_until(condition: Callable[[], _T], what: str, limit_s: float = 90) -> _T:
    """Return the first truthy value of `condition`; an AssertionError names `what` did not come."""
    give_up_at = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > give_up_at:
            raise AssertionError(f"after {limit_s:.0f} s it still is not so that {what}")
        time.sleep(_POLL_S)
