"""Guessing the next tokens from the text itself (prompt lookup).

Code repeats: a rewrite copies most of what it rewrites, and a file its own phrases. Where the last
few tokens stood before, what followed them then is a good guess. A guess is checked in one model
call with the next token, so the text never changes, only the number of calls.
"""

from collections.abc import Sequence

# As many tokens must have stood before in the same order.
_NGRAM = 3
_FIRST_LENGTH = 4
_LONGEST = 16
# After a guess that was wrong from its first token on, so many tokens are written without one.
_PAUSE_TOKENS = 4


class PromptLookup:
    """Drafts for one text that grows. How long they are follows how good the last one was."""

    def __init__(self) -> None:
        self._ends: dict[tuple[int, ...], int] = {}
        self._seen = 0
        self._length = _FIRST_LENGTH
        self._silent_until = 0

    def draft(self, tokens: Sequence[int], most: int) -> list[int]:
        """Return at most `most` tokens that may follow `tokens`."""
        key = tuple(tokens[-_NGRAM:])
        self._index(tokens)
        if len(tokens) < self._silent_until or len(key) < _NGRAM:
            return []
        end = self._ends.get(key)
        if end is None:
            return []
        return list(tokens[end : end + min(self._length, most)])

    def learn(self, tokens: int, drafted: int, accepted: int) -> None:
        """Note how many of the last draft were right; `tokens` is the length of the text now."""
        if accepted == drafted:
            self._length = min(self._length * 2, _LONGEST)
        else:
            self._length = max(accepted, 2)
            if accepted == 0:
                self._silent_until = tokens + _PAUSE_TOKENS

    def _index(self, tokens: Sequence[int]) -> None:
        # The n-gram at the very end is left out: it would be found as its own repetition.
        for end in range(max(self._seen, _NGRAM), len(tokens)):
            self._ends[tuple(tokens[end - _NGRAM : end])] = end
        self._seen = len(tokens)
