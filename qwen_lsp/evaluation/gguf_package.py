"""The `gguf` package, which only the makers of random models need.

It belongs to the development environment and not to the product, so it is imported when it is
used, and what is missing is said in one sentence.
"""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


class GgufMissingError(Exception):
    """The `gguf` package is not installed. The text is one sentence for the user."""


def gguf_package() -> Any:
    """Return the module `gguf`; raises GgufMissingError."""
    try:
        return importlib.import_module("gguf")
    except ModuleNotFoundError as error:
        raise GgufMissingError(
            f"Making models needs the package `{error.name}` of the development environment: "
            "pip install gguf."
        ) from error


def make_file(parser: argparse.ArgumentParser, out: Path, make: Callable[[], None]) -> int:
    """Let `make` write `out` and print its size; what goes wrong ends the command in a sentence."""
    try:
        make()
    except (GgufMissingError, OSError, ValueError) as error:
        parser.exit(1, f"{error}\n")
    sys.stdout.write(f"{out}: {out.stat().st_size:,} bytes\n")
    return 0
