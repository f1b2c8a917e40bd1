"""LoRA adapters with random weights for any GGUF of the Qwen family, for tests.

    python -m qwen_lsp.evaluation.random_lora MODEL.gguf OUT.gguf

An adapter changes what the model writes and teaches it nothing.

Sources: llama.cpp's src/llama-adapter.cpp for keys, names and shapes, and `build_lora_mm` in
src/llama-graph.cpp for the strength: the product of both matrices times alpha divided by the rank.
"""

import argparse
import sys
from math import sqrt
from pathlib import Path

import numpy as np

from qwen_lsp.evaluation.gguf_package import gguf_package, make_file
from qwen_lsp.evaluation.random_weights import even_values

# The matrices that adapters usually change: of attention, of a delta net, of the feed-forward net.
ADAPTED = (
    *("attn_q", "attn_k", "attn_v", "attn_output"),
    *("attn_qkv", "attn_gate", "ssm_out"),
    *("ffn_gate", "ffn_up", "ffn_down"),
)


def write_random_lora(
    model: Path, path: Path, rank: int = 4, scale: float = 0.1, seed: int = 0
) -> None:
    """Write an adapter for `model` to `path`; raises GgufMissingError, ValueError and OSError.

    At a `scale` of 1 it adds to each layer about as much as a layer of random weights puts out.
    """
    gguf = gguf_package()
    reader = gguf.GGUFReader(model)
    writer = gguf.GGUFWriter(path, reader.get_field("general.architecture").contents())
    writer.add_type("adapter")
    writer.add_name(f"Random adapter of rank {rank}")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", rank * scale)
    rng = np.random.default_rng(seed)
    found = False
    for tensor in reader.tensors:
        block, _, rest = tensor.name.partition(".")
        layer = rest.partition(".")[2].removesuffix(".weight")
        if block != "blk" or layer not in ADAPTED:
            continue
        found = True
        inputs, outputs = (int(size) for size in tensor.shape)  # in the order of GGML
        for name, shape in (("lora_a", (rank, inputs)), ("lora_b", (outputs, rank))):
            edge = sqrt(3 / shape[1])
            writer.add_tensor(f"{tensor.name}.{name}", even_values(rng, shape, -edge, edge))
    if not found:
        raise ValueError(f"{model} has no layers that an adapter could change.")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main(arguments: list[str] | None = None) -> int:
    """Write the adapter that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m qwen_lsp.evaluation.random_lora",
        description="Write a LoRA adapter with random weights for a GGUF.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.gguf")
    parser.add_argument("out", type=Path, metavar="OUT.gguf")
    parser.add_argument("--rank", type=int, default=4)
    parser.add_argument("--scale", type=float, default=0.1, help="how much it changes")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(arguments)
    return make_file(
        parser,
        asked.out,
        lambda: write_random_lora(asked.model, asked.out, asked.rank, asked.scale, asked.seed),
    )


if __name__ == "__main__":
    sys.exit(main())
