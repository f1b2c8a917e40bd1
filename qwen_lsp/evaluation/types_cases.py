"""Functions whose annotations are known and were taken out.

Read from JSON lines of two kinds. A row with `source_text` is one function of a real file:
`function` is its name, `line` where its `def` stands, `params` and `returns` are the annotations
that it had. A row with `files` is a small program: `main` names the file, and `facts` say which
types its parameters and results have at run time, without what stands in brackets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_lsp.evaluation.json_lines import BadDataError, Row, read_rows
from qwen_lsp.languages import Function, Language, language_for_id, parse
from qwen_lsp.text import Document

_KINDS = ("parameter", "return")


@dataclass(frozen=True)
class TypesCase:
    """One function. `truth` maps the name of each slot, empty for the result, to its types.

    Where `by_base` is true these are the types of the values, several where there are several, and
    compared without brackets; else it is one annotation.
    """

    name: str
    group: str
    task: str
    language_id: str
    text: str
    function: str
    line: int
    truth: dict[str, tuple[str, ...]]
    by_base: bool

    @property
    def document(self) -> Document:
        """Return the file."""
        return Document("file:///case.py", "case.py", self.language_id, 1, self.text)


def read_cases(paths: Sequence[Path]) -> list[list[TypesCase]]:
    """Return the functions of each file of data; raises BadDataError."""
    files: list[list[TypesCase]] = []
    for path in paths:
        cases = [case for row in read_rows(path) for case in _cases(row, path.stem)]
        if not cases:
            raise BadDataError(f"There is no case in {path}.")
        files.append(cases)
    return files


def _cases(row: Row, group: str) -> list[TypesCase]:
    name, language = row.text("task_id"), row.text("language")
    task = row.text("group", "") or name
    if "source_text" in row.fields:
        given = row.fields.get("params", {})
        if not isinstance(given, dict):
            raise row.error("its params are no object")
        truth = {str(key): (str(value),) for key, value in given.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        if row.fields.get("returns") is not None:
            truth[""] = (row.text("returns"),)
        text, line = row.text("source_text"), row.whole_number("line")
        function = row.text("function")
        return [TypesCase(name, group, task, language, text, function, line, truth, by_base=False)]
    files = row.fields.get("files")
    if not isinstance(files, dict) or row.text("main") not in files:
        raise row.error("it has no source_text and no files with its main")
    text = str(files[row.text("main")])  # pyright: ignore[reportUnknownArgumentType]
    return [
        TypesCase(
            f"{name}:{line}", group, task, language, text, function, line, truth, by_base=True
        )
        for (function, line), truth in _functions(row, language, text).items()
    ]


def _functions(
    row: Row, language_id: str, text: str
) -> dict[tuple[str, int], dict[str, tuple[str, ...]]]:
    """Return what the facts say, by the name and line of each function that is no lambda."""
    language = language_for_id(language_id)
    if language is None:
        raise row.error(f"its language {language_id} is not known")
    found: dict[tuple[str, int], dict[str, tuple[str, ...]]] = {}
    for fact in row.objects("facts"):
        if fact.get("kind") not in _KINDS or fact.get("file") != row.fields["main"]:
            continue
        function = _function_of(fact, language, text)
        if function is not None:
            line = text.count("\n", 0, function.definition_span.start) + 1
            slot = str(fact["name"]) if fact["kind"] == "parameter" else ""
            types = tuple(map(str, fact.get("types", ())))
            found.setdefault((function.name, line), {})[slot] = types
    return found


def _function_of(fact: dict[str, Any], language: Language, text: str) -> Function | None:
    name = str(fact.get("function") or "").rpartition(".")[2]
    for function in parse(language, text).functions():
        span = function.signature_span
        first, last = (text.count("\n", 0, place) + 1 for place in (span.start, span.end))
        if function.name == name and first <= fact.get("line", 0) <= last:
            return function
    return None
