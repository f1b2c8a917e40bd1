"""Stop where the model leaves the code and begins to chat."""

import re

from qwen_lsp.features.tidying.place import Place

_CHAT = re.compile(r"^[ \t]*```|</?think>", re.MULTILINE)


def cut_at_fence(text: str, place: Place) -> str:
    """Return `text` up to a Markdown fence or a thought, unless the file has some itself."""
    leak = _CHAT.search(text)
    if leak is None or leak[0].strip() in place.document.text:
        return text
    return text[: leak.start()]
