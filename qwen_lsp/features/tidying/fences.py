"""Stop where the model leaves the code and begins to chat."""

import re

from qwen_lsp.features.tidying.place import Place

# A fence, a thought, the next speaker of a conversation, a token that controls a model.
_CHAT = re.compile(
    r"^[ \t]*```|</?think>|^(?:Human|User|Assistant):\s|<\|\w+\|>|<\uff5c[^\n>]*\uff5c>",
    re.MULTILINE,
)
_OPENING_FENCE = re.compile(r"\s*```[\w+#-]*[ \t]*\n")


def cut_at_fence(text: str, place: Place) -> str:
    """Return `text` up to a Markdown fence, a thought or a control token.

    A fence that the text begins with is left out. A file that has the same is left alone.
    """
    opening = _OPENING_FENCE.match(text)
    if opening is not None and "```" not in place.document.text:
        text = text[opening.end() :]
    for leak in _CHAT.finditer(text):
        if leak[0].strip() not in place.document.text:
            return text[: leak.start()]
    return text
