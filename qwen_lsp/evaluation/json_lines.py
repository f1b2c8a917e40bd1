"""Cases from files of JSON lines: one object a line, blank lines aside, UTF-8.

What is wrong with a file is told with its name and the number of the line.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast


class BadDataError(Exception):
    """A file does not hold what it should. The text is one sentence."""


@dataclass(frozen=True)
class Row:
    """One line of a file. `number` counts from 1."""

    path: Path
    number: int
    fields: dict[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a field that is a text; raises BadDataError."""
        return self._field(name, str, "a text", default)

    def whole_number(self, name: str) -> int:
        """Return a field that is a whole number, 0 or more; raises BadDataError."""
        number = self._field(name, int, "a whole number", None)
        if isinstance(number, bool) or number < 0:
            raise self.error(f"its {name} is no whole number")
        return number

    def objects(self, name: str) -> list[dict[str, Any]]:
        """Return a field that is a list of objects, empty where it is missing or null.

        Raises BadDataError.
        """
        value: Any = self.fields.get(name) or []
        entries: list[Any] = value if isinstance(value, list) else [None]  # pyright: ignore[reportUnknownVariableType]
        if not all(isinstance(each, dict) for each in entries):
            raise self.error(f"its {name} is no list of objects")
        return entries

    def error(self, why: str) -> BadDataError:
        """Return the error for this line."""
        return BadDataError(f"{self.path}, line {self.number}: {why}.")

    def _field(self, name: str, kind: type[Any], what: str, default: Any) -> Any:
        value = self.fields.get(name, default)
        if value is None:
            raise self.error(f"it has no {name}")
        if not isinstance(value, kind):
            raise self.error(f"its {name} is not {what}")
        return value


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the lines of a file; raises BadDataError where it cannot be read."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _row(path, number, line)
    except FileNotFoundError:
        raise BadDataError(f"There is no file {path}.") from None
    except OSError as error:
        raise BadDataError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadDataError(f"{path} is not UTF-8 text.") from error


def _row(path: Path, number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise BadDataError(f"{path}, line {number}: this is no JSON.") from error
    if not isinstance(value, dict):
        raise BadDataError(f"{path}, line {number}: this is no JSON object.")
    return Row(path, number, cast("dict[str, Any]", value))
