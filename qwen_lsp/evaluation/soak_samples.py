"""What a soak run measures, and the judgement of it.

A sample is one look at the server and the processes below it. The median of the samples around the
minute at which the server counts as settled is compared with that of the last minutes. The table of
a run, finished or not: `python -m qwen_lsp.evaluation.soak_samples FILE.jsonl`.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil
from cattrs.preconf.json import make_converter

SETTLED_MINUTE = 10.0
_AROUND_MINUTES = 2.0
_LAST_MINUTES = 5.0
_MOST_GROWTH = 1.05


@dataclass(frozen=True)
class Usage:
    """What one process holds. Bytes; `private` is memory that belongs to no file."""

    pid: int
    rss: int
    private: int
    descriptors: int
    sockets: int
    threads: int


@dataclass(frozen=True)
class Sample:
    """The processes by their part, `minute` after the model was ready, and what was done so far."""

    minute: float
    processes: dict[str, Usage]
    counts: dict[str, int]


@dataclass(frozen=True)
class Row:
    """One measured value: its median when settled and at the end, and whether that may be."""

    name: str
    settled: float
    last: float
    passed: bool

    @property
    def ratio(self) -> float:
        """Return the last value for each one when settled."""
        return self.last / self.settled if self.settled else 1.0


def processes_below(pid: int) -> dict[str, psutil.Process]:
    """Return the children of a process and theirs, named server, engine, index or by number."""
    found: dict[str, psutil.Process] = {}
    for process in psutil.Process(pid).children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        part = _part(words)
        found[part if part not in found else f"{part} {process.pid}"] = process
    return found


def take_sample(pid: int, minute: float, counts: dict[str, int]) -> Sample:
    """Look at the processes below `pid`; one that ends meanwhile is left out."""
    usages: dict[str, Usage] = {}
    for part, process in processes_below(pid).items():
        try:
            usages[part] = _usage(process)
        except psutil.Error:
            continue
    return Sample(round(minute, 2), usages, counts)


def judge(samples: Sequence[Sample], settled_minute: float = SETTLED_MINUTE) -> list[Row]:
    """Compare the settled server with that of the end: 5 % more memory may be, and nothing else.

    Raises ValueError where no sample was taken around the settled minute.
    """
    around = min(_AROUND_MINUTES, settled_minute / 2)
    settled = [it for it in samples if abs(it.minute - settled_minute) <= around]
    end = max((it.minute for it in samples), default=0.0)
    last = [it for it in samples if it.minute >= max(end - _LAST_MINUTES, settled_minute)]
    if not settled or not last:
        raise ValueError("The run was too short to be judged.")

    def row(name: str, value: Callable[[Sample], float | None], growth: float) -> list[Row]:
        before = [number for it in settled if (number := value(it)) is not None]
        after = [number for it in last if (number := value(it)) is not None]
        if not before or not after:
            return []
        first, then = median(before), median(after)
        return [Row(name, first, then, then <= first * growth)]

    rows = row("processes", lambda it: len(it.processes), 1.0)
    for part in ("server", "engine", "index"):
        for field in ("rss", "private", "descriptors", "sockets", "threads"):
            growth = _MOST_GROWTH if field in ("rss", "private") else 1.0
            rows += row(f"{part}: {field}", _value_of(part, field), growth)
    return rows


def table(samples: Sequence[Sample], rows: Sequence[Row]) -> str:
    """Return the rows and the counts as Markdown; memory in MB."""
    lines = ["| what | settled | last | ratio | |", "| --- | ---: | ---: | ---: | --- |"]
    for row in rows:
        memory = row.name.endswith(("rss", "private"))
        shown = [f"{n / 1e6:.1f} MB" if memory else f"{n:g}" for n in (row.settled, row.last)]
        verdict = "" if row.passed else "grew"
        lines.append(f"| {row.name} | {shown[0]} | {shown[1]} | {row.ratio:.3f} | {verdict} |")
    done = ", ".join(f"{count} {name}" for name, count in samples[-1].counts.items())
    return "\n".join([*lines, "", f"{samples[-1].minute:.1f} minutes: {done}."]) + "\n"


def to_line(sample: Sample) -> str:
    """Return a sample as one line of JSON."""
    return json.dumps(asdict(sample)) + "\n"


def from_lines(text: str) -> list[Sample]:
    """Return the samples of a file."""
    converter = make_converter()
    return [converter.loads(line, Sample) for line in text.splitlines()]


def _part(words: Sequence[str]) -> str:
    if words[-1:] == ["serve"]:
        return "server"
    if "qwen_lsp.engine.process" in words:
        return "engine"
    return "index" if any(word.startswith("qwen_lsp.index") for word in words) else "other"


def _usage(process: psutil.Process) -> Usage:
    with process.oneshot():
        memory = process.memory_info()
        connections = process.net_connections(kind="all")
        # Only Linux tells which pages belong to files, such as the weights.
        private = memory.rss - getattr(memory, "shared", 0)
        threads = process.num_threads()
        return Usage(process.pid, memory.rss, private, process.num_fds(), len(connections), threads)


def _value_of(part: str, field: str) -> Callable[[Sample], float | None]:
    def value(sample: Sample) -> float | None:
        usage = sample.processes.get(part)
        return None if usage is None else getattr(usage, field)

    return value


def main() -> int:
    """Print the table of a file of samples."""
    samples = from_lines(Path(sys.argv[1]).read_text(encoding="utf-8"))
    rows = judge(samples)
    sys.stdout.write(table(samples, rows))
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
