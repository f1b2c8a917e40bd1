"""A disk that is full, for this process and those that it starts meanwhile."""

import resource
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def full_disk(room_bytes: int = 0) -> Generator[None]:
    """Let no file grow beyond `room_bytes`: who writes more gets an OSError, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
