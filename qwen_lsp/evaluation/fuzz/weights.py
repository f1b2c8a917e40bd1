"""Damaged files of weights: `python -m qwen_lsp.evaluation.fuzz.weights --files 300 --seed 1`.

Each file is the tiny model of random weights with bytes changed, cut off or made very large, most
of them in the header. A real engine is started with it and asked for a few tokens. llama.cpp may
refuse a file, take it, or end its process; whoever asked must get an answer or one sentence, in
time, and the whole file must work afterwards.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

from qwen_lsp.engine.address import EngineOptions
from qwen_lsp.engine.client import EngineClient
from qwen_lsp.engine.control import stop_engines
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    EngineUnavailableError,
    GenerateRequest,
    Message,
    Priority,
)
from qwen_lsp.evaluation.gguf_package import GgufMissingError
from qwen_lsp.evaluation.random_model import write_random_model

# The figures of the model, the whole header, and the whole file.
_REGIONS = (1_100, 1_100, 24_100, 24_100, 2_000_000)
_SHORT = GenerateRequest(Chat((Message("user", "Count."),)), 4, Priority.ACTION)


@dataclass(frozen=True)
class WeightsFigures:
    """How many files were `loaded` and answered, `refused` by a sentence, or `ended` the process.

    `failed` loaded and could not answer, which a sentence says. `hangs` brought nothing in time,
    and `whole_works` says whether the undamaged file could be asked afterwards.
    """

    files: int
    loaded: int
    failed: int
    refused: int
    ended: int
    hangs: int
    whole_works: bool
    sentences: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        """Say whether each file came to an end that was told."""
        return self.whole_works and not self.hangs


def damaged(chance: random.Random, whole: bytes) -> bytes:
    """Return the bytes of a file with one to three kinds of damage."""
    data = bytearray(whole)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        within = min(len(data), chance.choice(_REGIONS))
        place = chance.randrange(4, max(within, 5))
        kind = chance.randrange(8)
        if kind >= 5:
            data[min(place, len(data) - 1)] ^= 1 << chance.randrange(8)
        elif kind == 0:
            del data[place:]
        elif kind == 1:
            data[place : place + 8] = chance.choice((b"\xff" * 8, bytes(8), b"\xff" * 7 + b"\x7f"))
        elif kind == 2:
            del data[place : place + chance.randint(1, 64)]
        elif kind == 3:
            data[place:place] = chance.randbytes(chance.randint(1, 64))
        else:
            data[place : place + 4] = chance.randbytes(4)
    return bytes(data)


def fuzz_weights(files: int, seed: int, seconds: float = 60.0) -> WeightsFigures:
    """Start engines with so many damaged files; raises GgufMissingError."""
    with tempfile.TemporaryDirectory(prefix="ql-weights-") as name:
        folder = Path(name).resolve()
        with mock.patch.dict(os.environ, {"QWEN_LSP_HOME": str(folder / "home")}):
            return asyncio.run(_run(folder, files, random.Random(seed), seconds))  # noqa: S311


async def _run(folder: Path, files: int, chance: random.Random, seconds: float) -> WeightsFigures:
    whole = folder / "tiny.gguf"
    write_random_model(whole, "tiny")
    content = whole.read_bytes()
    kinds: Counter[str] = Counter()
    sentences: Counter[str] = Counter()
    try:
        for number in range(files):
            path = folder / f"damaged-{number}.gguf"
            path.write_bytes(damaged(chance, content))
            kind, sentence = await _ask(path, seconds)
            kinds[kind] += 1
            sentences[sentence.replace(path.name, "FILE").replace(name_of(folder), "HOME")] += 1
            path.unlink()
        whole_works = (await _ask(whole, seconds))[0] == "loaded"
    finally:
        await stop_engines()
    return WeightsFigures(
        files=files,
        loaded=kinds["loaded"],
        failed=kinds["failed"],
        refused=kinds["refused"],
        ended=kinds["ended"],
        hangs=kinds["hangs"],
        whole_works=whole_works,
        sentences=tuple(f"{count} x {text}" for text, count in sentences.most_common()),
    )


def name_of(folder: Path) -> str:
    """Return the name of the folder that sentences may hold."""
    return str(folder / "home")


async def _ask(path: Path, seconds: float) -> tuple[str, str]:
    """Return what came of an engine with this file, and in which words."""
    client = EngineClient(EngineOptions(path, context_tokens=512, threads=1, idle_minutes=0.01))
    try:
        async with asyncio.timeout(seconds):
            generation = await client.generate(_SHORT)
    except TimeoutError:
        return "hangs", "nothing in time"
    except EngineUnavailableError as error:
        return "ended" if "ended" in str(error) else "refused", str(error)
    except EngineError as error:
        return "failed", str(error)
    finally:
        await client.close()
    return "loaded", f"{generation.finish}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures of a run; return 0 where all is well, else 1."""
    parser = argparse.ArgumentParser(prog="python -m qwen_lsp.evaluation.fuzz.weights")
    parser.add_argument("--files", type=int, default=50, help="to damage (usual: 50)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (usual: 1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="longer is a hang (usual: 60)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    try:
        figures = fuzz_weights(options.files, options.seed, options.seconds)
    except GgufMissingError as error:
        parser.exit(1, f"{error}\n")
    if options.json:
        sys.stdout.write(json.dumps(asdict(figures)) + "\n")
        return 0 if figures.is_well else 1
    counts = f"loaded {figures.loaded}, failed {figures.failed}, refused {figures.refused}"
    ends = f"ended the engine {figures.ended}, hangs {figures.hangs}"
    works = "works" if figures.whole_works else "does not work"
    sys.stdout.write(f"{figures.files} damaged files: {counts}, {ends}\n")
    sys.stdout.write(f"afterwards the whole file {works}\n")
    sys.stdout.writelines(f"{sentence}\n" for sentence in figures.sentences)
    return 0 if figures.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
