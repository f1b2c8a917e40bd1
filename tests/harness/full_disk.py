"""A disk that is full, for this process and those that it starts meanwhile."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest


@contextmanager
def full_disk(room_bytes: int = 0) -> Generator[None]:
    """Let no file grow beyond `room_bytes`: who writes more gets an OSError, as on a full disk."""
    resource = pytest.importorskip("resource", reason="Windows has no limit for sizes of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
