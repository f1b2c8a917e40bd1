"""The shapes of random models: two small ones of our own, and those that Qwen 3.5 has.

Source of the published shapes: `text_config` in config.json of Qwen3.5-0.8B, 4B and 9B.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shape:
    """The sizes of a model.

    A head of the delta net has `state` numbers for each of `state` values; `key_heads` and
    `value_heads` count those. `rope` is how many dimensions of an attention head are rotated, and
    `rope_sections` how they are divided. `tokens` is what the vocabulary is padded to, and
    `weights` the usual number format.
    """

    layers: int
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    state: int
    key_heads: int
    value_heads: int
    rope: int
    rope_sections: tuple[int, int, int, int]
    weights: str
    tied: bool = True
    tokens: int = 0
    context: int = 262_144

    @property
    def value_size(self) -> int:
        """The width of the values of a delta net."""
        return self.state * self.value_heads

    @property
    def mixed_size(self) -> int:
        """The width of queries, keys and values of a delta net together."""
        return 2 * self.state * self.key_heads + self.value_size


_SHAPE_0_8B = Shape(
    layers=24,
    embedding=1024,
    feed_forward=3584,
    heads=8,
    kv_heads=2,
    head_size=256,
    state=128,
    key_heads=16,
    value_heads=16,
    rope=64,
    rope_sections=(11, 11, 10, 0),
    weights="Q4_K",
    tokens=248_320,
)
SHAPES = {
    "tiny": Shape(
        layers=4,
        embedding=96,
        feed_forward=192,
        heads=4,
        kv_heads=2,
        head_size=32,
        state=32,
        key_heads=2,
        value_heads=4,
        rope=16,
        rope_sections=(3, 3, 2, 0),
        weights="F32",
    ),
    "small": Shape(
        layers=8,
        embedding=512,
        feed_forward=1536,
        heads=8,
        kv_heads=2,
        head_size=64,
        state=64,
        key_heads=8,
        value_heads=8,
        rope=32,
        rope_sections=(6, 5, 5, 0),
        weights="F16",
    ),
    "0.8b": _SHAPE_0_8B,
    "4b": replace(
        _SHAPE_0_8B,
        layers=32,
        embedding=2560,
        feed_forward=9216,
        heads=16,
        kv_heads=4,
        value_heads=32,
    ),
    "9b": replace(
        _SHAPE_0_8B,
        layers=32,
        embedding=4096,
        feed_forward=12288,
        heads=16,
        kv_heads=4,
        value_heads=32,
        tied=False,
    ),
}
