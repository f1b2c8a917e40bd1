"""A word right behind a finished statement."""

import re

from qwen_lsp.features.tidying.brackets import Nesting
from qwen_lsp.features.tidying.place import Place

_FINISHED = re.compile(r"[;}\]]\Z")
_WORD = re.compile(r"\w")


def drop_glued_word(text: str, place: Place) -> str:
    """Return nothing where `text` would go on with a word right behind `;`, `}` or `]`.

    Inside brackets or quotes such a word may be right.
    """
    if not _FINISHED.search(place.before) or not _WORD.match(text):
        return text
    return text if Nesting().read(place.before).waiting else ""
