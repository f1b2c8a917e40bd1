"""How fast a server is for us, learned from what it answers: others may use it as well."""

import statistics
from collections import deque

from qwen_lsp.engine.requests import Generation, Speed

# What is shorter says more of the way to the server than of its speed.
_LEAST_READ_TOKENS = 64
_LEAST_WRITTEN_TOKENS = 4
_REMEMBERED = 9


class Speeds:
    """The medians of the last answers."""

    def __init__(self) -> None:
        self._read: deque[float] = deque(maxlen=_REMEMBERED)
        self._token_ms: deque[float] = deque(maxlen=_REMEMBERED)

    def note(self, generation: Generation) -> None:
        """Count an answer in."""
        read = generation.prompt_tokens - generation.reused_tokens
        if read >= _LEAST_READ_TOKENS and generation.first_token_ms > 0:
            self._read.append(read / generation.first_token_ms * 1000)
        writing_ms = generation.total_ms - generation.first_token_ms
        if generation.generated_tokens >= _LEAST_WRITTEN_TOKENS and writing_ms > 0:
            self._token_ms.append(writing_ms / (generation.generated_tokens - 1))

    def speed(self) -> Speed | None:
        """Return the speed, None before there was an answer to learn from."""
        if not self._read or not self._token_ms:
            return None
        token_ms = statistics.median(self._token_ms)
        # Nothing is drafted here: one token is checked in the time in which one is written.
        return Speed(statistics.median(self._read), token_ms, token_ms, 1)
