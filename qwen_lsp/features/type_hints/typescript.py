"""Types of TypeScript parameters and results that their syntax says."""

import re

from qwen_lsp.features.type_hints.patterns import HOLE
from qwen_lsp.languages import Function
from qwen_lsp.languages.slots import Slot

# A default value is a literal if a comma or bracket follows.
_LITERALS = {
    "number": re.compile(r"\s*=\s*-?\d[\d_.]*\s*[,)]"),
    "string": re.compile(r"\s*=\s*(?:\"[^\"\n]*\"|'[^'\n]*'|`[^`$]*`)\s*[,)]"),
    "boolean": re.compile(r"\s*=\s*(?:true|false)\s*[,)]"),
}
_GIVES = re.compile(r"\b(?:return|throw|yield)\b")


def typescript_type(text: str, function: Function, slot: Slot) -> str:
    """Return the type of a slot, `?` where the syntax does not say it.

    A literal default value says it, and a body in braces without any `return`.
    """
    if slot.name:
        behind = slot.span.end
        found = [kind for kind, form in _LITERALS.items() if form.match(text, behind)]
        return found[0] if found else HOLE
    body = function.body_span
    if body is None or not text.startswith("{", body.start):
        return HOLE
    if _GIVES.search(text, body.start, body.end) or "*" in text[: body.start].rpartition("\n")[2]:
        return HOLE
    return "Promise<void>" if function.is_async else "void"
