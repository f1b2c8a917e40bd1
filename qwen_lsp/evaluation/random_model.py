"""Models of Qwen 3.5's architecture with random weights, for tests and for measuring speed.

    python -m qwen_lsp.evaluation.random_model OUT.gguf --shape tiny

A file has every key and tensor that llama.cpp wants of a `qwen35` model: gated delta net in three
layers of four, attention in the fourth. What such a model writes means nothing, but it depends on
all of the prompt and is the same each time. It is plain text without an end: the output rows of
special tokens, unused tokens and broken UTF-8 are quiet, so that none of them becomes the
likeliest.

Source of keys and tensors: llama.cpp's src/models/qwen35.cpp.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from qwen_lsp.evaluation.gguf_package import gguf_package, make_file
from qwen_lsp.evaluation.random_shapes import SHAPES, Shape
from qwen_lsp.evaluation.random_vocabulary import Vocabulary, small_vocabulary, vocabulary_of
from qwen_lsp.evaluation.random_weights import (
    F32,
    FORMATS,
    Q4_K,
    Q6_K,
    Bytes,
    NumberFormat,
    even_values,
    random_rows,
)

ARCHITECTURE = "qwen35"
CHAT_TEMPLATE = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}{{ '\\n' }}{{ message.content }}<|im_end|>{{ '\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant{{ '\\n' }}
{%- if enable_thinking is defined and enable_thinking is false -%}
<think>{{ '\\n\\n' }}</think>{{ '\\n\\n' }}
{%- else -%}
<think>{{ '\\n' }}
{%- endif -%}
{%- endif -%}
"""

_FULL_ATTENTION_INTERVAL = 4
_CONVOLUTION = 4
_ALIGNMENT = 32
# The standard deviation of the logits. The likeliest token is then usually more than 0.05 ahead,
# many times what the order of additions can change.
_LOGIT_SPREAD = 8.0
# The size of the normed queries and keys. At 1 attention would nearly be the mean of all values,
# and no token of a long prompt would count.
_ATTENTION_SHARPNESS = 2.0


@dataclass(frozen=True)
class _Matrix:
    """A tensor of random weights; `rows` are outputs. The output layer keeps some rows quiet."""

    name: str
    rows: int
    columns: int
    form: NumberFormat
    by_token: bool = False


@dataclass(frozen=True)
class _Vector:
    """A small tensor of 32-bit numbers between two bounds."""

    name: str
    shape: tuple[int, ...]
    low: float
    high: float


def write_random_model(
    path: Path,
    shape_name: str,
    vocabulary: Vocabulary | None = None,
    weights: str | None = None,
    seed: int = 0,
) -> None:
    """Write a model to `path`; raises GgufMissingError and OSError.

    The file appears complete or not at all. Matrices whose rows are no whole blocks of the number
    format `weights` are written as F32.
    """
    shape = SHAPES[shape_name]
    form = FORMATS[weights or shape.weights]
    tokens = (vocabulary or small_vocabulary()).padded(shape.tokens)
    quiet = ~np.array(tokens.plain_text())
    rng = np.random.default_rng(seed)
    tensors = list(_tensors(shape, len(tokens.tokens), form))
    unfinished = path.with_name(path.name + ".part")
    writer = gguf_package().GGUFWriter(unfinished, ARCHITECTURE)
    _add_keys(writer, shape_name, shape, form)
    _add_tokenizer(writer, tokens)
    for tensor in tensors:
        _announce(writer, tensor)
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        writer.close()
        # The writer would hold whole tensors; the largest has a gigabyte.
        with unfinished.open("ab") as file:
            file.write(bytes(-file.tell() % _ALIGNMENT))
            for tensor in tensors:
                for piece in _pieces(rng, tensor, quiet):
                    file.write(piece.data)
                file.write(bytes(-file.tell() % _ALIGNMENT))
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _add_keys(writer: Any, name: str, shape: Shape, form: NumberFormat) -> None:
    writer.add_type("model")
    writer.add_name(f"Random {ARCHITECTURE} {name}")
    writer.add_file_type(form.file_type)
    writer.add_quantization_version(2)
    numbers = {
        "block_count": shape.layers,
        "context_length": shape.context,
        "embedding_length": shape.embedding,
        "feed_forward_length": shape.feed_forward,
        "attention.head_count": shape.heads,
        "attention.head_count_kv": shape.kv_heads,
        "attention.key_length": shape.head_size,
        "attention.value_length": shape.head_size,
        "rope.dimension_count": shape.rope,
        "ssm.conv_kernel": _CONVOLUTION,
        "ssm.state_size": shape.state,
        "ssm.group_count": shape.key_heads,
        "ssm.time_step_rank": shape.value_heads,
        "ssm.inner_size": shape.value_size,
        "full_attention_interval": _FULL_ATTENTION_INTERVAL,
    }
    for key, number in numbers.items():
        writer.add_uint32(f"{ARCHITECTURE}.{key}", number)
    writer.add_array(f"{ARCHITECTURE}.rope.dimension_sections", list(shape.rope_sections))
    writer.add_float32(f"{ARCHITECTURE}.rope.freq_base", 1e7)
    writer.add_float32(f"{ARCHITECTURE}.attention.layer_norm_rms_epsilon", 1e-6)


