"""What the model must begin with: a word that the user has typed half of, one of some words."""

import math
import re
from collections.abc import Mapping

_WORD = re.compile(rb"[\w\x80-\xff]*")
_WORD_AT_END = re.compile(rb"[\w\x80-\xff]*\Z")


class Beginning:
    """The bytes that a text begins with, while they are written.

    The text begins with `begun`, and the word that `begun` ends in, or that follows it directly, is
    one of `words`, whose values are weights: how likely each is before the model is asked. Where
    `begun` fits none of the words they do not count, and neither does one with other signs in it.
    The weight of the empty word, where it is there, is that of all words that are not named.
    """

    def __init__(self, begun: str, words: Mapping[str, float]) -> None:
        self._begun = begun.encode("utf-8", "replace")
        half = _WORD_AT_END.search(self._begun)
        typed = half[0] if half else b""
        encoded = {word.encode("utf-8", "replace"): weight for word, weight in words.items()}
        self._rests = {
            self._begun + word[len(typed) :]: weight
            for word, weight in encoded.items()
            if word and word.startswith(typed) and weight > 0 and _WORD.fullmatch(word)
        }
        self._other = words.get("", 0.0)
        self._written = b""

    @property
    def is_over(self) -> bool:
        """Say whether all of it is written, and the model may go on as it likes."""
        return not self._rests and len(self._written) >= len(self._begun)

    @property
    def rest(self) -> str:
        """Return what must be written next where no token of the model's own choice can be."""
        likeliest = max(self._rests, key=self._rests.__getitem__, default=self._begun)
        return likeliest[len(self._written) :].decode("utf-8", "replace")

    def log_weight(self, piece: bytes) -> float | None:
        """Return the logarithm of the share of words that `piece` leaves; None where it is wrong.

        Without words it is 0 for what goes on with the begun text, or covers it and more.
        """
        text = self._written + piece
        if not (text.startswith(self._begun) or self._begun.startswith(text)):
            return None
        if not self._rests:
            return 0.0
        left = sum(self._left(text).values()) + self._other
        share = left / (sum(self._rests.values()) + self._other)
        return math.log(share) if share > 0 else None

    def write(self, piece: bytes) -> bytes:
        """Take a piece on; return what of it is no repetition of the begun text."""
        start = len(self._begun) - len(self._written)
        self._written += piece
        if self._rests:
            left = self._left(self._written)
            is_whole = self._word_end(self._written) < len(self._written)
            self._rests = {} if is_whole else left
        return piece[max(0, start) :]

    def _left(self, text: bytes) -> dict[bytes, float]:
        """Return the words that `text` may still become, or the one that it has become."""
        end = self._word_end(text)
        if end < len(text):
            whole = text[:end]
            return {whole: self._rests[whole]} if whole in self._rests else {}
        return {rest: weight for rest, weight in self._rests.items() if rest.startswith(text)}

    def _word_end(self, text: bytes) -> int:
        """Return where the word ends that began in or behind the begun text."""
        match = _WORD.match(text, min(len(self._begun), len(text)))
        return match.end() if match else len(text)
