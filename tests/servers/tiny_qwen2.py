"""A tiny Qwen2 with random weights as a folder of Hugging Face's files, for servers that need one.

Its tokens are the 256 bytes and Qwen's control tokens; there are no merges, so a token is a byte.
The rows of all but printable ASCII are zero, so at temperature 0 it writes letters, without sense
and without an end.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Source: the tokenizer of Qwen2.5-Coder, in its order.
CONTROL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
CONTEXT_TOKENS = 2048
_LAYERS, _WIDTH, _HEADS, _INNER = 2, 128, 2, 128
_PRINTABLE = range(0x20, 0x7F)
_CHATML = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_qwen2(folder: Path) -> None:
    """Write configuration, tokenizer and weights into a folder, the same ones every time."""
    folder.mkdir(parents=True, exist_ok=True)
    end = {"bos_token_id": None, "eos_token_id": 256 + CONTROL_TOKENS.index("<|im_end|>")}
    _write(folder / "config.json", _config() | end)
    _write(folder / "generation_config.json", end)
    _write(folder / "tokenizer.json", _tokenizer())
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>",
            "model_max_length": CONTEXT_TOKENS,
            "chat_template": _CHATML,
        },
    )
    _write_safetensors(folder / "model.safetensors", _weights())


def _config() -> dict[str, Any]:
    return {
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "vocab_size": 256 + len(CONTROL_TOKENS),
        "hidden_size": _WIDTH,
        "intermediate_size": _INNER,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": _HEADS,
        "num_key_value_heads": _HEADS,
        "max_position_embeddings": CONTEXT_TOKENS,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
    }


def _tokenizer() -> dict[str, Any]:
    marks: list[dict[str, Any]] = [
        {
            "id": 256 + index,
            "content": text,
            "special": True,
            "normalized": False,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
        }
        for index, text in enumerate(CONTROL_TOKENS)
    ]
    by_bytes = {
        "type": "ByteLevel",
        "add_prefix_space": False,
        "trim_offsets": False,
        "use_regex": False,
    }
    return {
        "version": "1.0",
        "added_tokens": marks,
        "pre_tokenizer": by_bytes,
        "decoder": by_bytes,
        "model": {
            "type": "BPE",
            "vocab": {letter: byte for byte, letter in enumerate(_letters_of_bytes())},
            "merges": [],
        },
    }


def _letters_of_bytes() -> list[str]:
    """Return the letter that byte-level BPE writes for each byte (GPT-2's bytes_to_unicode)."""
    shown = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    hidden = [byte for byte in range(256) if byte not in shown]
    return [chr(byte if byte in shown else 256 + hidden.index(byte)) for byte in range(256)]


def _weights() -> dict[str, NDArray[np.float32]]:
    random = np.random.default_rng(seed=2)

    def matrix(rows: int, columns: int) -> NDArray[np.float32]:
        return random.normal(0, 0.3, (rows, columns)).astype(np.float32)

    ones, zeros = np.ones(_WIDTH, np.float32), np.zeros(_WIDTH, np.float32)
    embedding = matrix(256 + len(CONTROL_TOKENS), _WIDTH)
    embedding[[row for row in range(len(embedding)) if row not in _PRINTABLE]] = 0
    weights = {"model.embed_tokens.weight": embedding, "model.norm.weight": ones}
    for index in range(_LAYERS):
        layer = f"model.layers.{index}"
        weights[f"{layer}.input_layernorm.weight"] = ones
        weights[f"{layer}.post_attention_layernorm.weight"] = ones
        for name in "qkv":
            weights[f"{layer}.self_attn.{name}_proj.weight"] = matrix(_WIDTH, _WIDTH)
            weights[f"{layer}.self_attn.{name}_proj.bias"] = zeros
        weights[f"{layer}.self_attn.o_proj.weight"] = matrix(_WIDTH, _WIDTH)
        weights[f"{layer}.mlp.gate_proj.weight"] = matrix(_INNER, _WIDTH)
        weights[f"{layer}.mlp.up_proj.weight"] = matrix(_INNER, _WIDTH)
        weights[f"{layer}.mlp.down_proj.weight"] = matrix(_WIDTH, _INNER)
    return weights


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def _write_safetensors(path: Path, weights: dict[str, NDArray[np.float32]]) -> None:
    """Write a file of safetensors: the length of a JSON header, the header, the numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    start = 0
    for name, values in weights.items():
        stop = start + values.nbytes
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [start, stop]}
        start = stop
    described = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(described).to_bytes(8, "little") + described)
        for values in weights.values():
            file.write(values.tobytes())
