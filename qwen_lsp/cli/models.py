"""`models`: the catalogue, and the files on this machine."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from qwen_lsp.cli.output import ExitCode, print_result
from qwen_lsp.features.launch import recommendation
from qwen_lsp.models import catalogue, files
from qwen_lsp.models.download import gigabytes
from qwen_lsp.models.model_card import ModelCard

_TABLE_WIDTH = 120  # whatever the terminal's is: a name that is cut off cannot be pulled


def run_list(arguments: argparse.Namespace) -> int:
    """Print the catalogue, and what of it is on this machine."""
    there = files.on_disk()
    if arguments.json:
        rows = [
            _card_data(card) | {"downloaded": card.id in there} for card in catalogue.all_cards()
        ]
        print_result("", {"models": rows}, as_json=True)
        return ExitCode.DONE
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "size", "memory", "GPU memory", "licence", "here"):
        table.add_column(heading, no_wrap=True)
    for card in catalogue.all_cards():
        size = ("about " if card.size_is_approximate else "") + gigabytes(card.size_bytes)
        ram, vram = gigabytes(card.ram_bytes), gigabytes(card.vram_bytes)
        here = "yes" if card.id in there else "no"
        table.add_row(card.id, size, ram, vram, card.licence, here)
    Console(width=_TABLE_WIDTH).print(table)
    return ExitCode.DONE


def run_pull(arguments: argparse.Namespace) -> int:
    """Download a model, with a progress bar; a file that is here already is only named."""
    card = catalogue.card(arguments.id)
    path = pull_with_bar(card)
    print_result(
        f"{card.id} is here: {path}", {"id": card.id, "path": str(path)}, as_json=arguments.json
    )
    return ExitCode.DONE


def pull_with_bar(card: ModelCard) -> Path:
    """Download a model and show how far it is; raises ModelError."""
    found = files.find(card)
    if found is not None:
        return found
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(card.id, total=card.size_bytes)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        return files.pull(card, show)


def run_path(arguments: argparse.Namespace) -> int:
    """Print where a model's file lies, or would lie."""
    card = catalogue.card(arguments.id)
    path = files.weights_path(card)
    data = {"id": card.id, "path": str(path), "downloaded": files.find(card) is not None}
    print_result(str(path), data, as_json=arguments.json)
    return ExitCode.DONE


def run_verify(arguments: argparse.Namespace) -> int:
    """Read a model's file and check its SHA-256."""
    card = catalogue.card(arguments.id)
    sha256 = files.verify(card)
    print_result(
        f"{card.id} is whole: {sha256}", {"id": card.id, "sha256": sha256}, as_json=arguments.json
    )
    return ExitCode.DONE


def run_remove(arguments: argparse.Namespace) -> int:
    """Delete a model's file."""
    card = catalogue.card(arguments.id)
    freed = files.remove(card)
    text = f"{card.id} is removed; {gigabytes(freed)} are free again."
    print_result(text, {"id": card.id, "freed_bytes": freed}, as_json=arguments.json)
    return ExitCode.DONE


def run_recommend(arguments: argparse.Namespace) -> int:
    """Print which model `model = "auto"` takes on this machine, and why."""
    found = recommendation(join_running=False)
    data = {
        "id": found.card.id,
        "reason": found.reason,
        "downloaded": found.downloaded,
        "alternatives": [card.id for card in found.alternatives],
    }
    print_result(f"{found.card.id}\n{found.reason}", data, as_json=arguments.json)
    return ExitCode.DONE


def _card_data(card: ModelCard) -> dict[str, object]:
    return {
        "id": card.id,
        "title": card.title,
        "parameters": card.parameters,
        "size_bytes": card.size_bytes,
        "size_is_approximate": card.size_is_approximate,
        "ram_bytes": card.ram_bytes,
        "vram_bytes": card.vram_bytes,
        "context_limit_tokens": card.context_limit_tokens,
        "licence": card.licence,
        "licence_url": card.licence_url,
    }
