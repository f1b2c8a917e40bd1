"""Run the command line with `python -m qwen_lsp`."""

import sys

from qwen_lsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
