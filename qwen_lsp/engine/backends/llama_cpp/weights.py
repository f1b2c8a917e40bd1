"""The model's file: weights, vocabulary, adapters."""

import ctypes
import logging
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from qwen_lsp.engine.requests import EngineError

# The annotations of the C calls are looser than what they take and give.
llama: Any = llama_cpp

# Log levels of ggml.h: a continued line (5) belongs to one that was let through or not.
_WARNING, _CONTINUED = 3, 5
# What llama.cpp warns of and this room expects: an interrupted call, and a full memory.
_EXPECTED = ("removing memory module entries", "failed to find a memory slot")

_LIKELY_TOKENS = 4000

_log = logging.getLogger(__name__)


@llama.llama_log_callback
def _write_log(level: int, text: bytes, _user_data: Any) -> None:
    if _WARNING <= level < _CONTINUED:
        line = text.decode("utf-8", "replace").strip()
        if not any(words in line for words in _EXPECTED):
            _log.warning("llama.cpp: %s", line)


class Weights:
    """A loaded model. Freed by `close`; every context on it must be freed before."""

    def __init__(self, path: Path, gpu_layers: int, on_progress: Callable[[float], None]) -> None:
        """Read the file; raises EngineError. `gpu_layers` of -1 puts all on the GPU."""
        if not path.is_file():
            raise EngineError(f"The model's file {path} is not there any more.")
        llama.llama_log_set(_write_log, ctypes.c_void_p(0))
        llama.llama_backend_init()
        params = llama.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        # Repacked weights cost memory (1.9 GiB at 4B) and are not faster for our batch sizes.
        params.use_extra_bufts = False

        @llama.llama_progress_callback
        def progress(fraction: float, _user_data: Any) -> bool:
            on_progress(fraction)
            return True

        params.progress_callback = progress
        self.model: Any = llama.llama_model_load_from_file(os.fsencode(path), params)
        if not self.model:
            raise EngineError(
                f"{path.name} cannot be loaded: it is damaged, or there is not enough memory "
                "for it."
            )
        self.vocab: Any = llama.llama_model_get_vocab(self.model)
        self.vocabulary_tokens: int = llama.llama_vocab_n_tokens(self.vocab)
        self.infill_tokens: tuple[int, int, int] = (
            llama.llama_vocab_fim_pre(self.vocab),
            llama.llama_vocab_fim_suf(self.vocab),
            llama.llama_vocab_fim_mid(self.vocab),
        )
        repository = (
            llama.llama_vocab_fim_rep(self.vocab),
            llama.llama_vocab_fim_sep(self.vocab),
        )
        self.repository_tokens: tuple[int, int] | None = (
            repository if min(repository) >= 0 else None
        )
        self.parameters: int = llama.llama_model_n_params(self.model)
        self.can_infill = min(self.infill_tokens) >= 0
        self.can_roll_back = not (
            llama.llama_model_is_hybrid(self.model) or llama.llama_model_is_recurrent(self.model)
        )
        self._adapters: list[Any] = []
        self._pieces: dict[int, bytes] = {}

    def close(self) -> None:
        """Free the adapters and the model."""
        for adapter in self._adapters:
            llama.llama_adapter_lora_free(adapter)
        self._adapters.clear()
        if self.model:
            llama.llama_model_free(self.model)
        self.model = None

    def load_adapters(self, paths: Sequence[Path]) -> Sequence[Any]:
        """Return the LoRA adapters in GGUF files made for this model; raises EngineError."""
        for path in paths:
            adapter = llama.llama_adapter_lora_init(self.model, os.fsencode(path))
            if not adapter:
                raise EngineError(
                    f"The adapter {path.name} (setting lora) cannot be used: it is missing, "
                    "damaged, or made for another model."
                )
            self._adapters.append(adapter)
        return self._adapters

    def metadata(self, key: str) -> str | None:
        """Return a value of the file's header as text."""
        size = llama.llama_model_meta_val_str(
            self.model, key.encode(), ctypes.create_string_buffer(1), 1
        )
        if size < 0:
            return None
        buffer = ctypes.create_string_buffer(size + 1)
        llama.llama_model_meta_val_str(self.model, key.encode(), buffer, size + 1)
        return buffer.value.decode("utf-8", "replace")

    def tokenize(self, text: str, *, control: bool = False) -> list[int]:
        """Return the tokens of `text`; special ones are found in it only with `control`."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 2
        tokens = (llama.llama_token * room)()
        count = llama.llama_tokenize(self.vocab, data, len(data), tokens, room, False, control)
        return list(tokens[:count])

    def start_tokens(self) -> list[int]:
        """Return what every prompt of this model begins with."""
        adds = llama.llama_vocab_get_add_bos(self.vocab)
        return [llama.llama_vocab_bos(self.vocab)] if adds else []

    def piece(self, token: int) -> bytes:
        """Return the UTF-8 bytes of a token, which may be part of a character."""
        known = self._pieces.get(token)
        if known is None:
            buffer = ctypes.create_string_buffer(256)
            count = llama.llama_token_to_piece(self.vocab, token, buffer, 256, 0, False)
            known = self._pieces[token] = buffer.raw[: max(count, 0)]
        return known

    def likeliest(
        self, log_weight: Callable[[bytes], float | None], logits: npt.NDArray[np.float32]
    ) -> int:
        """Return the token with the best sum of its logit and the log weight of its text.

        No weight is above 0, and None says that the text cannot stand there. Looked for among the
        likeliest few thousand tokens; -1 where none of them can.
        """
        count = min(_LIKELY_TOKENS, len(logits))
        likely = np.argpartition(logits, -count)[-count:]
        best, best_value = -1, -math.inf
        for token in likely[np.argsort(-logits[likely], kind="stable")]:
            if logits[token] <= best_value:
                break
            piece = self.piece(int(token))
            weight = log_weight(piece) if piece else None
            if weight is not None and logits[token] + weight > best_value:
                best, best_value = int(token), float(logits[token]) + weight
        return best

    def is_end(self, token: int) -> bool:
        """Say whether the text is over before this token."""
        return (
            llama.llama_vocab_is_eog(self.vocab, token)
            or llama.llama_vocab_is_control(self.vocab, token)
            or token in self.infill_tokens
        )
