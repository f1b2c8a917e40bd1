"""What came of a case in one way of asking, and the file that keeps it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows


@dataclass(frozen=True)
class Outcome:
    """One case in one variant. Times are milliseconds; `read_tokens` of the prompt were read.

    `scores` go from 0 to 1, the main one first. `group` is the file or the repository, `kind` what
    the cases are told apart by besides, `task` what several cases may be about. `before` is the
    cursor's line as far as it was there, `truth` what should stand behind it.
    """

    case: str
    group: str
    kind: str
    task: str
    variant: str
    scores: Mapping[str, float]
    before: str
    truth: str
    completion: str
    ms: float
    first_token_ms: float
    prompt_tokens: int
    read_tokens: int
    written_tokens: int


class Results:
    """The outcomes of a run, in a file where one is given: each is written as soon as it is there.

    The first line of the file says what is `measured`; a run that measures something else may not
    go on with it.
    """

    def __init__(self, path: Path | None, measured: Mapping[str, Any]) -> None:
        """Read what is there; raises BadDataError."""
        self._path = path
        self.outcomes: list[Outcome] = []
        if path is None:
            return
        if not path.parent.is_dir():
            raise BadDataError(f"There is no folder {path.parent}.")
        rows = list(read_rows(path)) if path.exists() else []
        if not rows:
            path.write_text(json.dumps({"measured": dict(measured)}) + "\n", encoding="utf-8")
            return
        if "measured" not in rows[0].fields:
            raise BadDataError(f"{path} does not hold the results of a measurement.")
        differing = _differing(cast("dict[str, Any]", rows[0].fields["measured"]), measured)
        if differing:
            raise BadDataError(f"{path} holds results of another measurement: {differing}.")
        self.outcomes = [_outcome(row) for row in rows[1:]]

    def add(self, outcome: Outcome) -> None:
        """Keep an outcome, in the file too."""
        self.outcomes.append(outcome)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")

    def find(self, group: str, case: str, variant: str) -> Outcome | None:
        """Return the outcome of a case in a variant, None where there is none yet."""
        wanted = (group, case, variant)
        return next(
            (each for each in self.outcomes if (each.group, each.case, each.variant) == wanted),
            None,
        )


def _outcome(row: Row) -> Outcome:
    try:
        return Outcome(**row.fields)
    except TypeError as error:
        raise row.error("it is not the outcome of a case") from error


def _differing(kept: Mapping[str, Any], measured: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {kept.get(name)} and not {value}"
        for name, value in measured.items()
        if kept.get(name) != value
    )
