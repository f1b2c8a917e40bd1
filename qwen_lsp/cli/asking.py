"""A model for one command: found, started or joined, and left again."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from qwen_lsp.cli.output import UsageError, say
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings, read_settings, workspace_table

_Result = TypeVar("_Result")


def settings_here(arguments: argparse.Namespace) -> Settings:
    """Return the settings of the current folder, with what the command line says of the model."""
    table, problems = workspace_table(Path.cwd())
    settings, bad_values = read_settings(None, table)
    for problem in [*problems, *bad_values]:
        say(problem)
    if arguments.endpoint:
        settings = replace(
            settings,
            backend="openai",
            endpoint=arguments.endpoint,
            api_key_env=arguments.api_key_env or "",
        )
    return launch.with_model(settings, arguments.model) if arguments.model else settings


def with_model(settings: Settings, work: Callable[[LocalModel], Awaitable[_Result]]) -> _Result:
    """Return what `work` makes with a model that is ready; raises ModelError and EngineError."""
    return asyncio.run(_with_model(settings, work))


async def _with_model(
    settings: Settings, work: Callable[[LocalModel], Awaitable[_Result]]
) -> _Result:
    templates = Templates(None, settings.prompts.pin)
    if templates.problems:
        raise UsageError(templates.problems[0])
    model, client = await launch.open_model(settings, templates)
    try:
        return await work(model)
    finally:
        await client.close()


def timing(model: LocalModel, milliseconds: float) -> dict[str, Any]:
    """Return what every JSON result says of its making."""
    prompt = model.last_prompt
    return {"prompt": prompt.template.name if prompt else None, "ms": round(milliseconds)}
