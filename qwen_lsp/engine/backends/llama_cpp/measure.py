"""How fast a model is here: a few model calls, a second or two in all."""

import statistics
import time
from collections.abc import Sequence

from qwen_lsp.engine.backends.llama_cpp.context import BATCH_TOKENS, Context, Rows
from qwen_lsp.engine.backends.llama_cpp.weights import Weights
from qwen_lsp.engine.requests import Speed

_TEXT = "def total(prices):\n    return sum(price for price in prices if price)\n" * 12
_SMALL_CHUNK = 32
# A machine that reads the small chunk faster than this has time for a large one.
_QUICK_SECONDS = 0.4
_VERIFY_TOKENS = 9
_SECONDS_FOR_WRITING = 0.5


def measure(weights: Weights, context: Context) -> Speed:
    """Return the speed; the context is empty before and after. Raises EngineError."""
    tokens = weights.tokenize(_TEXT)
    clock = _Clock(context, tokens)
    clock.read(1, 1)  # the first call also reads the weights from the disk
    clock.restart()
    size = min(_SMALL_CHUNK, context.batch_tokens)
    seconds = clock.read(size, 1)
    if seconds < _QUICK_SECONDS:
        size = min(BATCH_TOKENS, context.batch_tokens)
        seconds = clock.read(size, 1)
    prompt_speed = size / seconds
    written, began = list[float](), time.perf_counter()
    while len(written) < 8 and (not written or time.perf_counter() - began < _SECONDS_FOR_WRITING):
        written.append(clock.read(1, 1))
    verified = min(clock.read(_VERIFY_TOKENS, _VERIFY_TOKENS) for _ in range(2))
    clock.restart()
    return Speed(
        prompt_speed=round(prompt_speed, 1),
        token_ms=round(statistics.median(written) * 1000, 2),
        verify_ms=round(verified * 1000, 2),
        verify_tokens=_VERIFY_TOKENS,
    )


class _Clock:
    """Reads on in sequence 0 and says how long it took."""

    def __init__(self, context: Context, tokens: Sequence[int]) -> None:
        self._context = context
        self._tokens = tokens
        self._position = 0

    def restart(self) -> None:
        self._context.clear(0)
        self._position = 0

    def read(self, count: int, outputs: int) -> float:
        """Return the seconds that reading `count` tokens took."""
        places = range(self._position, self._position + count)
        tokens = [self._tokens[place % len(self._tokens)] for place in places]
        began = time.perf_counter()
        (rows,) = self._context.decode([Rows(0, self._position, tokens, outputs)])
        _ = self._context.logits(rows[-1])[0]  # waits until a GPU is done
        self._position += count
        return time.perf_counter() - began
