"""Models and adapters with random weights for tests, each written once into a folder."""

from pathlib import Path

from qwen_lsp.evaluation.random_lora import write_random_lora
from qwen_lsp.evaluation.random_model import write_random_model


def tiny_qwen35(folder: Path) -> Path:
    """Return the tiny model in a folder, written there when it is first asked for."""
    path = folder / "tiny-qwen35.gguf"
    if not path.exists():
        write_random_model(path, "tiny")
    return path


def random_lora(model: Path, folder: Path) -> Path:
    """Return an adapter for a model in a folder, written there when it is first asked for."""
    path = folder / f"{model.stem}-lora.gguf"
    if not path.exists():
        write_random_lora(model, path)
    return path