def _add_tokenizer(writer: Any, vocabulary: Vocabulary) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.pre)
    writer.add_token_list(list(vocabulary.tokens))
    writer.add_token_types(list(vocabulary.types))
    writer.add_token_merges(list(vocabulary.merges))
    writer.add_eos_token_id(vocabulary.eos)
    writer.add_pad_token_id(vocabulary.pad)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _tensors(shape: Shape, tokens: int, form: NumberFormat) -> Iterator[_Matrix | _Vector]:
    """Yield every tensor of the model in the order of the file."""

    def matrix(name: str, rows: int, columns: int) -> _Matrix:
        fitting = form if form.fits((rows, columns)) else F32
        return _Matrix(f"{name}.weight", rows, columns, fitting)

    def norm(name: str, size: int, scale: float = 1.0) -> _Vector:
        return _Vector(f"{name}.weight", (size,), 0.8 * scale, 1.2 * scale)

    width = shape.embedding
    # As in published Q4_K_M files, the layer that every token meets has more bits.
    outer = Q6_K if form is Q4_K else form
    outer = outer if outer.fits((tokens, width)) else F32
    yield _Matrix("token_embd.weight", tokens, width, outer, by_token=True)
    yield norm("output_norm", width, _LOGIT_SPREAD)
    if not shape.tied:
        yield _Matrix("output.weight", tokens, width, outer, by_token=True)
    for layer in range(shape.layers):
        block = f"blk.{layer}."
        yield norm(block + "attn_norm", width)
        if (layer + 1) % _FULL_ATTENTION_INTERVAL == 0:
            # A head of the queries carries its output gate.
            yield matrix(block + "attn_q", 2 * shape.heads * shape.head_size, width)
            yield matrix(block + "attn_k", shape.kv_heads * shape.head_size, width)
            yield matrix(block + "attn_v", shape.kv_heads * shape.head_size, width)
            yield matrix(block + "attn_output", width, shape.heads * shape.head_size)
            yield norm(block + "attn_q_norm", shape.head_size, _ATTENTION_SHARPNESS)
            yield norm(block + "attn_k_norm", shape.head_size, _ATTENTION_SHARPNESS)
        else:
            yield matrix(block + "attn_qkv", shape.mixed_size, width)
            yield matrix(block + "attn_gate", shape.value_size, width)
            yield _Vector(block + "ssm_conv1d.weight", (shape.mixed_size, _CONVOLUTION), -0.9, 0.9)
            # With these two, a state fades to a half within ten to a thousand tokens: an error in
            # what a sequence remembers shows in what is written next.
            yield _Vector(block + "ssm_dt.bias", (shape.value_heads,), -4.0, -1.0)
            yield _Vector(block + "ssm_a", (shape.value_heads,), -0.5, -0.01)
            yield matrix(block + "ssm_beta", shape.value_heads, width)
            yield matrix(block + "ssm_alpha", shape.value_heads, width)
            yield norm(block + "ssm_norm", shape.state)
            yield matrix(block + "ssm_out", width, shape.value_size)
        yield norm(block + "post_attention_norm", width)
        yield matrix(block + "ffn_gate", shape.feed_forward, width)
        yield matrix(block + "ffn_up", shape.feed_forward, width)
        yield matrix(block + "ffn_down", width, shape.feed_forward)


def _announce(writer: Any, tensor: _Matrix | _Vector) -> None:
    if isinstance(tensor, _Vector):
        size = prod(tensor.shape) * 4
        writer.add_tensor_info(tensor.name, tensor.shape, np.dtype(np.float32), size)
    else:
        shape = (tensor.rows, tensor.columns)
        kind = gguf_package().GGMLQuantizationType(tensor.form.ggml_type)
        size = tensor.form.bytes_of(shape)
        # The writer takes the type from `raw_dtype`; the other one only must not be bytes.
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), size, raw_dtype=kind)


def _pieces(
    rng: np.random.Generator, tensor: _Matrix | _Vector, quiet: np.ndarray[Any, np.dtype[np.bool_]]
) -> Iterator[Bytes]:
    if isinstance(tensor, _Vector):
        yield even_values(rng, tensor.shape, tensor.low, tensor.high).view(np.uint8)
    else:
        shape = (tensor.rows, tensor.columns)
        # What one output gets from all inputs together has the size of one input.
        spread = 1 / sqrt(tensor.columns)
        yield from random_rows(
            rng, tensor.form, shape, spread, quiet=quiet if tensor.by_token else None
        )


def main(arguments: list[str] | None = None) -> int:
    """Write the model that the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m qwen_lsp.evaluation.random_model",
        description="Write a GGUF of Qwen 3.5's architecture with random weights.",
    )
    parser.add_argument("out", type=Path, metavar="OUT.gguf")
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    parser.add_argument("--weights", choices=FORMATS, help="default: the usual one of the shape")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--vocabulary", default="bytes", metavar="FROM.gguf|bytes", help="default: bytes, our own"
    )
    asked = parser.parse_args(arguments)

    def make() -> None:
        vocabulary = None if asked.vocabulary == "bytes" else vocabulary_of(Path(asked.vocabulary))
        write_random_model(asked.out, asked.shape, vocabulary, asked.weights, asked.seed)

    return make_file(parser, asked.out, make)


if __name__ == "__main__":
    sys.exit(main())
