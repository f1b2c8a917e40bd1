"""The command line: parses words, calls one function a subcommand, and turns errors into codes.

Exit codes: 0 done, 1 done with findings or a failed check, 2 usage, 3 no model or no engine.
"""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    from qwen_lsp.cli.main import main as run

    return run(arguments)


def lazily(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """Return a subcommand that is imported when it runs: `serve` must start without the others."""

    def run(parsed: argparse.Namespace) -> int:
        return getattr(import_module(f"qwen_lsp.cli.{module}"), function)(parsed)

    return run
