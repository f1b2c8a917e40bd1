"""Requests that a test advances by hand, one model call after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from qwen_lsp.engine.backends.base import Step
from qwen_lsp.engine.backends.llama_cpp import LlamaCppBackend
from qwen_lsp.engine.backends.llama_cpp.generation import LlamaGeneration
from qwen_lsp.engine.requests import GenerateRequest


@dataclass
class Run:
    """A request that is advanced step by step."""

    backend: LlamaCppBackend
    request: GenerateRequest

    def __post_init__(self) -> None:
        self.work: LlamaGeneration = self.backend.begin(self.request)
        self.steps: list[Step] = []

    def step(self) -> Step:
        advance(self)
        return self.steps[-1]

    def finish(self) -> "Run":
        while not self.is_done:
            self.step()
        self.backend.end(self.work)
        return self

    @property
    def is_done(self) -> bool:
        return bool(self.steps) and self.steps[-1].ended is not None

    @property
    def text(self) -> str:
        return "".join(step.text for step in self.steps)

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def written_tokens(self) -> int:
        """Return how many tokens are written, 0 while the prompt is read."""
        return self.steps[-1].generated_tokens if self.steps else 0


def advance(*runs: Run) -> None:
    """Make one model call for all of them."""
    for run, step in zip(runs, runs[0].backend.advance([run.work for run in runs]), strict=True):
        assert isinstance(step, Step), step
        run.steps.append(step)


def run(backend: LlamaCppBackend, request: GenerateRequest) -> Run:
    return Run(backend, request).finish()


def forget(backend: LlamaCppBackend) -> None:
    """Let the next requests read their whole prompts."""
    while backend._checkpoints.make_room():
        pass


def texts(runs: Sequence[Run]) -> list[str]:
    return [each.text for each in runs]
