"""From what the model wrote to what may be shown: one small file a filter, in this order."""

from collections.abc import Callable

from qwen_lsp.features.tidying.block import cut_at_block_end
from qwen_lsp.features.tidying.brackets import drop_doubled_brackets
from qwen_lsp.features.tidying.fences import cut_at_fence
from qwen_lsp.features.tidying.parses import cut_until_it_parses
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.features.tidying.repeats import drop_repeats
from qwen_lsp.features.tidying.suffix import drop_doubled_suffix
from qwen_lsp.features.tidying.whitespace import trim

Filter = Callable[[str, Place], str]

FILTERS: tuple[Filter, ...] = (
    cut_at_fence,
    cut_at_block_end,
    drop_doubled_brackets,
    drop_doubled_suffix,
    drop_repeats,
    trim,
    cut_until_it_parses,
)


def tidy(text: str, place: Place) -> str:
    """Return what of `text` is good to show at `place`; empty where nothing is."""
    for filter_text in FILTERS:
        text = filter_text(text, place)
        if not text.strip():
            return ""
    return text
