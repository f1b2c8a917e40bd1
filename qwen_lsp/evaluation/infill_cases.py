"""Infill cases: a program with a hole, the text that was there, and the tests it passed.

Read from JSON lines with the fields `task_id`, `language`, `prefix`, `middle`, `suffix`, and either
`test` and `entry_point` (human-eval-infilling) or `io_tests`, a list of `input` and accepted
`output` (SAFIM).

A benchmark cuts its holes where lines begin and end; a person's cursor stands on a line that the
editor has indented already, and often behind its first words. So the hole is narrowed before it is
used: the line end and the indentation around it go to the program, and in every other case so does
the first third of the hole's first line.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_lsp.text import Document

_BEGUN_SHARE = 3


@dataclass(frozen=True)
class InputOutput:
    """What a program reads on its standard input, and any of the texts it may print for it."""

    given: str
    accepted: tuple[str, ...]


@dataclass(frozen=True)
class InfillCase:
    """One hole. `middle` is what stood between `prefix` and `suffix`, `group` the name of its file.

    `check` is code that tests the whole program when it is run behind it; `examples` are inputs
    and outputs of the whole program. Where both are empty, only the same text is right.
    """

    name: str
    group: str
    language_id: str
    prefix: str
    middle: str
    suffix: str
    check: str = ""
    examples: tuple[InputOutput, ...] = ()

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

    def filled(self, completion: str) -> str:
        """Return the program with `completion` in the hole."""
        return self.prefix + completion + self.suffix


def read_cases(
    paths: Iterable[Path], count: int, is_usable: Callable[[InfillCase], bool]
) -> list[InfillCase]:
    """Return about `count` usable cases, the same share of each file, spread evenly over it.

    Raises OSError, and ValueError where a file does not hold infill cases.
    """
    files = [[case for case in _cases(path) if is_usable(case)] for path in paths]
    total = sum(map(len, files))
    chosen: list[InfillCase] = []
    for cases in files:
        wanted = min(len(cases), round(count * len(cases) / total)) if total else 0
        chosen += [cases[index * len(cases) // wanted] for index in range(wanted)]
    return chosen


def _cases(path: Path) -> Iterator[InfillCase]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if line.strip():
                yield _case(json.loads(line), path.stem, is_begun=bool(number % 2))


def _case(row: dict[str, Any], group: str, *, is_begun: bool) -> InfillCase:
    try:
        prefix, middle, suffix = row["prefix"], row["middle"], row["suffix"]
        test = row.get("test", "")
        check = f"\n{test}\n\ncheck({row['entry_point']})\n" if test else ""
        examples = tuple(
            InputOutput(each["input"], tuple(each["output"])) for each in row.get("io_tests") or ()
        )
        name, language = str(row["task_id"]), str(row["language"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"This is not an infill case: {error} is missing.") from error
    prefix, middle, suffix = narrowed(prefix, middle, suffix, is_begun=is_begun)
    return InfillCase(name, group, language, prefix, middle, suffix, check, examples)


def narrowed(prefix: str, middle: str, suffix: str, *, is_begun: bool) -> tuple[str, str, str]:
    """Return the hole as a cursor would stand in it; see the module's docstring."""
    kept = middle.rstrip()
    suffix = middle[len(kept) :] + suffix
    code = kept.lstrip()
    start = len(kept) - len(code)
    first_line = code.split("\n", 1)[0]
    is_at_line_start = not (prefix + kept[:start]).rpartition("\n")[2].strip()
    if is_begun and is_at_line_start:
        start += len(first_line) // _BEGUN_SHARE
    return prefix + kept[:start], kept[start:], suffix
