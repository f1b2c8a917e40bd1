"""Vocabularies for models with random weights: a small one of our own, or another GGUF's.

The small one is a byte-level BPE like Qwen's: 256 bytes, the merges that were learnt from the code
words below, and the special tokens that chats and infilling need. It depends on nothing but this
file, so the same tokens come out everywhere.

Sources: the byte alphabet is that of GPT-2's encoder, which all Qwen tokenizers use; the special
tokens and their order are those of Qwen 3.5's tokenizer configuration; token types and keys are
those of llama.cpp's gguf-py/gguf/constants.py.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from qwen_lsp.evaluation.gguf_package import gguf_package

# Token types, as llama.cpp numbers them.
NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5

SMALL_TOKENS = 768

_CONTROL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
)
_MARKUP_TOKENS = (
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "</tool_response>",
    "<think>",
    "</think>",
)

# What the merges are learnt from: words come with and without a space before them.
_WORDS = """
def return self if for in not None import from class else True False and or is with as try
except raise while elif lambda pass yield async await global assert del finally break continue
print len range str int float bool list dict set tuple object type open path name value key item
items index count line lines text result results error message number numbers total size start
end first last left right node parent child children tree file files folder read write load save
get add remove update find search sort sorted reverse append extend join split strip replace
format isinstance super init main args kwargs options config settings client server request
response status code user token tokens model prompt cursor offset position span document edit
change check test case function method module package property static const let var void public
private struct enum interface implements match switch default throw catch new delete this null
undefined export string char unsigned long double template include namespace using impl trait
mut fn use crate pub where func defer chan map make select console log require exports typeof
instanceof
"""
# Signs and indentations, with a tab between them.
_SIGNS = (
    "\n\t\n\n\t\n\n\n\t  \t    \t        \t            \t   \t       \t           \t()\t"
    "():\n\t):\n\t)\n\t):\t =\t ==\t !=\t <=\t >=\t +=\t ->\t (\t [\t {\t[]\t{}\t])\t"
    '])\n\t})\t("\t")\t")\n\t "\t",\t[\'\t\']\t:\n\t,\n\t;\n\t {\n\t}\n\t};\n\t__\t_\t'
    ' #\t //\t"""\t"""\n\t *\t /\t::\t=>\t&&\t ||\t...\t();\n'
)


@dataclass(frozen=True)
class Vocabulary:
    """The tokenizer part of a GGUF.

    `tokens` and `merges` are written in the byte alphabet, one character a byte. `pre` names the
    way of cutting text before the merges, `eos` and `pad` are token ids.
    """

    tokens: tuple[str, ...]
    types: tuple[int, ...]
    merges: tuple[str, ...]
    pre: str
    eos: int
    pad: int

    def padded(self, size: int) -> "Vocabulary":
        """Return the vocabulary with unused tokens behind it, up to `size`; never fewer tokens."""
        more = range(len(self.tokens), size)
        return replace(
            self,
            tokens=self.tokens + tuple(f"[PAD{number}]" for number in more),
            types=self.types + (UNUSED,) * len(more),
        )

    def plain_text(self) -> list[bool]:
        """Return for each token whether it is complete, printable text (or line ends)."""
        back = {character: byte for byte, character in enumerate(byte_alphabet())}
        return [
            kind == NORMAL and _is_printable(bytes(back[character] for character in token))
            for token, kind in zip(self.tokens, self.types, strict=True)
        ]


@cache
def small_vocabulary() -> Vocabulary:
    """Return our own vocabulary of SMALL_TOKENS tokens."""
    alphabet = byte_alphabet()
    special = (*_CONTROL_TOKENS, *_MARKUP_TOKENS)
    fragments: Counter[tuple[str, ...]] = Counter()
    for word in _WORDS.split():
        fragments[_spelled(" " + word, alphabet)] += 2
        fragments[_spelled(word, alphabet)] += 1
    for sign in _SIGNS.split("\t"):
        fragments[_spelled(sign, alphabet)] += 2
    merges = _learnt(fragments, SMALL_TOKENS - len(alphabet) - len(special))
    tokens = (*alphabet, *(left + right for left, right in merges), *special)
    plain = len(tokens) - len(special)
    return Vocabulary(
        tokens=tokens,
        types=(NORMAL,) * plain
        + (CONTROL,) * len(_CONTROL_TOKENS)
        + (USER_DEFINED,) * len(_MARKUP_TOKENS),
        merges=tuple(f"{left} {right}" for left, right in merges),
        pre="qwen35",
        eos=tokens.index("<|im_end|>"),
        pad=tokens.index("<|endoftext|>"),
    )


def vocabulary_of(path: Path) -> Vocabulary:
    """Return the vocabulary of another GGUF with a byte-level BPE; raises ValueError."""
    reader = gguf_package().GGUFReader(path)

    def content(key: str) -> Any:
        field = reader.get_field(f"tokenizer.ggml.{key}")
        return None if field is None else field.contents()

    if content("model") != "gpt2":
        raise ValueError(f"{path} has no byte-level BPE vocabulary.")
    tokens: tuple[str, ...] = tuple(content("tokens"))
    pad = content("padding_token_id")
    eos = content("eos_token_id")
    return Vocabulary(
        tokens=tokens,
        types=tuple(content("token_type")),
        merges=tuple(content("merges")),
        pre=content("pre"),
        eos=eos,
        pad=eos if pad is None else pad,
    )


def byte_alphabet() -> tuple[str, ...]:
    """Return the character that stands for each byte, in the order of the bytes.

    Printable Latin-1 characters stand for themselves, the others for the characters from U+0100.
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return tuple(chr(byte if byte in printable else next(others)) for byte in range(256))


def _spelled(text: str, alphabet: Sequence[str]) -> tuple[str, ...]:
    return tuple(alphabet[byte] for byte in text.encode())


def _learnt(fragments: Counter[tuple[str, ...]], count: int) -> list[tuple[str, str]]:
    """Return the `count` merges that byte-pair encoding learns from weighted fragments."""
    merges: dict[str, tuple[str, str]] = {}
    while len(merges) < count:
        pairs: Counter[tuple[str, str]] = Counter()
        for fragment, weight in fragments.items():
            for pair in pairwise(fragment):
                # One text is one token, however it was put together.
                if merges.get("".join(pair), pair) == pair:
                    pairs[pair] += weight
        if not pairs:
            raise ValueError(f"The words give only {len(merges)} of {count} merges.")
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges["".join(best)] = best
        merged: Counter[tuple[str, ...]] = Counter()
        for fragment, weight in fragments.items():
            merged[_merged(fragment, best)] += weight
        fragments = merged
    return list(merges.values())


def _merged(fragment: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    parts: list[str] = []
    for part in fragment:
        if parts and (parts[-1], part) == pair:
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _is_printable(piece: bytes) -> bool:
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return False
    # llama.cpp takes some tokens for special by their text, whatever their type: `</s>` is one.
    special = text.startswith("<") and text.endswith(">")
    return not special and text.replace("\n", "").isprintable()
