"""The context of llama.cpp: sequences of tokens in its memory, and the decoding of more.

A *sequence* is a numbered line of tokens that the model has read. All of them lie in one memory,
and what two have in common lies there once.
"""

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp

from qwen_lsp.engine.backends.llama_cpp.weights import Weights
from qwen_lsp.engine.requests import EngineError

# The annotations of the C calls are looser than what they take and give.
llama: Any = llama_cpp

# Most tokens of one model call, and how many of them may be asked for their logits.
BATCH_TOKENS = 128
MOST_OUTPUTS = 64
# Shorter calls are over before it would be of use to end them.
_SHORT_CALL_TOKENS = 16
_TYPES = {"f16": 1, "q8_0": 8}  # enum ggml_type of ggml.h
_PARTIAL_ONLY = 1  # LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY


class InterruptedDecodeError(Exception):
    """The call was ended early. On a hybrid model its sequences are of no use any more."""


class MemoryFullError(Exception):
    """There is no room for the tokens of this call."""


@dataclass(frozen=True)
class Rows:
    """Tokens to read behind the first `position` tokens of `sequence`.

    The last `outputs` of them are asked for their logits.
    """

    sequence: int
    position: int
    tokens: Sequence[int]
    outputs: int


class Context:
    """One context with `sequences` sequences. All calls but `interrupt` come from one thread."""

    def __init__(
        self,
        weights: Weights,
        *,
        context_tokens: int,
        sequences: int,
        threads: int,
        kv_cache: str = "f16",
        adapters: Sequence[Any] = (),
    ) -> None:
        """Reserve the memory; raises EngineError."""
        params = llama.llama_context_default_params()
        params.n_ctx = min(context_tokens, llama.llama_model_n_ctx_train(weights.model))
        params.n_batch = params.n_ubatch = min(BATCH_TOKENS, params.n_ctx)
        params.n_outputs_max = params.n_outputs_max_per_seq = min(MOST_OUTPUTS, params.n_batch)
        params.n_seq_max = sequences
        # One memory for all sequences: otherwise each gets its share, and parts cannot be copied.
        params.kv_unified = True
        params.n_threads = params.n_threads_batch = threads
        params.type_k = params.type_v = _TYPES[kv_cache]
        params.no_perf = True
        self._context: Any = llama.llama_init_from_model(weights.model, params)
        if not self._context:
            raise EngineError(
                f"There is not enough memory for {params.n_ctx} tokens of context; "
                "lower engine.contextTokens or choose a smaller model."
            )
        self.tokens: int = llama.llama_n_ctx(self._context)
        self.sequences = sequences
        self.batch_tokens: int = params.n_batch
        self._memory: Any = llama.llama_get_memory(self._context)
        self._batch: Any = llama.llama_batch_init(self.batch_tokens, 0, 1)
        self._ends_early = False
        self._can_end_early = False
        # A call for several sequences of a hybrid model also moves the states of sequences that
        # lie between theirs (find_slot in llama-memory-recurrent.cpp, build_rs in llama-graph.cpp).
        # Ended before they are moved, those would hold the states of others.
        self._can_end_for_several: bool = weights.can_roll_back

        @llama.ggml_abort_callback
        def asked(_user_data: Any) -> bool:
            return self._ends_early and self._can_end_early

        # Kept here, since llama.cpp keeps only its address.
        self._asked = asked
        llama.llama_set_abort_callback(self._context, asked, ctypes.c_void_p(0))
        if adapters:
            self._use(adapters)

    def _use(self, adapters: Sequence[Any]) -> None:
        kind = llama.llama_adapter_lora_p_ctypes
        scales = (ctypes.c_float * len(adapters))(*([1.0] * len(adapters)))
        given = (kind * len(adapters))(*adapters)
        if llama.llama_set_adapters_lora(self._context, given, len(adapters), scales):
            raise EngineError("llama.cpp does not take these adapters together (setting lora).")

    def close(self) -> None:
        """Free the memory."""
        llama.llama_batch_free(self._batch)
        llama.llama_free(self._context)

    def interrupt(self) -> None:
        """Let a long call under way end early; may come from any thread."""
        self._ends_early = True

    def decode(self, parts: Sequence[Rows]) -> list[list[int]]:
        """Read the tokens of all parts in one call.

        Return for each part the rows whose logits `logits` gives. Raises InterruptedDecodeError,
        MemoryFullError (nothing was read) and EngineError.
        """
        batch, row = self._batch, 0
        outputs: list[list[int]] = []
        for part in parts:
            first_output = len(part.tokens) - part.outputs
            outputs.append([])
            for index, token in enumerate(part.tokens):
                batch.token[row] = token
                batch.pos[row] = part.position + index
                batch.n_seq_id[row] = 1
                batch.seq_id[row][0] = part.sequence
                batch.logits[row] = index >= first_output
                if index >= first_output:
                    outputs[-1].append(row)
                row += 1
        batch.n_tokens = row
        self._ends_early = False
        is_safe = len(parts) == 1 or self._can_end_for_several
        self._can_end_early = is_safe and row > _SHORT_CALL_TOKENS
        status = llama.llama_decode(self._context, batch)
        if status == 0:
            return outputs
        if status == 1:
            raise MemoryFullError
        if status == 2:
            raise InterruptedDecodeError
        raise EngineError(f"llama.cpp could not read the prompt (llama_decode: {status}).")

    def logits(self, row: int) -> Any:
        """Return the logits of a row of the last call, as a C array of floats."""
        return llama.llama_get_logits_ith(self._context, row)

    def copy(self, source: int, target: int, end: int = -1) -> None:
        """Let `target`, which is empty, begin with the first `end` tokens of `source`.

        Nothing is moved. Only plain attention can copy a part.
        """
        llama.llama_memory_seq_cp(self._memory, source, target, 0, end)

    def cut(self, sequence: int, end: int) -> bool:
        """Forget what stands behind the first `end` tokens; False where the model cannot."""
        return bool(llama.llama_memory_seq_rm(self._memory, sequence, end, -1))

    def clear(self, sequence: int) -> None:
        """Forget a sequence; what it shares with others stays theirs."""
        llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def state_bytes(self, sequence: int) -> int:
        """Return the size of what attention does not keep, the recurrent state, of a sequence."""
        return llama.llama_state_seq_get_size_ext(self._context, sequence, _PARTIAL_ONLY)

    def save_state(self, sequence: int) -> Any:
        """Return the recurrent state of a sequence, as a C buffer."""
        size = self.state_bytes(sequence)
        buffer = (ctypes.c_uint8 * size)()
        llama.llama_state_seq_get_data_ext(self._context, buffer, size, sequence, _PARTIAL_ONLY)
        return buffer

    def load_state(self, sequence: int, state: Any, end: int) -> bool:
        """Set `sequence` back to a saved state, `end` tokens long; the attention part is there.

        Without cutting what attention holds behind `end`, the model would answer nonsense.
        """
        size = len(state)
        taken = llama.llama_state_seq_set_data_ext(
            self._context, state, size, sequence, _PARTIAL_ONLY
        )
        return taken == size and self.cut(sequence, end)


def recurrent_state_bytes(weights: Weights, threads: int) -> int:
    """Return how large the recurrent state of one sequence is, 0 for plain attention.

    Tried out on a context for one token, since each architecture computes it in another way.
    """
    if weights.can_roll_back:
        return 0
    probe = Context(weights, context_tokens=256, sequences=1, threads=threads)
    try:
        probe.decode([Rows(0, 0, [*weights.start_tokens(), 0][:1], 1)])
        return math.ceil(probe.state_bytes(0))
    finally:
        probe.close()
