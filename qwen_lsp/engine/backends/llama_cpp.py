"""Qwen through llama.cpp, by llama-cpp-python's low-level calls.

This module owns the context itself, since the high-level `Llama` reads the whole prompt again on
hybrid models and builds broken infill prompts. Each priority has a sequence in one context; what a
sequence already holds is kept and only the rest of a new prompt is decoded. Misuse of the C calls
ends the process, which is why all of this runs in a process of its own.

Sources: llama.cpp's include/llama.h for every call, and the measured facts in
docs/architecture.md.
"""

import codecs
import ctypes
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import llama_cpp
import numpy as np

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.grammar import grammar_of
from qwen_lsp.engine.backends.sampling import Sampler
from qwen_lsp.engine.chat import CHATML, Part, render_chat
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    ModelFacts,
    Priority,
    PromptTooLongError,
)

# The annotations of the C calls are looser than what they take and give.
llama: Any = llama_cpp

# One decode of this many tokens takes 0.3 to 0.6 s on a two-core laptop and less elsewhere: the
# longest time until a cancel or a more urgent request is seen.
CHUNK_TOKENS = 64

# Log levels of ggml.h: a continued line (5) belongs to one that was let through or not.
_WARNING, _CONTINUED = 3, 5

_log = logging.getLogger(__name__)


@llama.llama_log_callback
def _write_log(level: int, text: bytes, _user_data: Any) -> None:
    if _WARNING <= level < _CONTINUED:
        _log.warning("llama.cpp: %s", text.decode("utf-8", "replace").strip())


