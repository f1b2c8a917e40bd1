"""One request on its way: its tokens, what of them is read, and the text that comes of it."""

import codecs
from collections.abc import Sequence
from typing import Any

import numpy as np

from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp.beginning import Beginning
from qwen_lsp.engine.backends.llama_cpp.drafts import PromptLookup
from qwen_lsp.engine.backends.llama_cpp.prompt import TokenPrompt
from qwen_lsp.engine.backends.llama_cpp.sampling import Sampler, log_probability
from qwen_lsp.engine.backends.llama_cpp.weights import Weights
from qwen_lsp.engine.requests import GenerateRequest, TokenScore


class LlamaGeneration:
    """The state of one request. `sequence` is None while it is paused without one."""

    def __init__(
        self,
        request: GenerateRequest,
        prompt: TokenPrompt,
        sampler: Sampler,
        *,
        speculates: bool,
    ) -> None:
        self.request = request
        self.tokens = list(prompt.tokens)
        self.places = prompt.places
        self.sampler = sampler
        self.sequence: int | None = None
        self.held = 0
        self.drafted = self.accepted = 0
        self._prompt_tokens = len(prompt.tokens)
        self._reused: int | None = None
        self._lookup = PromptLookup() if speculates and request.max_tokens > 1 else None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held_back = ""
        self._beginning = Beginning(request.begun, request.first_words)
        # Tokens that only repeat what was begun are no part of the limit.
        self._most_tokens = request.max_tokens
        self._ended: str | None = None
        self._scores: tuple[TokenScore, ...] = ()

    @property
    def at(self) -> int:
        """Return the sequence of a request that has one."""
        if self.sequence is None:
            raise RuntimeError("a paused request was to be served")
        return self.sequence

    @property
    def only_reads(self) -> bool:
        """Say whether nothing is to be written."""
        return self.request.max_tokens == 0

    @property
    def goal(self) -> int:
        """Return how many tokens must be read next.

        Who only reads leaves the last one, whose logits are for the request that comes after.
        """
        return len(self.tokens) - 1 if self.only_reads else len(self.tokens)

    @property
    def written(self) -> int:
        """Return how many tokens were written."""
        return len(self.tokens) - self._prompt_tokens

    def attach(self, sequence: int, held: int) -> None:
        """Go on in a sequence that holds the first `held` tokens."""
        self.sequence, self.held = sequence, held
        if self._reused is None:
            self._reused = held

    def next_place(self) -> int:
        """Return where the next piece to read ends: at a place to keep, or at the goal."""
        ahead = [place for place in self.places if self.held < place < self.goal]
        return min(ahead, default=self.goal)

    def draft(self, most: int) -> list[int]:
        """Return at most `most` guessed tokens behind the last one."""
        left = self._most_tokens - self.written - 1
        if (
            self._lookup is None
            or not self._beginning.is_over
            or not self.written
            or min(left, most) < 1
        ):
            return []
        return self._lookup.draft(self.tokens, min(left, most))

    def write(self, weights: Weights, draft: Sequence[int], rows: Sequence[Any]) -> Step:
        """Choose a token from the logits of each row as long as the draft was right.

        `rows` are the logits behind the last token and behind each token of the draft.
        """
        pieces: list[str] = []
        accepted = 0
        for index, logits in enumerate(rows):
            token = self._choose(weights, logits)
            if self.request.scored:
                self._scores += (self._score(weights, logits, token),)
            pieces.append(self._take(weights, token))
            if self._ended is not None or index >= len(draft) or draft[index] != token:
                break
            accepted += 1
        if self._lookup is not None and draft:
            self._lookup.learn(len(self.tokens), len(draft), accepted)
        self.drafted += len(draft)
        self.accepted += accepted
        return self.step("".join(pieces))

    def step(self, text: str = "") -> Step:
        """Return how far this is."""
        ended = self._ended
        if self.only_reads and self.held >= self.goal:
            ended = "length"
        return Step(
            text,
            prompt_tokens=self._prompt_tokens,
            reused_tokens=self._reused or 0,
            generated_tokens=self.written + (self._ended in ("end", "stop")),
            drafted_tokens=self.drafted,
            accepted_tokens=self.accepted,
            ended=ended,
            scores=self._scores,
        )

    def _score(self, weights: Weights, logits: Any, token: int) -> TokenScore:
        values = np.ctypeslib.as_array(logits, shape=(weights.vocabulary_tokens,))
        text = "" if weights.is_end(token) else weights.piece(token).decode(errors="replace")
        return TokenScore(text, log_probability(values, token))

    def _choose(self, weights: Weights, logits: Any) -> int:
        if self._beginning.is_over:
            return self.sampler.next_token(logits)
        values = np.ctypeslib.as_array(logits, shape=(weights.vocabulary_tokens,))
        token = weights.likeliest(self._beginning.log_weight, values)
        return weights.tokenize(self._beginning.rest)[0] if token < 0 else token

    def _take(self, weights: Weights, token: int) -> str:
        """Take a token on and return the text that is certain by it."""
        is_end = weights.is_end(token)
        data = b"" if is_end else weights.piece(token)
        if not self._beginning.is_over:
            data = self._beginning.write(data)
            self._most_tokens += not data
        piece = self._decoder.decode(data, final=is_end)
        stopped, text, self._held_back = _split_at_stop(self._held_back + piece, self.request.stops)
        if is_end:
            self._ended = "end"
        elif stopped:
            self._ended = "stop"
        else:
            self.tokens.append(token)
            if self.written >= self._most_tokens:
                self._ended = "length"
        if self._ended in ("end", "length") and not stopped:
            text, self._held_back = text + self._held_back, ""
        return text


def _split_at_stop(text: str, stops: Sequence[str]) -> tuple[bool, str, str]:
    """Return whether a stop was met, the text before it, and a tail that may begin a stop."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    if places:
        return True, text[: min(places)], ""
    for length in range(min(len(text), max((len(stop) for stop in stops), default=0)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return False, text[:-length], text[-length:]
    return False, text, ""
