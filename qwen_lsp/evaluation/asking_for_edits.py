"""Edits asked for by a measurement: by an action of the product, or by the plain model.

The plain model is told the same and gives the whole file, which is taken as it is.
"""

import re
import time
from dataclasses import dataclass

from qwen_lsp.engine.requests import (
    Chat,
    GenerateRequest,
    Generation,
    Message,
    Priority,
)
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.edit_cases import EditCase
from qwen_lsp.evaluation.variants import Variant
from qwen_lsp.features.actions import RefusalError, find_site, resolve
from qwen_lsp.text import Span, apply_edits

_MOST_TOKENS = 1024
_FENCE = re.compile(r"```[^\n]*\n(.*?)(?:```|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Edited:
    """The file after the edit, as it was where the edit was refused with a `reason`."""

    text: str
    reason: str
    ms: float
    generations: tuple[Generation, ...]


async def ask_action(asker: Asker, variant: Variant, case: EditCase, action: str) -> Edited:
    """Return what an action makes of the case's function; raises EngineError.

    Where the case is not about one function, the whole file is selected, as a user would.
    """
    model, recorder = asker.recorded(variant)
    function = case.function()
    place = function.definition_span.start if function is not None else 0
    end = place if function is not None else len(case.before)
    site = find_site(case.document, Span(place, end), instruction=case.request)
    began = time.monotonic()
    text, reason = case.before, ""
    try:
        if site is not None:
            rewrite = await resolve(site, action, model)
            text = apply_edits(case.before, rewrite.edits)
    except RefusalError as error:
        reason = str(error)
    ms = (time.monotonic() - began) * 1000
    return Edited(text, reason, ms, tuple(one for _, one in recorder.generations))


async def ask_plainly(asker: Asker, case: EditCase) -> Edited:
    """Return the file as the plain model writes it in a chat; raises EngineError."""
    told = f"{case.request}\n\nThis is {case.file_name}:\n\n```python\n{case.before}```\n\n"
    told += "Reply with the whole new file in one code block."
    request = GenerateRequest(
        Chat((Message("user", told),)),
        max_tokens=_MOST_TOKENS,
        priority=Priority.ACTION,
        sampling=asker.model.chat_sampling,
    )
    began = time.monotonic()
    generation = await asker.model.engine.generate(request)
    ms = (time.monotonic() - began) * 1000
    return Edited(fenced(generation.text), "", ms, (generation,))


def fenced(reply: str) -> str:
    """Return the first code block of a reply, all of it where there is none."""
    found = _FENCE.search(reply)
    return found[1] if found else reply
