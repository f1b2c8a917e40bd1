"""`engine`: the shared process that holds the model."""

import argparse
import asyncio
from typing import Any

from qwen_lsp.cli.output import ExitCode, print_result
from qwen_lsp.engine.control import ask_status, stop_engines
from qwen_lsp.models.download import gigabytes


def run_status(arguments: argparse.Namespace) -> int:
    """Print what each running engine says of itself."""
    engines = asyncio.run(ask_status())
    text = "\n\n".join(map(_readable, engines)) or "No engine is running."
    print_result(text, {"engines": engines}, as_json=arguments.json)
    return ExitCode.DONE


def run_stop(arguments: argparse.Namespace) -> int:
    """End all engines of this user."""
    stopped = asyncio.run(stop_engines())
    text = f"Stopped {len(stopped)} engine(s)." if stopped else "No engine was running."
    print_result(text, {"stopped": stopped}, as_json=arguments.json)
    return ExitCode.DONE


def _readable(status: dict[str, Any]) -> str:
    memory = gigabytes(status["memory_bytes"])
    return (
        f"{status['model']} ({status['state']}, process {status['pid']})\n"
        f"  clients {status['clients']}, waiting {status['waiting']}, "
        f"served {status['served']}, up {status['up_seconds']} s\n"
        f"  memory {memory}, threads {status['threads']}, "
        f"context {status['context_tokens']} tokens\n"
        f"  read {status['prompt_tokens']} prompt tokens, "
        f"{status['reused_share']:.0%} of them kept from before; "
        f"wrote {status['generated_tokens']}"
    )
