"""What has been read and can be gone on from.

A *checkpoint* is the state of the model after some tokens. A new prompt starts from the checkpoint
that shares most with it, and only the rest is read. There are two strategies, chosen by what the
model is:

- Plain attention can forget the end of a sequence, so every place of what was read is a checkpoint;
  each place in a document needs one sequence.
- The recurrent state of a hybrid model cannot go back. A checkpoint is a copy, made on the way:
  another sequence of the context (tens of microseconds), or where those run out, the recurrent
  state saved beside (milliseconds), as long as some sequence still holds its tokens for attention.

The least recently used checkpoint leaves first.
"""

import statistics
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qwen_lsp.engine.backends.llama_cpp.context import Context

Tokens = npt.NDArray[np.int32]

# Two sequences of one document that differ only by so much at their ends serve the same prompts.
_SIMILAR_TOKENS = 128
_TIMES_KEPT = 200


class Kind(IntEnum):
    """Where a checkpoint stands. Places that the prompt builder marks are numbered from MARK on."""

    TIP = 0
    READING = 1
    LAST = 2
    PART = 10
    MARK = 100


@dataclass(eq=False)
class Checkpoint:
    """The state after `tokens`: a sequence of the context, or a saved recurrent state."""

    tokens: Tokens
    document: str
    kind: int
    used: int
    sequence: int | None = None
    state: Any = None


class Strategy(Protocol):
    """How a kind of model goes back."""

    keeps_places: bool
    """Whether places on the way must be kept while reading."""

    def usable(self, held: Tokens, wanted: Tokens) -> int:
        """Return how many tokens of a sequence that holds `held` serve a prompt `wanted`."""
        ...

    def copy(self, context: Context, source: int, target: int, length: int) -> None:
        """Let `target` be the first `length` tokens of `source`, which `usable` allowed."""
        ...


class PartialRemoval:
    """Plain attention: any part of a sequence can be copied, and its end removed."""

    keeps_places = False

    def usable(self, held: Tokens, wanted: Tokens) -> int:
        """Return how many tokens the two have in common."""
        return common_prefix(held, wanted)

    def copy(self, context: Context, source: int, target: int, length: int) -> None:
        """Copy the part."""
        context.copy(source, target, length)


class WholeCopies:
    """Hybrid and recurrent models: only a whole sequence can be gone on from."""

    keeps_places = True

    def usable(self, held: Tokens, wanted: Tokens) -> int:
        """Return the length of `held` if `wanted` begins with it."""
        return len(held) if starts_with(wanted, held) else 0

    def copy(self, context: Context, source: int, target: int, length: int) -> None:
        """Copy all of it, which is `length`."""
        del length
        context.copy(source, target)


class NoSequenceError(Exception):
    """All sequences are at work."""


