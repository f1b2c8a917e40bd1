"""One inference loop: the most urgent jobs share the next model call.

A job is one request on its way. Between two model calls the loop looks for cancels, deadlines and
more urgent work. Jobs of the same priority are served together, the windows in turn; less urgent
ones are paused and go on afterwards. A long call for less urgent work is interrupted.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from qwen_lsp.engine.backends.base import Backend, Step
from qwen_lsp.engine.requests import EngineError, Finish, GenerateRequest, Generation, Priority
from qwen_lsp.failures import log_failure


@dataclass(eq=False)
class Job:
    """A request, whom to tell, and how far it is. `owner` groups the jobs of one client."""

    request: GenerateRequest
    owner: object
    on_text: Callable[[str], None]
    on_done: Callable[[Generation], None]
    on_failed: Callable[[EngineError], None]
    client_number: int = 0
    arrived: float = field(default_factory=time.monotonic)
    ending: Finish | None = None
    text: str = ""
    last: Step = field(default_factory=Step)
    first_token_ms: float = 0.0
    work: Any = None
    was_interrupted: bool = False

    @property
    def age_ms(self) -> float:
        """Return the milliseconds since the request arrived."""
        return (time.monotonic() - self.arrived) * 1000

    @property
    def is_late(self) -> bool:
        """Say whether the deadline has passed."""
        deadline_ms = self.request.deadline_ms
        return deadline_ms is not None and self.age_ms >= deadline_ms

    def gives_way_to(self, newer: "Job") -> bool:
        """Say whether a newer job of the same window makes this one needless."""
        mine, other = self.request, newer.request
        same_place = self.owner is newer.owner and mine.supersedes == other.supersedes
        kinds = (other.priority, Priority.AHEAD)
        return bool(mine.supersedes) and same_place and mine.priority in kinds


@dataclass
class Counts:
    """What the finished jobs came to, in jobs and tokens."""

    served: int = 0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0

    def add(self, step: Step) -> None:
        """Count a finished job by its last step."""
        self.served += 1
        self.prompt_tokens += step.prompt_tokens
        self.reused_tokens += step.reused_tokens
        self.generated_tokens += step.generated_tokens
        self.drafted_tokens += step.drafted_tokens
        self.accepted_tokens += step.accepted_tokens


class Scheduler:
    """Owns the jobs. `run` is the loop; everything else may be called from any thread."""

    def __init__(self, backend: Backend[Any]) -> None:
        self._backend = backend
        self._jobs: list[Job] = []
        self._served_now: Sequence[Job] = ()
        self._interrupted: Sequence[Job] = ()
        self._wake = threading.Condition()
        self._stopped = False
        # When a job of a window was begun last, by the window's id; only of those that wait.
        self._begun: dict[int, int] = {}
        self._begins = 0
        self.counts = Counts()

    def submit(self, job: Job) -> None:
        """Add a job; older ones that it makes needless give way."""
        with self._wake:
            for other in self._jobs:
                if other.gives_way_to(job):
                    other.ending = other.ending or "superseded"
            self._jobs.append(job)
            # What a job that gives way is reading is read for the new one as well.
            if self._served_now and all(
                other.request.priority > job.request.priority and not other.gives_way_to(job)
                for other in self._served_now
            ):
                self._interrupt_once()
            self._wake.notify()

    def _interrupt_once(self) -> None:
        """Interrupt the call under way, unless the last call for the same job was interrupted.

        What an interrupted call has read is lost: a review would never get on while a user types.
        """
        if not any(job.was_interrupted for job in self._served_now):
            self._interrupted = self._served_now
            self._backend.interrupt()

    def end(self, owner: object, chosen: Callable[[Job], bool], ending: Finish) -> None:
        """Let the chosen jobs of `owner` end, at the latest after the model call under way.

        What was read for a suggestion serves the next key, so such a call is not interrupted.
        """
        with self._wake:
            for job in self._jobs:
                if job.owner is owner and chosen(job):
                    job.ending = job.ending or ending
            if self._served_now and all(
                job.ending is not None and job.request.priority != Priority.TYPING
                for job in self._served_now
            ):
                self._backend.interrupt()
            self._wake.notify()

    def stop(self) -> None:
        """Let `run` return, at the latest after the model call under way."""
        with self._wake:
            self._stopped = True
            if self._served_now:
                self._backend.interrupt()
            self._wake.notify()

    @property
    def waiting(self) -> int:
        """Return the number of jobs that are not finished."""
        return len(self._jobs)

    @property
    def running(self) -> int:
        """Return the number of jobs that the model call under way serves."""
        return len(self._served_now)

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
                ended = [job for job in self._jobs if job.ending is not None]
                chosen = self._choose()
                self._served_now = () if ended else chosen
            for job in ended:
                self._finish(job, cast("Finish", job.ending))
            if not ended:
                self._advance(chosen)
                self._note_interrupted(chosen)

    def _note_interrupted(self, served: Sequence[Job]) -> None:
        with self._wake:
            for job in served:
                job.was_interrupted = job in self._interrupted
            self._served_now = self._interrupted = ()

    def _choose(self) -> list[Job]:
        """Return the jobs for the next call: of the highest priority, the windows in turn."""
        urgent = min((job.request.priority for job in self._jobs), default=Priority.TYPING)
        mine: Counter[int] = Counter()
        queue: list[tuple[int, bool, int, int]] = []
        jobs = [job for job in self._jobs if job.request.priority == urgent]
        for index, job in enumerate(jobs):
            window = id(job.owner)
            # Of each window one job, then of each a second; who waited longest goes first.
            queue.append((mine[window], job.work is None, self._begun.get(window, 0), index))
            mine[window] += 1
        chosen = sorted(queue)[: self._backend.most_together]
        return [jobs[index] for *_, index in chosen]

    def _advance(self, jobs: Sequence[Job]) -> None:
        begun = [job for job in jobs if self._begin(job)]
        if not begun:
            return
        try:
            results = self._backend.advance([job.work for job in begun])
        except Exception as error:  # noqa: BLE001 - logged, and told to who asked
            # A request that goes wrong must not end the engine of all windows.
            log_failure("a model call", error)
            reason = EngineError("The engine could not do this; its log says why.")
            results = [reason for _ in begun]
        for job, result in zip(begun, results, strict=True):
            if isinstance(result, EngineError):
                self._fail(job, result)
            else:
                self._note(job, result)

    def _begin(self, job: Job) -> bool:
        """Give a job to the backend; False where that is refused."""
        if job.work is not None:
            return True
        self._begins += 1
        self._begun[id(job.owner)] = self._begins
        try:
            job.work = self._backend.begin(job.request)
        except EngineError as error:
            self._fail(job, error)
        except Exception as error:  # noqa: BLE001 - logged, and told to who asked
            log_failure("the beginning of a request", error)
            self._fail(job, EngineError("The engine could not do this; its log says why."))
        return job.work is not None

    def _note(self, job: Job, step: Step) -> None:
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
        self.counts.add(last)
        job.on_done(
            Generation(
                text=job.text,
                finish=finish,
                prompt_tokens=last.prompt_tokens,
                reused_tokens=last.reused_tokens,
                generated_tokens=last.generated_tokens,
                drafted_tokens=last.drafted_tokens,
                accepted_tokens=last.accepted_tokens,
                first_token_ms=job.first_token_ms,
                total_ms=job.age_ms,
                scores=last.scores,
            )
        )

    def _fail(self, job: Job, error: EngineError) -> None:
        self._forget(job)
        job.on_failed(error)

    def _forget(self, job: Job) -> None:
        if job.work is not None:
            self._backend.end(job.work)
        with self._wake:
            self._jobs.remove(job)
            if all(other.owner is not job.owner for other in self._jobs):
                self._begun.pop(id(job.owner), None)
