"""Infill cases: a program with a hole, the text that was there, and the tests it passed.

Read from JSON lines with the fields `task_id`, `language`, `prefix`, `middle`, `suffix`, and either
`test` and `entry_point` (human-eval-infilling) or `io_tests`, a list of `input` and accepted
`output` (SAFIM). Cases with the same `group` are about the same task.

A benchmark cuts its holes where lines begin and end; a person's cursor stands on a line that the
editor has indented already. So the hole is narrowed before it is used: the line end and the
indentation around it go to the program. A person's cursor often stands behind the first words of
its line, too: with `begun`, in every other case the first third of the hole's first line is typed
already. `raw` leaves the hole as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows
from qwen_lsp.features.tidying import tidy
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.languages import language_for_id
from qwen_lsp.text import Document

HoleKind = Literal["cursor", "begun", "raw"]

_BEGUN_SHARE = 3
# The programs of other languages cannot be run here.
_RUNS = "python"

_Case = TypeVar("_Case")


class Hole(NamedTuple):
    """A program in three pieces; `middle` is taken out."""

    prefix: str
    middle: str
    suffix: str


@dataclass(frozen=True)
class InputOutput:
    """What a program reads on its standard input, and any of the texts it may print for it."""

    given: str
    accepted: tuple[str, ...]


@dataclass(frozen=True)
class InfillCase:
    """One hole. `middle` is what stood between `prefix` and `suffix`, `group` the name of its file.

    `check` is code that tests the whole program when it is run behind it; `examples` are inputs
    and outputs of the whole program. Where both are empty, only the same text is right. `task`
    names what several cases may be about, and `given` is the hole as the data has it.
    """

    name: str
    group: str
    language_id: str
    prefix: str
    middle: str
    suffix: str
    check: str = ""
    examples: tuple[InputOutput, ...] = ()
    task: str = ""
    given: Hole | None = None

    @property
    def document(self) -> Document:
        """Return the file as it stands while the hole is empty."""
        text = self.prefix + self.suffix
        return Document(f"file:///{self.name}", self.name, self.language_id, 1, text)

    @property
    def offset(self) -> int:
        """Return where the hole is, in code points."""
        return len(self.prefix)

    @property
    def is_one_line(self) -> bool:
        """Say whether the hole was filled with a single line."""
        return "\n" not in self.middle

    @property
    def hole(self) -> Hole:
        """Return the hole as the data has it."""
        return self.given or Hole(self.prefix, self.middle, self.suffix)

    @property
    def program(self) -> str:
        """Return the whole program as it was."""
        return self.filled(self.middle)

    def filled(self, completion: str) -> str:
        """Return the program with `completion` in the hole."""
        return self.prefix + completion + self.suffix


def read_cases(paths: Sequence[Path], kind: HoleKind = "cursor") -> list[list[InfillCase]]:
    """Return the cases of each file; raises BadDataError."""
    stems = [path.stem for path in paths]
    if len(set(stems)) < len(stems):
        raise BadDataError("Two files of data have the same name, so their figures would be mixed.")
    files = [[_case(row, path.stem, kind) for row in read_rows(path)] for path in paths]
    for path, cases in zip(paths, files, strict=True):
        if not cases:
            raise BadDataError(f"There is no case in {path}.")
        names = {case.name for case in cases}
        if len(names) < len(cases):
            raise BadDataError(f"{path} has two cases of the same task_id.")
    return files


def every(cases: Sequence[_Case], step: int) -> list[_Case]:
    """Return each `step`-th case, the first one first."""
    return list(cases[::step])


def spread(cases: Sequence[_Case], count: int) -> list[_Case]:
    """Return `count` cases, all where there are fewer, evenly over the list."""
    wanted = min(len(cases), count)
    return [cases[index * len(cases) // wanted] for index in range(wanted)]


def can_be_shown(case: InfillCase) -> bool:
    """Say whether the filters of ghost text would let the right answer through unchanged.

    Where they would not, the case can hardly be won, and says nothing about a prompt.
    """
    language = language_for_id(case.language_id)
    if not case.middle.strip() or language is None:
        return False
    document, offset = case.document, case.offset
    rest = document.text[offset : document.lines.end(document.lines.line_of(offset))]
    place = Place(document, language, offset, not rest.strip())
    return tidy(case.middle, place).rstrip() == case.middle.rstrip()


def _case(row: Row, group: str, kind: HoleKind) -> InfillCase:
    hole = Hole(row.text("prefix"), row.text("middle"), row.text("suffix"))
    language = row.text("language")
    runs = language == _RUNS
    test = row.text("test", "")
    check = f"\n{test}\n\ncheck({row.text('entry_point')})\n" if test and runs else ""
    examples = tuple(_example(row, each) for each in row.objects("io_tests")) if runs else ()
    name = row.text("task_id")
    cut = hole if kind == "raw" else narrowed(hole, is_begun=kind == "begun" and not row.number % 2)
    return InfillCase(
        name, group, language, *cut, check, examples, row.text("group", "") or name, hole
    )


def _example(row: Row, given: dict[str, Any]) -> InputOutput:
    try:
        return InputOutput(str(given["input"]), tuple(map(str, given["output"])))
    except (KeyError, TypeError) as error:
        raise row.error("an entry of its io_tests has no input or output") from error


def narrowed(hole: Hole, *, is_begun: bool) -> Hole:
    """Return the hole as a cursor would stand in it; see the module's docstring."""
    prefix, middle, suffix = hole
    kept = middle.rstrip()
    suffix = middle[len(kept) :] + suffix
    code = kept.lstrip()
    start = len(kept) - len(code)
    first_line = code.split("\n", 1)[0]
    is_at_line_start = not (prefix + kept[:start]).rpartition("\n")[2].strip()
    if is_begun and is_at_line_start:
        start += len(first_line) // _BEGUN_SHARE
    return Hole(prefix + kept[:start], kept[start:], suffix)
