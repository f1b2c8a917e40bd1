"""From what the model wrote to what may be shown: one small file a filter, in this order."""

import re
from collections.abc import Callable

from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.features.tidying.block import cut_at_block_end
from qwen_lsp.features.tidying.brackets import (
    Nesting,
    drop_doubled_brackets,
    replaced_span,
    replaces_rest,
    without_doubled,
)
from qwen_lsp.features.tidying.fences import cut_at_fence
from qwen_lsp.features.tidying.glued import drop_glued_word
from qwen_lsp.features.tidying.indentation import fit_indentation
from qwen_lsp.features.tidying.parses import cut_until_it_parses, errors_with
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.features.tidying.repeats import drop_repeats
from qwen_lsp.features.tidying.suffix import drop_doubled_suffix
from qwen_lsp.features.tidying.whitespace import trim

__all__ = ["FILTERS", "Filter", "replaced_span", "tidy"]

_FUNCTION_HEAD = re.compile(r"\b(?:function|func|fn|fun|def)\b[^\n]*\{\s*\Z")

Filter = Callable[[str, Place], str]

FILTERS: tuple[Filter, ...] = (
    cut_at_fence,
    drop_glued_word,
    fit_indentation,
    cut_at_block_end,
    drop_doubled_brackets,
    drop_doubled_suffix,
    drop_repeats,
    trim,
    cut_until_it_parses,
)


def tidy(text: str, place: Place) -> str:
    """Return what of `text` is good to show at `place`; empty where nothing is.

    What it replaces says `replaced_span`.
    """
    for filter_text in FILTERS:
        if filter_text is drop_doubled_suffix and replaces_rest(text, place):
            return _replacing(text, place)
        if filter_text is cut_until_it_parses and not _is_readable(text, place):
            continue
        text = filter_text(text, place)
        if not text.strip():
            return ""
    return text + place.tail


def _replacing(text: str, place: Place) -> str:
    """Return what is good of a text that takes the place of the rest of the line.

    Where it is none without what it closes, or breaks the file, it is cut before that.
    """
    bare = place.without_rest()
    replacing = tidy(text, bare)
    if replacing and replaces_rest(replacing, place):
        if not _is_readable(replacing, place):
            return replacing
        allowed = count_syntax_errors(place.tree)
        # Of a file that is broken already, the parser may lose a little more; and a function that
        # is begun at its end has no body yet.
        is_begun = not place.next_line and _FUNCTION_HEAD.search(place.before + replacing)
        if errors_with(bare, replacing) <= allowed + bool(allowed or is_begun):
            return replacing
    return tidy(without_doubled(text, place), place)


def _is_readable(text: str, place: Place) -> bool:
    """Say whether the syntax around the cursor is known well enough to judge `text` by it."""
    if not place.has_grammar:
        return False
    return not place.is_lost or bool(Nesting().read(text).waiting)
