"""The process that runs versions of a program: a script of its own, without the rest of qwen-lsp.

It reads one JSON object from standard input and writes, for each version, one line of JSON: for
each example what it returned, as its `repr`, whether that is right, and how it failed.
"""

import builtins
import contextlib
import importlib
import json
import os
import sys
from collections.abc import Iterator
from types import FrameType, SimpleNamespace
from typing import Any

_ROUNDED = 0.005
_NICE = 10


class TooLongError(BaseException):
    """An example ran more lines than it may."""


def main() -> None:
    """Run what standard input says."""
    job = json.load(sys.stdin)
    _limit(job["seconds"], job["memory_bytes"])
    answers, sys.stdout = sys.stdout, None  # pyright: ignore[reportAttributeAccessIssue]  # a program has nowhere to print
    for version in job["versions"]:
        found = [_outcome(version, example, job) for example in job["examples"]]
        answers.write(json.dumps(found) + "\n")
        answers.flush()
        if job["until_right"] and all(one.get("is_right") for one in found):
            break


def _limit(seconds: int, memory_bytes: int) -> None:
    if hasattr(os, "nice"):
        os.nice(_NICE)  # typing goes first
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - Windows has none

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _outcome(version: str, example: list[str], job: dict[str, Any]) -> dict[str, Any]:
    call, expected_text = example
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal counted
        counted += event == "line"
        if counted > job["most_lines"]:
            raise TooLongError
        return count

    expected = eval(expected_text, {"__builtins__": {}})  # noqa: S307 - a literal
    names: dict[str, Any] = {"__builtins__": _builtins(job), "__name__": "program"}
    try:
        sys.settrace(count)
        exec(job["surroundings"], names)  # noqa: S102 - checked before; see permitted.py
        exec(version, names)  # noqa: S102 - checked before; see permitted.py
        returned: Any = eval(call, names)  # noqa: S307 - a call with literals
        if isinstance(returned, Iterator):
            returned = list(returned)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        is_right = _is_same(returned, expected) if _is_alike(returned, expected) else None
    except TooLongError:
        return {"failed": "too long"}
    except Exception as error:  # noqa: BLE001 - the program may raise anything
        return {"failed": type(error).__name__}
    finally:
        sys.settrace(None)
    shown: Any = returned
    return {"is_right": is_right, "returned": repr(shown)[:200]}


def _is_alike(returned: Any, expected: Any) -> bool:
    """Say whether the value is of the documented kind; if not, the example may be careless."""
    return returned is None or expected is None or _kind(returned) == _kind(expected)


def _kind(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, set | frozenset):
        return "set"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _is_same(returned: Any, expected: Any) -> bool:
    """Say whether a value is the documented one; people round numbers, and mix tuples and lists."""
    if isinstance(returned, float) and isinstance(expected, int | float):
        return abs(returned - expected) <= _ROUNDED * max(1.0, abs(expected))
    if _kind(returned) == _kind(expected) == "list":
        one: Any = returned
        other: Any = expected
        return len(one) == len(other) and all(map(_is_same, one, other))
    return bool(returned == expected)


def _builtins(job: dict[str, Any]) -> dict[str, Any]:
    def import_permitted(name: str, *_arguments: Any) -> Any:
        module = importlib.import_module(name)
        return SimpleNamespace(**{each: getattr(module, each) for each in job["modules"][name]})

    names = {name: getattr(builtins, name) for name in job["builtins"]}
    return names | {"__import__": import_permitted, "type": _type_of}


def _type_of(value: Any) -> Any:
    """Return the type of a value; the built-in `type` makes new ones as well."""
    return type(value)  # pyright: ignore[reportUnknownVariableType]


if __name__ == "__main__":
    main()
