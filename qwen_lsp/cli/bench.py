"""`bench`: the speed of a model on this machine."""

import argparse
import asyncio

from qwen_lsp.cli.asking import settings_here
from qwen_lsp.cli.demo import workspace_folder
from qwen_lsp.cli.output import ExitCode, print_result
from qwen_lsp.evaluation.bench import Bench, measure
from qwen_lsp.features import launch
from qwen_lsp.prompting.templates import Templates


def run_bench(arguments: argparse.Namespace) -> int:
    """Print the figures."""
    bench = asyncio.run(_measure(arguments.model))
    print_result(_readable(bench), bench.data(), as_json=arguments.json)
    return ExitCode.DONE


async def _measure(model_name: str | None) -> Bench:
    settings = settings_here(model_name)
    weights = launch.find_weights_here(settings)
    code = (workspace_folder() / "shop.py").read_text(encoding="utf-8")
    model, client = launch.connect(weights, settings, Templates())
    try:
        return await measure(model, client, code)
    finally:
        await client.close()


def _readable(bench: Bench) -> str:
    read = f"{bench.tokens_read_per_request_p50:.0f} (p95 {bench.tokens_read_per_request_p95:.0f})"
    rows = (
        ("model", bench.model),
        ("machine", f"{bench.machine}, {bench.threads} threads; before: {bench.others}"),
        ("load", f"{bench.load_ms:.0f} ms"),
        ("prompt", f"{bench.prompt_speed:.0f} tokens/s"),
        ("generation", f"{bench.generation_speed:.0f} tokens/s"),
        ("read per request", f"{read} tokens, typing {bench.keystrokes} keys"),
        ("first token", f"{bench.first_token_ms_p50:.0f} ms (p50)"),
        (
            "suggestion",
            f"{bench.suggestion_ms_p50:.0f} ms (p50), {bench.suggestion_ms_p95:.0f} (p95)",
        ),
        ("longest stall", f"{bench.loop_stall_ms:.0f} ms of the asking event loop"),
        (
            "memory",
            f"engine {bench.engine_bytes / 1e6:.0f} MB, asking {bench.server_bytes / 1e6:.0f} MB",
        ),
    )
    return "\n".join(f"{name:18} {value}" for name, value in rows)