class Checkpoints:
    """The checkpoints of one context, and who has which of its sequences."""

    def __init__(
        self, context: Context, strategy: Strategy, state_bytes: int, limit_bytes: int
    ) -> None:
        """`state_bytes` is the recurrent state of a sequence; saved ones get `limit_bytes`."""
        self._context = context
        self._strategy = strategy
        self._state_bytes = state_bytes
        self._most_saved = limit_bytes // state_bytes if state_bytes else 0
        self._free = list(range(context.sequences))
        self._working: dict[int, Tokens] = {}
        self._all: list[Checkpoint] = []
        self._clock = 0
        self._times_ms: deque[float] = deque(maxlen=_TIMES_KEPT)

    @property
    def keeps_places(self) -> bool:
        """Say whether places on the way must be kept while reading."""
        return self._strategy.keeps_places

    def start(self, wanted: Tokens) -> tuple[int, int]:
        """Return a sequence for a prompt, and how many of its tokens it holds already.

        The last token is never among them, since its logits are what comes next. Raises
        NoSequenceError.
        """
        began = time.perf_counter()
        best, length = self._best(wanted[:-1])
        if best is None:
            return self._take(), 0
        self._touch(best)
        source = best.sequence if best.sequence is not None else self._holder(best)
        if source is None:
            raise RuntimeError("a saved state without a holder was chosen")
        target = self._take(needed=source)
        if best.state is None:
            self._strategy.copy(self._context, source, target, length)
        else:
            self._context.copy(source, target)
            if not self._context.load_state(target, best.state, length):
                self._all.remove(best)
                self.release(target)
                return self.start(wanted)
        self._times_ms.append((time.perf_counter() - began) * 1000)
        return target, length

    def note(self, sequence: int, held: Sequence[int]) -> None:
        """Say what a sequence at work holds now, so that saved states can rely on it."""
        if self._strategy.keeps_places:
            self._working[sequence] = as_tokens(held)

    def keep(self, sequence: int, held: Sequence[int], document: str, kind: int) -> None:
        """Keep the state that a sequence at work is in, if this model needs that."""
        if not self._strategy.keeps_places or not held:
            return
        tokens = as_tokens(held)
        self._replace(tokens, document, kind)
        known = self._at(tokens)
        if known is not None:
            self._touch(known)
            return
        try:
            target = self._take()
        except NoSequenceError:
            return  # all are at work: this one is done without
        self._context.copy(sequence, target)
        self._add(Checkpoint(tokens, document, kind, 0, target))

    def rest(self, sequence: int, held: Sequence[int], document: str) -> None:
        """Take a sequence over from a request that is over or paused, as a checkpoint."""
        self._working.pop(sequence, None)
        tokens = as_tokens(held)
        known = self._at(tokens)
        if not held or (known is not None and known.sequence is not None):
            self.release(sequence)
            return
        self._replace(tokens, document, Kind.TIP)
        self._add(Checkpoint(tokens, document, Kind.TIP, 0, sequence))

    def release(self, sequence: int) -> None:
        """Take back a sequence whose content is of no use."""
        self._working.pop(sequence, None)
        self._context.clear(sequence)
        self._free.append(sequence)

    def spare(self) -> int:
        """Return an empty sequence, to be given back by `release`; raises NoSequenceError."""
        return self._take()

    def make_room(self) -> bool:
        """Drop the checkpoint that was not used for longest; False where there is none."""
        resting = [each for each in self._all if each.sequence is not None]
        if not resting:
            return False
        self._drop(min(resting, key=lambda each: each.used))
        return True

    def figures(self) -> dict[str, Any]:
        """Return how many there are, what they cost, and how long going back took."""
        return {
            "checkpoints": len(self._all),
            "saved_checkpoints": sum(each.state is not None for each in self._all),
            "checkpoint_bytes": len(self._all) * self._state_bytes,
            "restore_ms": round(statistics.median(self._times_ms), 3) if self._times_ms else 0.0,
        }

    def _best(self, wanted: Tokens) -> tuple[Checkpoint | None, int]:
        best, length = None, 0
        # A saved state is of no use once nobody holds its tokens for attention.
        self._all = [each for each in self._all if each.state is None or self._is_held(each)]
        for each in self._all:
            if each.state is None:
                usable = self._strategy.usable(each.tokens, wanted)
            else:
                usable = len(each.tokens) if starts_with(wanted, each.tokens) else 0
            # Of two that serve the same, a copy is quicker than a saved state.
            if usable > length or (usable and usable == length and each.state is None):
                best, length = each, usable
        return best, length

    def _is_held(self, saved: Checkpoint) -> bool:
        return self._holder(saved) is not None

    def _holder(self, saved: Checkpoint) -> int | None:
        """Return a sequence that begins with the tokens of a saved state."""
        for each in self._all:
            if each.sequence is not None and starts_with(each.tokens, saved.tokens):
                return each.sequence
        for sequence, tokens in self._working.items():
            if starts_with(tokens, saved.tokens):
                return sequence
        return None

    def _take(self, needed: int | None = None) -> int:
        """Return an empty sequence; where none is free, that of a checkpoint, but not `needed`."""
        if not self._free:
            resting = [each for each in self._all if each.sequence not in (None, needed)]
            if not resting:
                raise NoSequenceError
            self._drop(min(resting, key=lambda each: each.used), save=True)
        return self._free.pop()

    def _drop(self, checkpoint: Checkpoint, *, save: bool = False) -> None:
        """Give its sequence back; with `save`, its recurrent state stays if it can be of use."""
        sequence, checkpoint.sequence = checkpoint.sequence, None
        if sequence is None:
            self._all.remove(checkpoint)
            return
        if save and self._most_saved and self._holder(checkpoint) is not None:
            checkpoint.state = self._context.save_state(sequence)
            saved = [each for each in self._all if each.state is not None]
            if len(saved) > self._most_saved:
                self._all.remove(min(saved, key=lambda each: each.used))
        else:
            self._all.remove(checkpoint)
        self._context.clear(sequence)
        self._free.append(sequence)

    def _replace(self, tokens: Tokens, document: str, kind: int) -> None:
        """Drop what a new checkpoint stands in for.

        That is an earlier one of the same kind on the same way. A finished text is hardly ever
        gone on from where it ended, so the newest of a document is enough where a copy holds one
        place only; where each holds all places before it, those that share nearly all are dropped.
        """
        for each in list(self._all):
            if each.document != document or each.kind != kind:
                continue
            shared = common_prefix(each.tokens, tokens)
            if kind == Kind.TIP:
                length = len(each.tokens)
                stands_in = shared >= max(length - _SIMILAR_TOKENS, length // 2)
            else:
                stands_in = shared == len(each.tokens) < len(tokens)
            if stands_in:
                self._drop(each)

    def _at(self, tokens: Tokens) -> Checkpoint | None:
        for each in self._all:
            if len(each.tokens) == len(tokens) and starts_with(each.tokens, tokens):
                return each
        return None

    def _add(self, checkpoint: Checkpoint) -> None:
        self._touch(checkpoint)
        self._all.append(checkpoint)

    def _touch(self, checkpoint: Checkpoint) -> None:
        self._clock += 1
        checkpoint.used = self._clock


def as_tokens(tokens: Sequence[int]) -> Tokens:
    """Return tokens in the form that is compared quickly."""
    return np.asarray(tokens, dtype=np.int32)


def common_prefix(left: Tokens, right: Tokens) -> int:
    """Return how many tokens the two begin with together."""
    shorter = min(len(left), len(right))
    different = np.nonzero(left[:shorter] != right[:shorter])[0]
    return int(different[0]) if different.size else shorter


def starts_with(tokens: Tokens, start: Tokens) -> bool:
    """Say whether `tokens` begins with `start`."""
    return len(start) <= len(tokens) and bool(np.array_equal(tokens[: len(start)], start))
