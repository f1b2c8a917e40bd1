"""What was measured of the layouts: kept in a file of JSON lines, printed as tables."""

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from qwen_lsp.evaluation.typing_cost import TypingCost

BASELINE = "PSM"


@dataclass(frozen=True)
class Outcome:
    """One case in one layout. `read_tokens` of its prompt had to be read."""

    case: str
    group: str
    layout: str
    passed: bool
    is_exact: bool
    completion: str
    prompt_tokens: int
    read_tokens: int
    generated_tokens: int


class Results:
    """The results in one file. A result is appended as soon as there is one."""

    def __init__(self, path: Path) -> None:
        """Read what is there; raises OSError and ValueError."""
        self._path = path
        self.outcomes: list[Outcome] = []
        self.costs: list[TypingCost] = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if "keystrokes" in row:
                    self.costs.append(TypingCost(**row))
                else:
                    self.outcomes.append(Outcome(**row))

    def add(self, results: Sequence[Outcome | TypingCost]) -> None:
        """Keep results, in the file too."""
        self.outcomes += [each for each in results if isinstance(each, Outcome)]
        self.costs += [each for each in results if isinstance(each, TypingCost)]
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(asdict(each)) + "\n" for each in results))

    def has(self, case: str, layout: str) -> bool:
        """Say whether a case has been measured in a layout."""
        return any(each.case == case and each.layout == layout for each in self.outcomes)

    def has_typed(self, layout: str, place: int) -> bool:
        """Say whether a trace has been typed in a layout."""
        return any(each.layout == layout and each.place == place for each in self.costs)


def quality_table(outcomes: Iterable[Outcome]) -> str:
    """Return a Markdown table: passed, exact, and wins and losses against the baseline.

    Only cases that were measured in all layouts count, so that each row is about the same ones.
    """
    by_layout: dict[str, dict[str, Outcome]] = {}
    for each in outcomes:
        by_layout.setdefault(each.layout, {})[each.case] = each
    if not by_layout:
        return ""
    cases = set[str].intersection(*(set(each) for each in by_layout.values()))
    groups = sorted({each.group for found in by_layout.values() for each in found.values()})
    base = by_layout.get(BASELINE, {})
    head = ["layout", "passed", "exact", f"won : lost against {BASELINE}", *groups]
    rows: list[list[str]] = []
    for layout, found in by_layout.items():
        kept = [found[case] for case in cases]
        row = [layout, _share(kept, lambda one: one.passed), _share(kept, lambda one: one.is_exact)]
        pairs = [(base[case].passed, found[case].passed) for case in cases if case in base]
        row.append(f"{pairs.count((False, True))} : {pairs.count((True, False))}")
        row += [
            _share([one for one in kept if one.group == group], lambda one: one.passed)
            for group in groups
        ]
        rows.append(row)
    return f"{len(cases)} cases\n\n{_table(head, rows)}"


def cost_table(costs: Iterable[TypingCost]) -> str:
    """Return a Markdown table: the tokens read at a keystroke, a new line, and a move."""
    by_layout: dict[str, list[TypingCost]] = {}
    for each in costs:
        by_layout.setdefault(each.layout, []).append(each)
    rows: list[list[str]] = []
    for layout, found in by_layout.items():
        keys = [number for one in found for number in one.keystrokes]
        lines = [number for one in found for number in one.new_lines]
        moves = [number for one in found for number in one.moves]
        rows.append([layout, *_spread(keys), *_spread(lines), *_spread(moves)])
    kinds = ("key in the line", "new line", "moved cursor")
    head = ["layout", *(f"{kind}: {name}" for kind in kinds for name in ("p50", "p95", "mean"))]
    return _table(head, rows) if rows else ""


def _share(outcomes: Sequence[Outcome], is_good: Callable[[Outcome], bool]) -> str:
    good = sum(map(is_good, outcomes))
    return f"{good} ({good / len(outcomes):.0%})" if outcomes else ""


def _spread(numbers: Sequence[int]) -> list[str]:
    if not numbers:
        return ["", "", ""]
    ordered = sorted(numbers)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return [f"{statistics.median(ordered):.0f}", f"{p95}", f"{statistics.mean(ordered):.1f}"]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
