"""Errors in logs: of which kind and where, never in their own words, which may quote code.

Only at the level DEBUG, which nobody has by default, the words are there as well.
"""

import asyncio
import logging
import sys
import threading
from traceback import format_tb
from types import TracebackType
from typing import Any

_log = logging.getLogger(__name__)


def log_failure(what: str, error: BaseException) -> None:
    """Log an error that nobody expected: its kind, and our lines that it came through."""
    place = "".join(format_tb(error.__traceback__))
    _log.error("%s failed with %s at\n%s", what, type(error).__name__, place)
    _log.debug("%s failed with: %s", what, error)


def log_uncaught() -> None:
    """Log what ends a thread or this process as `log_failure` does, not in Python's own way."""

    def in_main(
        kind: type[BaseException], error: BaseException, place: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            log_failure("the process", error)
        else:
            sys.__excepthook__(kind, error, place)

    def in_thread(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_value is not None:
            log_failure("a thread", ended.exc_value)

    sys.excepthook = in_main
    threading.excepthook = in_thread


def log_uncaught_of(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody has caught in a loop in the same way; asyncio would quote what was said."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            log_failure("a task", error)
        else:
            _log.error("asyncio: %s", context["message"])

    loop.set_exception_handler(handle)