class LlamaCppBackend:
    """One model, one context, one sequence for each priority."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._model: Any = None
        self._context: Any = None
        self._vocab: Any = None
        self._memory: Any = None
        self._batch: Any = None
        self._held: list[list[int]] = [[] for _ in Priority]
        self._template = CHATML

    def load(self, on_progress: Callable[[float], None]) -> ModelFacts:
        """Read the weights and make the context; raises EngineError."""
        llama.llama_log_set(_write_log, ctypes.c_void_p(0))
        llama.llama_backend_init()
        params = llama.llama_model_default_params()
        params.n_gpu_layers = self._options.gpu_layers
        # Repacked weights cost memory (1.9 GiB at 4B) and are not faster for our batch sizes.
        params.use_extra_bufts = False

        @llama.llama_progress_callback
        def progress(fraction: float, _user_data: Any) -> bool:
            on_progress(fraction)
            return True

        params.progress_callback = progress
        path = self._options.model_path
        self._model = llama.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise EngineError(
                f"{path.name} cannot be loaded: it is damaged, or there is not enough memory "
                "for it."
            )
        self._vocab = llama.llama_model_get_vocab(self._model)
        self._make_context()
        self._template = self._metadata("tokenizer.chat_template") or CHATML
        return ModelFacts(
            name=self._metadata("general.name") or path.stem,
            architecture=self._metadata("general.architecture") or "unknown",
            parameters=llama.llama_model_n_params(self._model),
            context_tokens=llama.llama_n_ctx(self._context),
            can_infill=all(token >= 0 for token in self._infill_tokens()),
            can_roll_back=not (
                llama.llama_model_is_hybrid(self._model)
                or llama.llama_model_is_recurrent(self._model)
            ),
        )

    def _make_context(self) -> None:
        params = llama.llama_context_default_params()
        trained = llama.llama_model_n_ctx_train(self._model)
        params.n_ctx = min(self._options.context_tokens, trained)
        params.n_batch = params.n_ubatch = min(CHUNK_TOKENS * 2, params.n_ctx)
        params.n_seq_max = len(Priority)
        params.kv_unified = True
        params.n_threads = params.n_threads_batch = self._options.threads
        params.no_perf = True
        self._context = llama.llama_init_from_model(self._model, params)
        if not self._context:
            raise EngineError(
                f"There is not enough memory for {params.n_ctx} tokens of context; "
                "lower engine.contextTokens or choose a smaller model."
            )
        self._memory = llama.llama_get_memory(self._context)
        self._batch = llama.llama_batch_init(CHUNK_TOKENS, 0, 1)

    def close(self) -> None:
        """Free the context and the model."""
        if self._batch is not None:
            llama.llama_batch_free(self._batch)
        if self._context:
            llama.llama_free(self._context)
        if self._model:
            llama.llama_model_free(self._model)
        self._batch = self._context = self._model = None

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has as plain text."""
        return len(self._tokenize(text, control=False))

    def generate(self, request: GenerateRequest) -> Iterator[Step]:
        """Read what is new of the prompt in chunks, then write token by token."""
        prompt = self._prompt_tokens(request)
        limit = llama.llama_n_ctx(self._context)
        if len(prompt) + request.max_tokens > limit:
            raise PromptTooLongError(
                f"The prompt has {len(prompt)} tokens and the reply may have "
                f"{request.max_tokens}, but the context holds {limit} (engine.contextTokens)."
            )
        sampler = Sampler(self._vocab, request.sampling, grammar_of(request.reply_schema))
        try:
            yield from self._write(request, sampler, prompt)
        finally:
            sampler.close()

    def _write(
        self, request: GenerateRequest, sampler: Sampler, prompt: Sequence[int]
    ) -> Iterator[Step]:
        reused = self._rewind(request.priority, prompt)
        tokens = list(prompt)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        held_back = ""
        for count in range(1, request.max_tokens + 1):
            for _ in self._read(request.priority, tokens):
                yield Step("", len(prompt), reused, count - 1)
            token = sampler.next_token(self._context)
            ended = self._is_end(token)
            fresh = held_back + decoder.decode(b"" if ended else self._piece(token), final=ended)
            stopped, text, held_back = _split_at_stop(fresh, request.stops)
            finish = "end" if ended else "stop" if stopped else None
            if finish is None and count == request.max_tokens:
                finish = "length"
            if finish in ("end", "length") and not stopped:
                text, held_back = text + held_back, ""
            yield Step(text, len(prompt), reused, count, finish)
            if finish is not None:
                return
            tokens.append(token)

    def _read(self, sequence: int, tokens: Sequence[int]) -> Iterator[None]:
        """Decode what `sequence` does not hold of `tokens`, with pauses between the chunks.

        During a pause another generation may decode, and may even clear this sequence to have its
        memory. So there is no pause before the logits of the last token are used, and after each
        one it is looked up anew what the sequence holds.
        """
        held = self._held[sequence]
        while True:
            self._decode(sequence, tokens[len(held) : len(held) + CHUNK_TOKENS])
            if len(held) >= len(tokens):
                return
            yield

    def _prompt_tokens(self, request: GenerateRequest) -> list[int]:
        prompt = request.prompt
        if isinstance(prompt, Chat):
            options = dict(self._options.chat_options)
            parts = render_chat(self._template, prompt, options)
            tokens = [token for part in parts for token in self._tokenize_part(part)]
        else:
            before, behind, middle = self._infill_tokens()
            if min(before, behind, middle) < 0:
                raise EngineError("This model was not trained to fill holes in code.")
            tokens = [before, *self._tokenize(prompt.prefix, control=False)]
            tokens += [behind, *self._tokenize(prompt.suffix, control=False)]
            tokens += [middle, *self._tokenize(prompt.middle, control=False)]
        if llama.llama_vocab_get_add_bos(self._vocab):
            tokens.insert(0, llama.llama_vocab_bos(self._vocab))
        return tokens

    def _infill_tokens(self) -> tuple[int, int, int]:
        return (
            llama.llama_vocab_fim_pre(self._vocab),
            llama.llama_vocab_fim_suf(self._vocab),
            llama.llama_vocab_fim_mid(self._vocab),
        )

    def _tokenize_part(self, part: Part) -> list[int]:
        return self._tokenize(part.text, control=part.control)

    def _tokenize(self, text: str, *, control: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 2
        tokens = (llama.llama_token * room)()
        count = llama.llama_tokenize(self._vocab, data, len(data), tokens, room, False, control)
        return list(tokens[:count])

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        count = llama.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
        return buffer.raw[: max(count, 0)]

    def _is_end(self, token: int) -> bool:
        return (
            llama.llama_vocab_is_eog(self._vocab, token)
            or llama.llama_vocab_is_control(self._vocab, token)
            or token in self._infill_tokens()
        )

    def _rewind(self, sequence: int, prompt: Sequence[int]) -> int:
        """Keep what `sequence` shares with the prompt; return how many tokens that is."""
        held = self._held[sequence]
        keep = _common_prefix(held, prompt)
        # The last token is always decoded, since its logits are what comes next.
        keep = min(keep, len(prompt) - 1)
        if keep < len(held) and not llama.llama_memory_seq_rm(self._memory, sequence, keep, -1):
            # A recurrent state cannot go back; the only earlier place that it has is the start.
            self._clear(sequence)
            keep = 0
        del held[keep:]
        return keep

    def _clear(self, sequence: int) -> None:
        llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._held[sequence].clear()

    def _decode(self, sequence: int, tokens: Sequence[int]) -> None:
        """Read `tokens` behind what `sequence` holds; the last one's logits are kept."""
        held = self._held[sequence]
        batch = self._batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = len(held) + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = index == len(tokens) - 1
        status = llama.llama_decode(self._context, batch)
        if status == 1:
            # The sequences share one memory; what the others keep is only there to save time.
            for other in Priority:
                if other != sequence:
                    self._clear(other)
            status = llama.llama_decode(self._context, batch)
        if status != 0:
            self._clear(sequence)
            raise EngineError(f"llama.cpp could not read the prompt (llama_decode: {status}).")
        held.extend(tokens)

    def _metadata(self, key: str) -> str | None:
        size = llama.llama_model_meta_val_str(
            self._model, key.encode(), ctypes.create_string_buffer(1), 1
        )
        if size < 0:
            return None
        buffer = ctypes.create_string_buffer(size + 1)
        llama.llama_model_meta_val_str(self._model, key.encode(), buffer, size + 1)
        return buffer.value.decode("utf-8", "replace")


def _common_prefix(left: Sequence[int], right: Sequence[int]) -> int:
    shorter = min(len(left), len(right))
    a = np.asarray(left[:shorter], dtype=np.int32)
    b = np.asarray(right[:shorter], dtype=np.int32)
    different = np.nonzero(a != b)[0]
    return int(different[0]) if different.size else shorter


def _split_at_stop(text: str, stops: Sequence[str]) -> tuple[bool, str, str]:
    """Return whether a stop was met, the text before it, and a tail that may begin a stop."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    if places:
        return True, text[: min(places)], ""
    for length in range(min(len(text), max((len(stop) for stop in stops), default=0)), 0, -1):
        if any(stop.startswith(text[-length:]) for stop in stops):
            return False, text[:-length], text[-length:]
    return False, text, ""
