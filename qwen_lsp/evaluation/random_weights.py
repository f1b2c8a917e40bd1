"""Random tensors in the number formats of GGUF, made block by block with bounded memory.

Every format is a block with a frame (its scales) and a payload (its numbers). The frame is the
same in each block and the payload is random bytes, so a model of gigabytes is written as fast as
bytes can be drawn. Values are spread evenly around zero with a given standard deviation.

Source of the block layouts: llama.cpp's ggml/src/ggml-common.h and the dequantisers in
ggml-quants.c.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
from numpy.typing import NDArray

_CHUNK_BYTES = 16 * 2**20
# The standard deviation of an even spread over n steps of one, for 256, 64 and 16 steps.
_STEPS_256, _STEPS_64, _STEPS_16 = (sqrt((n * n - 1) / 12) for n in (256, 64, 16))

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class NumberFormat:
    """One number format: its name and number in GGML, and the size of a block.

    `fill` returns `count` blocks of values with a standard deviation, as bytes.
    """

    name: str
    ggml_type: int
    file_type: int
    block_values: int
    block_bytes: int
    fill: Callable[[np.random.Generator, int, float], Bytes]

    def fits(self, shape: Sequence[int]) -> bool:
        """Return whether rows of `shape` (rows, columns) are whole blocks."""
        return shape[-1] % self.block_values == 0

    def bytes_of(self, shape: Sequence[int]) -> int:
        """Return the size of a tensor in bytes."""
        return prod(shape) // self.block_values * self.block_bytes


def random_rows(
    rng: np.random.Generator,
    form: NumberFormat,
    shape: Sequence[int],
    spread: float,
    *,
    quiet: NDArray[np.bool_] | None = None,
    quiet_factor: float = 0.1,
) -> Iterator[Bytes]:
    """Yield the bytes of a tensor of `shape` (rows, columns) in pieces of a few megabytes.

    Rows marked in `quiet` have `quiet_factor` times the spread of the others.
    """
    rows, columns = prod(shape[:-1]), shape[-1]
    row_blocks = columns // form.block_values
    step = max(1, _CHUNK_BYTES // (row_blocks * form.block_bytes))
    for start in range(0, rows, step):
        count = min(step, rows - start)
        blocks = form.fill(rng, count * row_blocks, spread).reshape(count, -1)
        if quiet is not None:
            marked = quiet[start : start + count]
            number = int(np.count_nonzero(marked))
            softer = form.fill(rng, number * row_blocks, spread * quiet_factor)
            blocks[marked] = softer.reshape(number, -1)
        yield blocks


def even_values(
    rng: np.random.Generator, shape: Sequence[int], low: float, high: float
) -> NDArray[np.float32]:
    """Return 32-bit numbers spread evenly between `low` and `high`."""
    return (low + (high - low) * rng.random(tuple(shape), dtype=np.float32)).astype(np.float32)


def _floats(kind: type[np.floating]) -> Callable[[np.random.Generator, int, float], Bytes]:
    def fill(rng: np.random.Generator, count: int, spread: float) -> Bytes:
        edge = spread * sqrt(3)
        return even_values(rng, (count,), -edge, edge).astype(kind).view(np.uint8)

    return fill


def _framed(
    block_bytes: int, payload: slice, frame: Callable[[float], bytes]
) -> Callable[[np.random.Generator, int, float], Bytes]:
    """Return a filler whose blocks are random bytes in `payload` and `frame(spread)` around it."""

    def fill(rng: np.random.Generator, count: int, spread: float) -> Bytes:
        blocks = np.frombuffer(rng.bytes(count * block_bytes), np.uint8).copy()
        blocks = blocks.reshape(count, block_bytes)
        scales = np.frombuffer(frame(spread), np.uint8)
        blocks[:, : payload.start] = scales[: payload.start]
        blocks[:, payload.stop :] = scales[payload.start :]
        return blocks

    return fill


def _half(value: float) -> bytes:
    return np.array(value, np.dtype("<f2")).tobytes()


def _q8_0_frame(spread: float) -> bytes:
    return _half(spread / _STEPS_256)


def _q4_k_frame(spread: float) -> bytes:
    """Scale and minimum, then 12 bytes in which each of the 8 sub-scales and sub-minima is 32."""
    scale = spread / (32 * _STEPS_16)
    return _half(scale) + _half(7.5 * scale) + bytes([0xA0] * 8 + [0x00] * 4)


def _q6_k_frame(spread: float) -> bytes:
    """Sixteen sub-scales of 16 and one scale, which stand behind the numbers."""
    return bytes([16] * 16) + _half(spread / (16 * _STEPS_64))


F32 = NumberFormat("F32", 0, 0, 1, 4, _floats(np.float32))
F16 = NumberFormat("F16", 1, 1, 1, 2, _floats(np.float16))
Q8_0 = NumberFormat("Q8_0", 8, 7, 32, 34, _framed(34, slice(2, 34), _q8_0_frame))
Q4_K = NumberFormat("Q4_K", 12, 15, 256, 144, _framed(144, slice(16, 144), _q4_k_frame))
Q6_K = NumberFormat("Q6_K", 14, 18, 256, 210, _framed(210, slice(0, 192), _q6_k_frame))
FORMATS = {form.name: form for form in (F32, F16, Q8_0, Q4_K, Q6_K)}
