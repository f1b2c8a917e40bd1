"""A reply while it arrives: what of it is the answer, and when it is over."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from qwen_lsp.engine.endpoint.servers.base import Piece
from qwen_lsp.engine.requests import Finish, Generation, TokenScore

_THOUGHT = re.compile(r"\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[^\n`]*\n")
# A reply that goes on for so long is no answer to any request of ours.
_MOST_CHARACTERS = 1 << 20


@dataclass
class Reading:
    """Collects the pieces of one reply.

    `begun` is what the text was held to begin with and is not part of it. `start` is what a server
    that only knows turns should have gone on from: it is taken off where the reply repeats it.
    """

    stops: Sequence[str] = ()
    begun: str = ""
    start: str = ""
    is_turn: bool = False
    began: float = field(default_factory=time.monotonic)
    finish: Finish | None = None
    _raw: str = ""
    _last: Piece = field(default_factory=Piece)
    _pieces: int = 0
    _scores: tuple[TokenScore, ...] = ()
    _first_ms: float = 0.0

    def take(self, piece: Piece) -> None:
        """Add what has arrived."""
        if piece.text and not self._first_ms:
            self._first_ms = self._age_ms
        self._raw += piece.text
        self._pieces += bool(piece.text)
        self._scores += piece.scores
        self._last = Piece(
            "",
            piece.ended or self._last.ended,
            _newer(piece.prompt_tokens, self._last.prompt_tokens),
            _newer(piece.reused_tokens, self._last.reused_tokens),
            _newer(piece.generated_tokens, self._last.generated_tokens),
        )
        if self._stop_at(self._answer) >= 0:
            self.finish = "stop"
        elif len(self._raw) > _MOST_CHARACTERS:
            self.finish = "length"

    @property
    def has_ended(self) -> bool:
        """Say whether the server has said that this is all."""
        return self._last.ended is not None

    @property
    def text(self) -> str:
        """Return the answer so far, without what may be the beginning of a stop."""
        answer = self._answer
        if (end := self._stop_at(answer)) >= 0:
            return answer[:end]
        if self.has_ended or self.finish is not None:
            return answer
        return answer[: len(answer) - _half_stop(answer, self.stops)]

    def generation(self) -> Generation:
        """Return what it came to."""
        last = self._last
        return Generation(
            self.text,
            self.finish or last.ended or "end",
            prompt_tokens=last.prompt_tokens or 0,
            reused_tokens=last.reused_tokens or 0,
            generated_tokens=self._pieces
            if last.generated_tokens is None
            else last.generated_tokens,
            first_token_ms=self._first_ms,
            total_ms=self._age_ms,
            scores=self._scores,
        )

    @property
    def _age_ms(self) -> float:
        return (time.monotonic() - self.began) * 1000

    @property
    def _answer(self) -> str:
        answer = self._raw
        if self.is_turn:
            answer = _THOUGHT.sub("", answer, count=1) if "<think>" in answer[:40] else answer
            return behind_start(answer, self.start) if self.start.strip() else answer
        return answer[len(self.begun) :]

    def _stop_at(self, answer: str) -> int:
        return min((at for stop in self.stops if (at := answer.find(stop)) >= 0), default=-1)


def behind_start(reply: str, start: str) -> str:
    """Return what of a whole reply stands behind the start that it should have gone on from.

    Where it does not begin in that way, it is what stands behind its first opening fence, if there
    is one in the start, and behind the code of the start that is repeated there.
    """
    for beginning in (start.lstrip(), start.strip()):
        if reply.lstrip().startswith(beginning):
            return reply.lstrip()[len(beginning) :]
    wanted, found = _FENCE.search(start), _FENCE.search(reply)
    if wanted is None or found is None:
        return reply
    code, repeated = reply[found.end() :], start[wanted.end() :]
    return code.removeprefix(repeated)


def _newer(count: int | None, before: int | None) -> int | None:
    return before if count is None else count


def _half_stop(text: str, stops: Sequence[str]) -> int:
    """Return the length of the longest beginning of a stop that `text` ends in."""
    return max(
        (
            size
            for stop in stops
            for size in range(1, min(len(stop), len(text) + 1))
            if text.endswith(stop[:size])
        ),
        default=0,
    )
