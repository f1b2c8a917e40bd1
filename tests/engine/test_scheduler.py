"""Who goes first, and how a job ends: the scheduler over a scripted backend."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from qwen_lsp.engine.requests import (
    EngineError,
    GenerateRequest,
    Generation,
    Infill,
    Priority,
    PromptTooLongError,
)
from qwen_lsp.engine.scheduler import Job, Scheduler
from tests.harness.scripted_backend import ScriptedBackend

WAIT_SECONDS = 10


def request(
    name: str,
    priority: Priority = Priority.ACTION,
    *,
    supersedes: str = "",
    deadline_ms: int | None = None,
    max_tokens: int = 50,
) -> GenerateRequest:
    return GenerateRequest(
        Infill(name, ""),
        max_tokens,
        priority,
        supersedes=supersedes,
        deadline_ms=deadline_ms,
    )


@dataclass
class Told:
    """What the owner of a job was told."""

    pieces: list[str] = field(default_factory=list)
    generation: Generation | None = None
    error: EngineError | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> Generation:
        assert self.finished.wait(WAIT_SECONDS)
        assert self.generation is not None, self.error
        return self.generation

    def done(self, generation: Generation) -> None:
        self.generation = generation
        self.finished.set()

    def failed(self, error: EngineError) -> None:
        self.error = error
        self.finished.set()


@dataclass
class Loop:
    """A scheduler whose loop runs in a thread once it is started."""

    backend: ScriptedBackend
    scheduler: Scheduler
    thread: threading.Thread

    def submit(self, wanted: GenerateRequest, owner: object = "window") -> Told:
        told = Told()
        self.scheduler.submit(
            Job(
                wanted,
                owner,
                told.pieces.append,
                told.done,
                told.failed,
                # The tests choose the jobs that they end by their number.
                client_number=len(wanted.prompt.prefix) if isinstance(wanted.prompt, Infill) else 0,
            )
        )
        return told

    def start(self) -> None:
        self.thread.start()

    def wait_for_call(self, name: str) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while name not in self.backend.calls:
            assert time.monotonic() < end
            time.sleep(0.001)


@pytest.fixture
def loop() -> Iterator[Loop]:
    backend = ScriptedBackend()
    scheduler = Scheduler(backend)
    thread = threading.Thread(target=scheduler.run)
    yield Loop(backend, scheduler, thread)
    scheduler.stop()
    if thread.ident is not None:
        thread.join(WAIT_SECONDS)
    assert not thread.is_alive()


def test_a_job_is_told_its_pieces_and_its_whole(loop: Loop) -> None:
    loop.backend.replies = {"one two three": ["a", " b", ""]}
    told = loop.submit(request("one two three"))
    loop.start()
    generation = told.wait()
    assert told.pieces == ["a", " b"]
    assert (generation.text, generation.finish) == ("a b", "end")
    assert (generation.prompt_tokens, generation.reused_tokens) == (3, 2)
    assert generation.generated_tokens == 3
    assert 0 < generation.first_token_ms <= generation.total_ms


def test_the_most_urgent_job_goes_first_and_equal_ones_in_their_order(loop: Loop) -> None:
    names = {
        "review": Priority.REVIEW,
        "action": Priority.ACTION,
        "second action": Priority.ACTION,
        "typing": Priority.TYPING,
    }
    loop.backend.replies = {name: ["x"] for name in names}
    told = [loop.submit(request(name, priority)) for name, priority in names.items()]
    loop.start()
    for each in told:
        each.wait()
    assert loop.backend.calls == ["typing", "action", "second action", "review"]


def test_typing_goes_between_two_steps_of_a_review_that_still_finishes(loop: Loop) -> None:
    gate = threading.Event()
    loop.backend.replies = {"review": ["a", gate, "b", "c"], "typing": ["1", "2"]}
    review = loop.submit(request("review", Priority.REVIEW))
    loop.start()
    loop.wait_for_call("review")
    typing = loop.submit(request("typing", Priority.TYPING))
    gate.set()
    assert typing.wait().text == "12"
    assert review.wait().text == "abc"
    between = loop.backend.calls.index("typing")
    assert loop.backend.calls[between : between + 2] == ["typing", "typing"]
    assert loop.backend.calls[between + 2 :].count("review") >= 2


def test_a_newer_request_takes_the_place_of_an_older_one_with_its_key(loop: Loop) -> None:
    gate = threading.Event()
    loop.backend.replies = {"old": ["a", gate, "b"], "new": ["n"], "other": ["o"]}
    old = loop.submit(request("old", Priority.TYPING, supersedes="file"))
    other = loop.submit(request("other", Priority.TYPING, supersedes="other file"))
    loop.start()
    loop.wait_for_call("old")
    new = loop.submit(request("new", Priority.TYPING, supersedes="file"))
    gate.set()
    assert old.wait().finish == "superseded"
    assert "b" not in old.wait().text
    assert (new.wait().text, other.wait().text) == ("n", "o")
    assert sorted(loop.backend.closed) == ["new", "old", "other"]


@pytest.mark.parametrize("difference", ["key", "priority", "owner", "no key"])
def test_requests_of_another_key_priority_or_window_do_not_supersede(
    loop: Loop, difference: str
) -> None:
    loop.backend.replies = {"old": ["a"], "new": ["b"]}
    key = "" if difference == "no key" else "file"
    old = loop.submit(request("old", Priority.TYPING, supersedes=key))
    priority = Priority.ACTION if difference == "priority" else Priority.TYPING
    new_key = "other" if difference == "key" else key
    owner = "other window" if difference == "owner" else "window"
    new = loop.submit(request("new", priority, supersedes=new_key), owner)
    loop.start()
    assert (old.wait().finish, new.wait().finish) == ("end", "end")


@pytest.mark.parametrize("ending", ["cancelled", "enough"])
def test_an_ended_job_answers_with_what_there_is(loop: Loop, ending: str) -> None:
    gate = threading.Event()
    loop.backend.replies = {"old": ["a", gate, "b"], "other name": ["c"]}
    told = loop.submit(request("old"))
    other = loop.submit(request("other name"))
    loop.start()
    loop.wait_for_call("old")
    finish = "enough" if ending == "enough" else "cancelled"
    loop.scheduler.end("window", lambda job: job.client_number == len("old"), finish)
    gate.set()
    generation = told.wait()
    assert generation.finish == ending
    assert "a".startswith(generation.text)
    assert other.wait().text == "c"
    assert loop.backend.closed[0] == "old"


def test_only_the_jobs_of_the_given_owner_are_ended(loop: Loop) -> None:
    loop.backend.replies = {"mine": ["a"], "yours": ["b"]}
    mine = loop.submit(request("mine"), "me")
    yours = loop.submit(request("yours"), "you")
    loop.scheduler.end("me", lambda _job: True, "cancelled")
    loop.start()
    assert (mine.wait().finish, yours.wait().finish) == ("cancelled", "end")
    assert loop.backend.calls == ["yours"]


def test_at_the_deadline_what_was_written_is_the_result(loop: Loop) -> None:
    pieces: list[str] = ["x"] * 10_000
    loop.backend.replies = {"slow": [*pieces]}
    slowly = threading.Event()
    told = Told()

    def on_text(text: str) -> None:
        told.pieces.append(text)
        slowly.wait(0.02)

    wanted = request("slow", deadline_ms=200)
    loop.scheduler.submit(Job(wanted, "window", on_text, told.done, told.failed))
    loop.start()
    generation = told.wait()
    assert generation.finish == "deadline"
    assert generation.text == "".join(told.pieces)
    assert 0 < len(generation.text) < 10_000


def test_a_deadline_that_passed_in_the_queue_costs_no_model_call(loop: Loop) -> None:
    loop.backend.replies = {"late": ["x"]}
    told = loop.submit(request("late", deadline_ms=0))
    loop.start()
    assert (told.wait().finish, told.wait().text) == ("deadline", "")
    assert loop.backend.calls == []


def test_an_error_is_told_to_its_job_and_the_others_go_on(loop: Loop) -> None:
    loop.backend.replies = {"bad": ["a", EngineError("It broke.")], "good": ["b"]}
    bad = loop.submit(request("bad"))
    good = loop.submit(request("good"))
    long = loop.submit(request("word " * 99))
    loop.start()
    assert good.wait().text == "b"
    for told in (bad, long):
        assert told.finished.wait(WAIT_SECONDS)
    assert str(bad.error) == "It broke."
    assert isinstance(long.error, PromptTooLongError)
    assert loop.backend.closed == ["bad", "good"]
    assert loop.scheduler.waiting == 0


def test_a_deadline_is_noticed_while_more_urgent_work_goes_on(loop: Loop) -> None:
    go_on = threading.Event()
    loop.backend.replies = {"urgent": ["a ", go_on, "b"], "late": ["never"]}
    late = loop.submit(request("late", Priority.REVIEW, deadline_ms=1))
    urgent = loop.submit(request("urgent", Priority.TYPING))
    time.sleep(0.01)
    loop.start()
    assert late.wait().finish == "deadline"
    go_on.set()
    assert urgent.wait().text == "a b"


def test_a_fault_of_the_backend_costs_one_request(loop: Loop) -> None:
    loop.backend.replies = {"faulty": [ZeroDivisionError()], "good": ["fine"]}
    faulty = loop.submit(request("faulty"))
    good = loop.submit(request("good"))
    loop.start()
    assert good.wait().text == "fine"
    assert "could not do this" in str(faulty.error)


def test_the_counts_are_of_all_finished_jobs(loop: Loop) -> None:
    loop.backend.replies = {"one two": ["a", "b"], "one": ["c"]}
    told = [loop.submit(request("one two")), loop.submit(request("one"))]
    assert loop.scheduler.waiting == 2
    loop.start()
    for each in told:
        each.wait()
    counts = loop.scheduler.counts
    assert (counts.served, loop.scheduler.waiting) == (2, 0)
    assert (counts.prompt_tokens, counts.reused_tokens) == (3, 1)
    assert counts.generated_tokens == 3


def test_stop_ends_the_loop_between_two_model_calls(loop: Loop) -> None:
    gate = threading.Event()
    loop.backend.replies = {"endless": ["a", gate, *(["b"] * 100_000)]}
    loop.submit(request("endless"))
    loop.start()
    loop.wait_for_call("endless")
    loop.scheduler.stop()
    gate.set()
    loop.thread.join(WAIT_SECONDS)
    assert not loop.thread.is_alive()
    assert len(loop.backend.calls) <= 2


def test_jobs_of_one_priority_share_the_model_calls(loop: Loop) -> None:
    loop.backend.most_together = 2
    names = ["a", "bb", "ccc"]
    loop.backend.replies["review"] = ["r"]
    for name in names:
        loop.backend.replies[name] = ["x", "y"]
    told = [loop.submit(request(name)) for name in names]
    review = loop.submit(request("review", Priority.REVIEW))
    loop.start()
    assert [each.wait().text for each in told] == ["xy", "xy", "xy"]
    assert review.wait().text == "r"
    assert loop.backend.calls == ["a", "bb", "a", "bb", "ccc", "ccc", "review"]
    assert loop.backend.together == [2, 2, 1, 1, 1]


def test_windows_take_turns(loop: Loop) -> None:
    for name in ("m0", "m1", "m2", "n0", "n1", "n2"):
        loop.backend.replies[name] = ["x"]
    mine = [loop.submit(request(f"m{n}"), "me") for n in range(3)]
    yours = [loop.submit(request(f"n{n}"), "you") for n in range(3)]
    loop.start()
    for each in mine + yours:
        each.wait()
    assert loop.backend.calls == ["m0", "n0", "m1", "n1", "m2", "n2"]


def test_reading_ahead_gives_way_to_the_request_that_it_was_for(loop: Loop) -> None:
    gate = threading.Event()
    loop.backend.replies = {"ahead": [gate, ""], "typing": ["t"], "other": ["o"]}
    ahead = loop.submit(request("ahead", Priority.AHEAD, supersedes="file", max_tokens=0))
    other = loop.submit(request("other", Priority.AHEAD, supersedes="other file"))
    loop.start()
    loop.wait_for_call("ahead")
    typing = loop.submit(request("typing", Priority.TYPING, supersedes="file"))
    gate.set()
    assert ahead.wait().finish == "superseded"
    assert (typing.wait().text, other.wait().text) == ("t", "o")
    # What it was reading is read for the new request as well.
    assert loop.backend.interrupted == 0


def test_a_call_for_less_urgent_work_is_interrupted(loop: Loop) -> None:
    gate = threading.Event()
    loop.backend.replies = {"review": [gate, "r"], "typing": ["t"], "second review": ["s"]}
    loop.submit(request("review", Priority.REVIEW))
    loop.start()
    loop.wait_for_call("review")
    loop.submit(request("second review", Priority.REVIEW))
    assert loop.backend.interrupted == 0
    typing = loop.submit(request("typing", Priority.TYPING, supersedes="file"))
    assert loop.backend.interrupted == 1
    gate.set()
    assert typing.wait().text == "t"


@pytest.mark.parametrize(("priority", "interrupted"), [(Priority.REVIEW, 1), (Priority.TYPING, 0)])
def test_a_cancelled_call_is_interrupted_unless_it_serves_the_next_key(
    loop: Loop, priority: Priority, interrupted: int
) -> None:
    gate = threading.Event()
    loop.backend.replies = {"old": [gate, "x"]}
    old = loop.submit(request("old", priority))
    loop.start()
    loop.wait_for_call("old")
    loop.scheduler.end("window", lambda _job: True, "cancelled")
    gate.set()
    assert old.wait().finish == "cancelled"
    assert loop.backend.interrupted == interrupted


def test_a_call_that_is_made_again_is_not_interrupted_again(loop: Loop) -> None:
    gates = [threading.Event() for _ in range(3)]
    loop.backend.replies = {
        "review": [*gates, "r"],
        "first typing": ["t"],
        "second typing": ["u"],
        "third typing": ["v"],
    }
    review = loop.submit(request("review", Priority.REVIEW))
    loop.start()
    interrupted: list[int] = []
    for number, (gate, name) in enumerate(
        zip(gates, ["first typing", "second typing", "third typing"], strict=True), 1
    ):
        end = time.monotonic() + WAIT_SECONDS
        while loop.backend.calls.count("review") < number:
            assert time.monotonic() < end
            time.sleep(0.001)
        typing = loop.submit(request(name, Priority.TYPING))
        interrupted.append(loop.backend.interrupted)
        gate.set()
        typing.wait()
    assert review.wait().text == "r"
    assert interrupted == [1, 1, 2]
