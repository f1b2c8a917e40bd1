"""A bare look into a model through llama.cpp itself, so files are judged without our engine."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

llama: Any = llama_cpp


class LoadedModel:
    """A model with one context of 512 tokens and one thread; close it after use."""

    CONTEXT_TOKENS = 512

    def __init__(self, path: Path) -> None:
        llama.llama_backend_init()
        params = llama.llama_model_default_params()
        params.use_extra_bufts = False
        self.model = llama.llama_model_load_from_file(str(path).encode(), params)
        assert self.model, f"{path} cannot be loaded"
        self.vocab = llama.llama_model_get_vocab(self.model)
        options = llama.llama_context_default_params()
        options.n_ctx = options.n_batch = self.CONTEXT_TOKENS
        options.n_threads = options.n_threads_batch = 1
        self.context = llama.llama_init_from_model(self.model, options)
        assert self.context

    def close(self) -> None:
        llama.llama_free(self.context)
        llama.llama_model_free(self.model)

    def use_lora(self, path: Path, scale: float) -> None:
        adapter = llama.llama_adapter_lora_init(self.model, str(path).encode())
        assert adapter, f"{path} is no adapter for this model"
        adapters = (llama.llama_adapter_lora_p_ctypes * 1)(adapter)
        scales = (ctypes.c_float * 1)(scale)
        assert llama.llama_set_adapters_lora(self.context, adapters, 1, scales) == 0

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        data = text.encode()
        found = (llama.llama_token * (len(data) + 1))()
        count = llama.llama_tokenize(self.vocab, data, len(data), found, len(found), False, special)
        return list(found[:count])

    def text(self, tokens: Sequence[int], *, special: bool = False) -> str:
        buffer = ctypes.create_string_buffer(256)
        pieces = b""
        for token in tokens:
            size = llama.llama_token_to_piece(self.vocab, token, buffer, 256, 0, special)
            pieces += buffer.raw[:size]
        return pieces.decode()

    def logits(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        """Read tokens as a whole prompt; return what is likely to come next."""
        llama.llama_memory_clear(llama.llama_get_memory(self.context), True)
        return self._read(tokens)

    def greedy(self, prompt: Sequence[int], count: int) -> tuple[list[int], list[float]]:
        """Return the likeliest tokens, and how far each was ahead of the second."""
        tokens, leads = list[int](), list[float]()
        logits = self.logits(prompt)
        for _ in range(count):
            second, first = np.sort(logits)[-2:]
            tokens.append(int(logits.argmax()))
            leads.append(float(first - second))
            logits = self._read(tokens[-1:])
        return tokens, leads

    def _read(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        array = (llama.llama_token * len(tokens))(*tokens)
        assert llama.llama_decode(self.context, llama.llama_batch_get_one(array, len(tokens))) == 0
        size = llama.llama_vocab_n_tokens(self.vocab)
        last = llama.llama_get_logits_ith(self.context, -1)
        return np.ctypeslib.as_array(last, shape=(size,)).copy()
