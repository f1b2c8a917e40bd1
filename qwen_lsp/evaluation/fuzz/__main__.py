"""The command: `python -m qwen_lsp.evaluation.fuzz --messages 100000 --edits 20000 --seed 1`."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from qwen_lsp.evaluation.fuzz.run import fuzz
from qwen_lsp.evaluation.gguf_package import GgufMissingError


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of a run; return 0 where all is well, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m qwen_lsp.evaluation.fuzz", description="Fuzz the language server."
    )
    parser.add_argument("--messages", type=int, default=2000, help="to send (usual: 2,000)")
    parser.add_argument("--edits", type=int, default=500, help="to compare (usual: 500)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (usual: 1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="longer is a hang (usual: 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        figures = fuzz(options.messages, options.edits, options.seed, options.seconds)
    except GgufMissingError as error:
        parser.exit(1, f"{error}\n")
    if options.json:
        sys.stdout.write(json.dumps(asdict(figures)) + "\n")
    else:
        sys.stdout.write(figures.as_text())
    return 0 if figures.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
