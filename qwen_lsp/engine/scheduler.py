"""One inference loop: the most urgent job gets the next model call.

A job is one request on its way. Between two model calls the loop looks for cancels, deadlines and
more urgent work; a less urgent job waits in its own sequence and goes on afterwards.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

from qwen_lsp.engine.backends.base import Backend, Step
from qwen_lsp.engine.requests import EngineError, Finish, GenerateRequest, Generation

_log = logging.getLogger(__name__)


@dataclass
class Job:
    """A request, whom to tell, and how far it is. `owner` groups the jobs of one client."""

    request: GenerateRequest
    owner: object
    on_text: Callable[[str], None]
    on_done: Callable[[Generation], None]
    on_failed: Callable[[EngineError], None]
    client_number: int = 0
    number: int = 0
    arrived: float = field(default_factory=time.monotonic)
    ending: Finish | None = None
    text: str = ""
    last: Step = field(default_factory=Step)
    first_token_ms: float = 0.0
    steps: Iterator[Step] | None = None

    @property
    def age_ms(self) -> float:
        """Return the milliseconds since the request arrived."""
        return (time.monotonic() - self.arrived) * 1000

    @property
    def is_late(self) -> bool:
        """Say whether the deadline has passed."""
        deadline_ms = self.request.deadline_ms
        return deadline_ms is not None and self.age_ms >= deadline_ms


class Scheduler:
    """Owns the jobs. `run` is the loop; everything else may be called from any thread."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._jobs: list[Job] = []
        self._wake = threading.Condition()
        self._stopped = False
        self._numbers = 0
        self.served = 0
        self.prompt_tokens = 0
        self.reused_tokens = 0
        self.generated_tokens = 0

    def submit(self, job: Job) -> None:
        """Add a job; an older one with the same `supersedes` key gives way."""
        with self._wake:
            key = (job.owner, job.request.priority, job.request.supersedes)
            if job.request.supersedes:
                for other in self._jobs:
                    if (other.owner, other.request.priority, other.request.supersedes) == key:
                        other.ending = other.ending or "superseded"
            self._numbers += 1
            job.number = self._numbers
            self._jobs.append(job)
            self._wake.notify()

    def end(self, owner: object, chosen: Callable[[Job], bool], ending: Finish) -> None:
        """Let the chosen jobs of `owner` end after the model call under way."""
        with self._wake:
            for job in self._jobs:
                if job.owner is owner and chosen(job):
                    job.ending = job.ending or ending
            self._wake.notify()

    def stop(self) -> None:
        """Let `run` return after the model call under way."""
        with self._wake:
            self._stopped = True
            self._wake.notify()

    @property
    def waiting(self) -> int:
        """Return the number of jobs that are not finished."""
        return len(self._jobs)

    def run(self) -> None:
        """Work until stopped."""
        while True:
            with self._wake:
                while not self._jobs and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                for job in self._jobs:
                    if job.is_late:
                        job.ending = job.ending or "deadline"
                job = min(self._jobs, key=self._urgency)
            self._advance(job)

    @staticmethod
    def _urgency(job: Job) -> tuple[bool, int, int]:
        # What is about to end needs no model call and frees its sequence: it goes first.
        return job.ending is None, job.request.priority, job.number

    def _advance(self, job: Job) -> None:
        if job.ending is not None:
            self._finish(job, job.ending)
            return
        try:
            if job.steps is None:
                job.steps = self._backend.generate(job.request)
            step = next(job.steps)
        except EngineError as error:
            self._forget(job)
            job.on_failed(error)
            return
        except Exception:  # noqa: BLE001 - logged, and told to who asked
            # One request that goes wrong must not end the engine of all windows.
            _log.exception("a generation failed")
            self._forget(job)
            job.on_failed(EngineError("The engine could not do this; its log says why."))
            return
        if step.generated_tokens and not job.first_token_ms:
            job.first_token_ms = job.age_ms
        job.last = step
        if step.text:
            job.text += step.text
            job.on_text(step.text)
        if step.ended is not None:
            self._finish(job, cast("Finish", step.ended))

    def _finish(self, job: Job, finish: Finish) -> None:
        self._forget(job)
        last = job.last
        self.served += 1
        self.prompt_tokens += last.prompt_tokens
        self.reused_tokens += last.reused_tokens
        self.generated_tokens += last.generated_tokens
        job.on_done(
            Generation(
                text=job.text,
                finish=finish,
                prompt_tokens=last.prompt_tokens,
                reused_tokens=last.reused_tokens,
                generated_tokens=last.generated_tokens,
                first_token_ms=job.first_token_ms,
                total_ms=job.age_ms,
            )
        )

    def _forget(self, job: Job) -> None:
        steps = job.steps
        if steps is not None:
            close = getattr(steps, "close", None)
            if close is not None:
                close()
        with self._wake:
            self._jobs.remove(job)
