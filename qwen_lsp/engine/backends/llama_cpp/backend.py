"""The backend: requests begin, are advanced together by one model call, and end."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp.checkpoints import (
    Checkpoints,
    Kind,
    NoSequenceError,
    PartialRemoval,
    WholeCopies,
    as_tokens,
)
from qwen_lsp.engine.backends.llama_cpp.context import (
    MOST_OUTPUTS,
    Context,
    InterruptedDecodeError,
    MemoryFullError,
    Rows,
    recurrent_state_bytes,
)
from qwen_lsp.engine.backends.llama_cpp.generation import LlamaGeneration
from qwen_lsp.engine.backends.llama_cpp.grammar import grammar_of
from qwen_lsp.engine.backends.llama_cpp.measure import measure
from qwen_lsp.engine.backends.llama_cpp.prompt import TokenPrompt, chat_prompt, infill_prompt
from qwen_lsp.engine.backends.llama_cpp.sampling import Sampler
from qwen_lsp.engine.backends.llama_cpp.weights import Weights
from qwen_lsp.engine.chat import CHATML
from qwen_lsp.engine.pace import Pace, pace_of
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    GenerateRequest,
    ModelFacts,
    PromptTooLongError,
)
from qwen_lsp.engine.speed import Neighbours, known_speed, remember_speed

_MOST_TOGETHER = 8
# Of plain attention, a sequence costs nothing until something is read into it.
_PLAIN_SEQUENCES = 32
_FEWEST_SEQUENCES, _MOST_SEQUENCES = 4, 32
_MIB = 2**20

_log = logging.getLogger(__name__)


class LlamaCppBackend:
    """One model and one context."""

    def __init__(self, options: EngineOptions) -> None:
        self._options = options
        self._weights: Any = None
        self._context: Any = None
        self._checkpoints: Any = None
        self._template = CHATML
        self._pace = Pace()
        self._works: list[LlamaGeneration] = []

    @property
    def most_together(self) -> int:
        """How many requests one call can serve: each needs a sequence, and a copy for drafts."""
        return max(1, min(_MOST_TOGETHER, self._context.sequences // 2))

    def load(self, on_progress: Callable[[float], None]) -> ModelFacts:
        """Read the weights, make the context, and find out how fast it is; raises EngineError."""
        options = self._options
        weights = self._weights = Weights(options.model_path, options.gpu_layers, on_progress)
        adapters = weights.load_adapters(options.lora)
        state_bytes = recurrent_state_bytes(weights, options.threads)
        limit = options.checkpoint_mib * _MIB
        sequences = _PLAIN_SEQUENCES
        if state_bytes:
            # Half of the memory for sequences, which are quick; the rest for saved states.
            wanted = limit // 2 // state_bytes
            sequences = max(_FEWEST_SEQUENCES, min(_MOST_SEQUENCES, wanted))
            limit = max(0, limit - sequences * state_bytes)
        self._context = Context(
            weights,
            context_tokens=options.context_tokens,
            sequences=sequences,
            threads=options.threads,
            kv_cache=options.kv_cache,
            adapters=adapters,
        )
        strategy = PartialRemoval() if weights.can_roll_back else WholeCopies()
        self._checkpoints = Checkpoints(self._context, strategy, state_bytes, limit)
        self._template = weights.metadata("tokenizer.chat_template") or CHATML
        speed = known_speed(options)
        if speed is None:
            neighbours = Neighbours()
            speed = measure(weights, self._context)
            remember_speed(options, speed, quiet=neighbours.are_quiet())
        self._pace = pace_of(speed, options.drafts, can_roll_back=weights.can_roll_back)
        return ModelFacts(
            name=weights.metadata("general.name") or options.model_path.stem,
            architecture=weights.metadata("general.architecture") or "unknown",
            parameters=weights.parameters,
            context_tokens=self._context.tokens,
            can_infill=weights.can_infill,
            can_roll_back=weights.can_roll_back,
            speed=speed,
        )

    def close(self) -> None:
        """Free the context and the model."""
        for work in list(self._works):
            self.end(work)
        if self._context is not None:
            self._context.close()
        if self._weights is not None:
            self._weights.close()
        self._context = self._weights = None

    def count_tokens(self, text: str) -> int:
        """Return how many tokens `text` has as plain text."""
        return len(self._weights.tokenize(text))

    def interrupt(self) -> None:
        """Let a long call end early (on a CPU and on Apple's GPUs; elsewhere it goes on)."""
        self._context.interrupt()

    def figures(self) -> dict[str, Any]:
        """Return the figures of the checkpoints, and what the speed led to."""
        if self._checkpoints is None:
            return {}
        return {
            **self._checkpoints.figures(),
            "checkpoint_limit_bytes": self._options.checkpoint_mib * _MIB,
            "sequences": self._context.sequences,
            "chunk_tokens": self._pace.chunk_tokens,
            "drafts": self._pace.drafts,
        }

    def prompt_of(self, request: GenerateRequest) -> TokenPrompt:
        """Return the prompt as tokens; raises EngineError."""
        if isinstance(request.prompt, Chat):
            options = self._options.chat_options
            return chat_prompt(self._weights, self._template, request.prompt, options)
        return infill_prompt(self._weights, request.prompt)

    def begin(self, request: GenerateRequest) -> LlamaGeneration:
        """Take a request on; raises EngineError, PromptTooLongError above all."""
        prompt = self.prompt_of(request)
        limit = self._context.tokens
        begun_tokens = len(request.begun.encode("utf-8", "replace"))  # at most
        if len(prompt.tokens) + request.max_tokens + begun_tokens > limit:
            raise PromptTooLongError(
                f"The prompt has {len(prompt.tokens)} tokens and the reply may have "
                f"{request.max_tokens}, but the context holds {limit} (engine.contextTokens)."
            )
        if not self._checkpoints.keeps_places:
            prompt = replace(prompt, places={})
        elif request.begun:
            # While a word is typed the prompt stays the same, and only its last token is read.
            prompt.places.setdefault(len(prompt.tokens) - 1, Kind.LAST)
        grammar = grammar_of(request.reply_schema) or request.reply_grammar or None
        sampler = Sampler(self._weights.vocab, request.sampling, grammar)
        speculates = self._pace.drafts if request.speculate is None else request.speculate
        work = LlamaGeneration(request, prompt, sampler, speculates=speculates)
        self._works.append(work)
        return work

    def end(self, work: LlamaGeneration) -> None:
        """Stop a request; what it has read becomes a checkpoint."""
        if work in self._works:
            self._works.remove(work)
            self._pause(work)
            work.sampler.close()

    def advance(self, works: Sequence[LlamaGeneration]) -> list[Step | EngineError]:
        """Read a piece of each request, or its next token, in one call."""
        served = list(works)
        try:
            turns, outputs = self._call(served)
        except InterruptedDecodeError:
            return [work.step() for work in works]
        except EngineError as error:
            for work in served:
                self._lose(work)
            # A call that failed may have moved the recurrent states of other sequences.
            while not self._weights.can_roll_back and self._checkpoints.make_room():
                pass
            return [error if work in served else work.step() for work in works]
        steps: dict[LlamaGeneration, Step] = {}
        for turn, rows in zip(turns, outputs, strict=True):
            steps[turn.work] = self._finish(turn, rows)
        return [steps.get(work) or work.step() for work in works]

    def _call(
        self, served: list[LlamaGeneration]
    ) -> tuple[Sequence["_Turn"], Sequence[Sequence[int]]]:
        """Decode for the requests; where memory is short, the last ones are paused and left out.

        What is kept of earlier requests is only there to save time, so it goes first.
        """
        while True:
            for work in served:
                self._attach(work, served)
            turns = self._turns(served)
            if not turns:
                return [], []
            try:
                return turns, self._context.decode([turn.rows for turn in turns])
            except (MemoryFullError, InterruptedDecodeError, EngineError) as error:
                for turn in turns:
                    self._release_copy(turn)
                if isinstance(error, InterruptedDecodeError):
                    for work in served:
                        self._undo(work)
                if not isinstance(error, MemoryFullError):
                    raise
                self._make_room(served)

    def _make_room(self, served: list[LlamaGeneration]) -> None:
        """Give up some memory; raises EngineError where one request alone needs all of it."""
        if self._checkpoints.make_room() or self._pause_another(served):
            return
        if len(served) == 1:
            raise EngineError("The context is too small for this request (engine.contextTokens).")
        self._pause(served.pop())

    def _attach(self, work: LlamaGeneration, works: Sequence[LlamaGeneration]) -> None:
        """Give a request a sequence that holds as much of its tokens as there is."""
        while work.sequence is None:
            try:
                work.attach(*self._checkpoints.start(as_tokens(work.tokens)))
            except NoSequenceError:
                if not self._pause_another(works):
                    raise

    def _turns(self, works: Sequence[LlamaGeneration]) -> list["_Turn"]:
        """Return what each request reads in this call: a token and a draft, or a piece."""
        reading = [work for work in works if work.goal - work.held > 1]
        writing = len(works) - len(reading)
        share = max(1, (self._pace.chunk_tokens - writing) // max(1, len(reading)))
        rows_each = min(MOST_OUTPUTS, self._context.batch_tokens) // len(works)
        most_drafted = rows_each - 1 - (share if reading else 0)
        turns: list[_Turn] = []
        for work in works:
            end = min(work.next_place(), work.held + share)
            if end <= work.held:
                continue
            piece = work.tokens[work.held : end]
            if end < len(work.tokens):
                turns.append(_Turn(work, Rows(work.at, work.held, piece, 0)))
                continue
            draft = work.draft(most_drafted)
            copy = self._copy_for(work) if draft else None
            if copy is None and not self._weights.can_roll_back:
                draft = []
            rows = Rows(work.at, work.held, [*piece, *draft], 1 + len(draft))
            turns.append(_Turn(work, rows, draft, copy))
        return turns

    def _copy_for(self, work: LlamaGeneration) -> int | None:
        """Return a copy to go back to when a draft was wrong, None where none can be had."""
        if self._weights.can_roll_back:
            return None
        try:
            copy = self._checkpoints.spare()
        except NoSequenceError:
            return None
        self._context.copy(work.sequence, copy)
        return copy

    def _pause_another(self, works: Sequence[LlamaGeneration]) -> bool:
        """Take the sequence of the least urgent request that is not served now."""
        others = [work for work in self._works if work.sequence is not None and work not in works]
        if not others:
            return False
        self._pause(max(others, key=lambda work: work.request.priority))
        return True

    def _finish(self, turn: "_Turn", rows: Sequence[int]) -> Step:
        """Take what a call brought to one request."""
        work, read = turn.work, turn.rows
        work.held = read.position + len(read.tokens)
        if not read.outputs:
            self._keep_place(work)
            return work.step()
        before = work.accepted
        step = work.write(self._weights, turn.draft, [self._context.logits(row) for row in rows])
        wrong = len(turn.draft) - (work.accepted - before)
        if turn.copy is None and wrong:
            work.held -= wrong
            self._context.cut(work.sequence, work.held)
        elif turn.copy is not None and wrong:
            self._checkpoints.release(work.sequence)
            work.attach(turn.copy, read.position)
        elif turn.copy is not None:
            self._checkpoints.release(turn.copy)
        self._checkpoints.note(work.sequence, work.tokens[: work.held])
        return step

    def _keep_place(self, work: LlamaGeneration) -> None:
        held = work.tokens[: work.held]
        self._checkpoints.note(work.sequence, held)
        # Also between places: an interrupted call costs a hybrid model all that has no checkpoint.
        kind = work.places.get(work.held, Kind.READING)
        self._checkpoints.keep(work.sequence, held, work.request.supersedes, kind)

    def _pause(self, work: LlamaGeneration) -> None:
        if work.sequence is not None:
            held = work.tokens[: work.held]
            self._checkpoints.rest(work.sequence, held, work.request.supersedes)
        work.sequence, work.held = None, 0

    def _undo(self, work: LlamaGeneration) -> None:
        """Take back a call that was interrupted."""
        if not self._weights.can_roll_back or not self._context.cut(work.sequence, work.held):
            # The recurrent state is neither old nor new; the request goes on from a checkpoint.
            self._lose(work)

    def _lose(self, work: LlamaGeneration) -> None:
        """Give up what a request has read."""
        if work.sequence is not None:
            self._checkpoints.release(work.sequence)
        work.sequence, work.held = None, 0

    def _release_copy(self, turn: "_Turn") -> None:
        if turn.copy is not None:
            self._checkpoints.release(turn.copy)


@dataclass(frozen=True)
class _Turn:
    """What one request reads in one call; `copy` is the sequence from before the draft."""

    work: LlamaGeneration
    rows: Rows
    draft: Sequence[int] = ()
    copy: int | None = None
