"""Choosing the next token, under a grammar where there is one.

Masking a vocabulary of 150,000 to 250,000 tokens by a grammar costs 18 to 90 ms a token. So the
token is chosen first and the grammar asked about that one alone (0.2 ms); only when it is refused
is the whole vocabulary masked and the choice made again. llama.cpp's common/sampling.cpp does the
same.
"""

import ctypes
import math
import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import llama_cpp
import numpy as np

from qwen_lsp.engine.requests import EngineError, Sampling

# The annotations of the C calls are looser than what they take and give.
llama: Any = llama_cpp
_TokenData: Any = ctypes.POINTER(llama.llama_token_data)  # pyright: ignore[reportUnknownVariableType]  # Any in, Any out

_PENALTY_WINDOW_TOKENS = 256


class Sampler:
    """The sampler chain of one generation."""

    def __init__(self, vocab: Any, sampling: Sampling, grammar: str | None) -> None:
        self._count = llama.llama_vocab_n_tokens(vocab)
        self._candidates = np.zeros(
            self._count, dtype=[("id", np.int32), ("logit", np.float32), ("p", np.float32)]
        )
        self._grammar: Any = None
        if grammar is not None:
            data = grammar.encode("utf-8", "replace")  # as the prompt's text is
            with _silence():
                self._grammar = llama.llama_sampler_init_grammar(vocab, data, b"root")
            if not self._grammar:
                raise EngineError("llama.cpp does not accept the grammar of this reply.")
        self._chain = _chain(self._count, sampling)
        # The likeliest token needs no chain, which would look at the whole vocabulary three times.
        self._takes_likeliest = sampling.temperature <= 0 and not sampling.presence_penalty

    def close(self) -> None:
        """Free the samplers."""
        llama.llama_sampler_free(self._chain)
        if self._grammar:
            llama.llama_sampler_free(self._grammar)

    def next_token(self, logits: Any) -> int:
        """Return the token chosen from the logits of one row, a C array of floats."""
        token = self._choose(logits, masked=False)
        if self._grammar:
            if not self._allows(token):
                token = self._choose(logits, masked=True)
            llama.llama_sampler_accept(self._grammar, token)
        llama.llama_sampler_accept(self._chain, token)
        return token

    def _choose(self, logits: Any, *, masked: bool) -> int:
        if self._takes_likeliest and not masked:
            return int(np.argmax(np.ctypeslib.as_array(logits, shape=(self._count,))))
        self._candidates["id"] = np.arange(self._count, dtype=np.int32)
        self._candidates["logit"] = np.ctypeslib.as_array(logits, shape=(self._count,))
        self._candidates["p"] = 0.0
        array = _token_array(self._candidates)
        if masked:
            llama.llama_sampler_apply(self._grammar, ctypes.byref(array))
        llama.llama_sampler_apply(self._chain, ctypes.byref(array))
        return int(array.data[array.selected].id)

    def _allows(self, token: int) -> bool:
        one = np.zeros(1, dtype=self._candidates.dtype)
        one["id"] = token
        one["logit"] = 1.0
        llama.llama_sampler_apply(self._grammar, ctypes.byref(_token_array(one)))
        return not math.isinf(float(one["logit"][0]))


def log_probability(logits: Any, token: int) -> float:
    """Return the natural logarithm of a token's share, from the logits of one row (numpy)."""
    highest = float(logits.max())
    total = float(np.exp(logits - highest).sum(dtype=np.float64))
    return float(logits[token]) - highest - math.log(total)


def _token_array(candidates: "np.ndarray[Any, Any]") -> Any:
    data: Any = candidates.ctypes.data_as(_TokenData)
    return llama.llama_token_data_array(data, len(candidates), -1, False)


def _chain(vocabulary_tokens: int, sampling: Sampling) -> Any:
    chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
    add = llama.llama_sampler_chain_add
    if sampling.presence_penalty:
        add(
            chain,
            llama.llama_sampler_init_penalties(
                vocabulary_tokens, _PENALTY_WINDOW_TOKENS, 1.0, 0.0, sampling.presence_penalty
            ),
        )
    if sampling.temperature <= 0:
        add(chain, llama.llama_sampler_init_greedy())
        return chain
    if sampling.top_k > 0:
        add(chain, llama.llama_sampler_init_top_k(sampling.top_k))
    if sampling.top_p < 1:
        add(chain, llama.llama_sampler_init_top_p(sampling.top_p, 1))
    if sampling.min_p > 0:
        add(chain, llama.llama_sampler_init_min_p(sampling.min_p, 1))
    add(chain, llama.llama_sampler_init_temp(sampling.temperature))
    add(chain, llama.llama_sampler_init_dist(sampling.seed))
    return chain


@contextmanager
def _silence() -> Generator[None]:
    """Print nothing: llama.cpp prints a grammar that it cannot read, and code may stand in it."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
