"""What subcommands print: text for people, one JSON object for programs, sentences for failures."""

import json
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any


class ExitCode(IntEnum):
    """What a command's end means."""

    DONE = 0
    FINDINGS = 1
    USAGE = 2
    NO_MODEL = 3


class UsageError(Exception):
    """What was asked cannot be done as it was asked. The text is one sentence."""


def page_path_of(name: str) -> Path:
    """Return where the page goes; a bad name is told before minutes of measuring, not after."""
    path = Path(name)
    if path.is_dir():
        raise UsageError(f"{path} is a folder.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.")
    return path


def print_result(text: str, data: dict[str, Any], *, as_json: bool) -> None:
    """Print `data` as one JSON object, or `text` where people read."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    elif text:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def say(sentence: str) -> None:
    """Tell the user something that is not the result."""
    sys.stderr.write(f"{sentence}\n")
