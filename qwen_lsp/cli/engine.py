"""`engine`: the shared process that holds the model."""

import argparse
import asyncio
from collections import defaultdict
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


def _readable(said: dict[str, Any]) -> str:
    # An engine of another release may still run, and say less.
    status: dict[str, Any] = defaultdict(int, said)
    memory = gigabytes(status["memory_bytes"])
    drafted, accepted = status["drafted_tokens"], status["accepted_tokens"]
    read = status["prompt_tokens"]
    kept = f"{status['reused_share']:.0%} of them kept from before"
    lines = [
        f"{status['model']} ({status['state']}, process {status['pid']})",
        f"clients {status['clients']}, queue {status['waiting']}, running {status['running']}",
        f"served {status['served']}, up {status['up_seconds']} s, memory {memory}",
        f"threads {status['threads']}, context {status['context_tokens']} tokens",
        f"speed {status['prompt_speed']:.0f} tok/s read, {status['generation_speed']:.0f} written",
        f"read {read} prompt tokens, {kept}; wrote {status['generated_tokens']}",
    ]
    if "checkpoints" in status:
        used = status["checkpoint_bytes"] / 2**20
        limit = status["checkpoint_limit_bytes"] / 2**20
        lines.append(
            f"checkpoints {status['checkpoints']} ({used:.0f} of {limit:.0f} MiB), "
            f"going back takes {status['restore_ms']:.2f} ms"
        )
    if drafted:
        lines.append(f"guessed {drafted} tokens, {accepted / drafted:.0%} of them right")
    return "\n  ".join(lines)
