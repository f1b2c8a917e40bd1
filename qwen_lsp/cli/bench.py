"""`bench`: the speed of a model on this machine."""

import argparse
import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import replace

from qwen_lsp.cli.asking import settings_to_measure
from qwen_lsp.cli.output import ExitCode, UsageError, page_path_of, print_result, say
from qwen_lsp.evaluation.bench import Bench, measure, others
from qwen_lsp.evaluation.bench_page import page
from qwen_lsp.evaluation.bench_tables import as_text, tables
from qwen_lsp.evaluation.kills import KillFigures, Outages, kill_while_typing
from qwen_lsp.evaluation.peer import Peer
from qwen_lsp.evaluation.speeds import throughput
from qwen_lsp.evaluation.team import type_together
from qwen_lsp.evaluation.team_figures import Team, figures, table
from qwen_lsp.evaluation.trace import typing_trace
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

_KEYS = 200


def run_bench(arguments: argparse.Namespace) -> int:
    """Print the figures, and write the page where one is wanted."""
    page_path = page_path_of(arguments.html) if arguments.html else None
    # Whether and how long the user wants suggestions is no matter of speed.
    settings = settings_to_measure(arguments, arguments.context_tokens)
    if arguments.editors:
        if arguments.peer or arguments.kills:
            raise UsageError("--editors measures nothing else; leave --peer and --kills out.")
        team = asyncio.run(_type_as_team(settings, arguments.editors))
        found, data, name = [table(team)], team.data(), team.model
    else:
        if settings.backend == "openai":
            raise UsageError("bench measures the engine here; a server needs --editors, too.")
        peer = Peer(arguments.peer) if arguments.peer else None
        bench = asyncio.run(_bench(settings, peer, arguments.kills))
        found, data, name = tables(bench), bench.data(), bench.model
    if page_path is not None:
        page_path.write_text(page(found, name), encoding="utf-8")
    print_result(as_text(found), data, as_json=arguments.json)
    return ExitCode.DONE


async def _type_as_team(settings: Settings, editors: int) -> Team:
    before = others()
    async with AsyncExitStack() as stack:
        models: list[LocalModel] = []
        for _ in range(editors):
            model, client = await launch.open_model(settings, Templates())
            stack.push_async_callback(client.close)
            models.append(model)
        _say_step("one editor types")
        alone = await type_together(models[:1], settings, _KEYS)
        _say_step(f"{editors} editors type")
        together = await type_together(models, settings, _KEYS)
        _say_step("several requests at once")
        speeds = await throughput(models[0].engine)
    deadline_ms = settings.inline_completion.deadline_ms
    return Team(models[0].name, before, deadline_ms, figures(alone), figures(together), speeds)


async def _bench(settings: Settings, peer: Peer | None, kills: int) -> Bench:
    weights = launch.find_weights_here(settings)
    model, client = launch.connect(weights, settings, Templates())
    try:
        bench = await measure(model, client, settings, peer, _say_step)
    finally:
        await client.close()
    return replace(bench, kills=await _kill(weights, settings, kills)) if kills else bench


async def _kill(weights: launch.Weights, settings: Settings, kills: int) -> KillFigures:
    _say_step(f"killing the engine {kills} times")
    outages = Outages()
    # That the engine ends is no news here, and what is asked comes in the figures.
    client_log = logging.getLogger("qwen_lsp.engine.client")
    client_log.setLevel(logging.ERROR)
    # A user's client would leave an engine alone that ends so often.
    model, client = launch.connect(
        weights, settings, Templates(), outages.note_state, crashes_allowed=kills + 1
    )
    try:
        return await kill_while_typing(
            typing_trace(), model, client, settings, outages=outages, kills=kills
        )
    finally:
        await client.close()
        client_log.setLevel(logging.NOTSET)


def _say_step(step: str) -> None:
    say(f"{step[0].upper()}{step[1:]} ...")
