"""Edit cases: a Python file, what should be done to one of its functions, and tests of the result.

Read from JSON lines with the fields `task_id`, `filename`, `before`, `instruction` and, where they
are shown to the model, `visible_tests`. What comes out is tested by `tests`, code that is run
behind it, by `test_module` with `test_files`, modules of unittest beside it, or else by being the
same code as `after`. A row with `fixed` in place of `before` is a correct program with `tests`; it
is for actions that must keep what the program does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows
from qwen_lsp.languages import Function, language_for_id, parse
from qwen_lsp.text import Document

_UNITTEST = """
import unittest
unittest.main(module="{module}", argv=["test", "--quiet"])
"""


@dataclass(frozen=True)
class EditCase:
    """One file to change. `group` is the name of its file of data, `task` what it is about.

    `tests` are code to run behind the changed file, or `test_program` is a program to run beside
    it; `files` are what either needs besides. Without both only the code of `after` is right.
    """

    name: str
    group: str
    file_name: str
    before: str
    instruction: str
    visible_tests: str = ""
    after: str = ""
    tests: str = ""
    test_program: str = ""
    files: dict[str, str] = field(default_factory=dict[str, str])
    task: str = ""

    @property
    def document(self) -> Document:
        """Return the file as an editor has it open."""
        return Document(f"file:///{self.file_name}", self.file_name, "python", 1, self.before)

    @property
    def request(self) -> str:
        """Return what a user would ask for: the instruction, and the tests that one can see."""
        if not self.visible_tests:
            return self.instruction
        return f"{self.instruction}\n\nThese tests must pass:\n\n```python\n{self.visible_tests}```"

    def function(self) -> Function | None:
        """Return the function to change: the only one, or the only one that is named.

        None where there is no such function, because an action is on one function.
        """
        language = language_for_id("python")
        functions = parse(language, self.before).functions() if language is not None else []
        words = set(self.instruction.replace(".", " ").replace("`", " ").split())
        named = [function for function in functions if function.name in words]
        for found in (functions, named):
            if len(found) == 1:
                return found[0]
        return None


def read_cases(paths: Sequence[Path]) -> list[list[EditCase]]:
    """Return the cases of each file; raises BadDataError."""
    if len({path.stem for path in paths}) < len(paths):
        raise BadDataError("Two files of data have the same name, so their figures would be mixed.")
    files = [[_case(row, path.stem) for row in read_rows(path)] for path in paths]
    for path, cases in zip(paths, files, strict=True):
        if not cases:
            raise BadDataError(f"There is no case in {path}.")
        if len({case.name for case in cases}) < len(cases):
            raise BadDataError(f"{path} has two cases of the same task_id.")
    return files


def _case(row: Row, group: str) -> EditCase:
    name = row.text("task_id")
    is_correct = "fixed" in row.fields
    module = row.text("test_module", "")
    return EditCase(
        name,
        group,
        row.text("filename"),
        row.text("fixed" if is_correct else "before"),
        row.text("description" if is_correct else "instruction", ""),
        row.text("visible_tests", ""),
        row.text("after", ""),
        row.text("tests", ""),
        _UNITTEST.format(module=module) if module else "",
        _files(row, "files") | _files(row, "test_files"),
        row.text("group", "") or name,
    )


def _files(row: Row, name: str) -> dict[str, str]:
    value: Any = row.fields.get(name) or {}
    if not isinstance(value, dict):
        raise row.error(f"its {name} is no object")
    texts = cast("dict[object, object]", value)
    return {str(path): str(text) for path, text in texts.items()}
