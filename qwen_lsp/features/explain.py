"""Explaining code in words: the function at a place, or the selected lines outside of one."""

from collections.abc import Callable

from qwen_lsp.context.function import dedented
from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import RefusalError, Site, kept_from_model
from qwen_lsp.features.model import LocalModel

_MOST_CHARACTERS = 8000


async def explain(
    site: Site,
    model: LocalModel,
    reply_language: str,
    on_text: Callable[[str], None] | None = None,
) -> str:
    """Return an explanation as Markdown; `on_text` gets what there is of it so far, time and again.

    Raises RefusalError with one sentence where there is nothing to explain, and EngineError.
    """
    code = explained_code(site)
    if is_kept_from_model(site.document):
        raise RefusalError(kept_from_model(site.document))
    if holds_secret(code):
        raise RefusalError("This holds what looks like a key or token, and is not explained.")
    told = {
        "language": site.language.title,
        "fence": site.language.fence,
        "code": code,
        "reply_language": reply_language,
    }
    reply = await model.ask("explain", told, Priority.ACTION, on_text=on_text)
    return reply.text.strip()


def explained_code(site: Site) -> str:
    """Return the code to explain; raises RefusalError where there is none, or too much."""
    target = site.target
    is_selected = site.selection.start < site.selection.end
    code = site.document.slice(site.lines) if is_selected else ""
    if target is not None and not is_selected:
        code = dedented(site.document, target.function.span, target.function.indent)
    if not code.strip():
        raise RefusalError("There is no function here to explain, and nothing is selected.")
    if len(code) > _MOST_CHARACTERS:
        raise RefusalError("This is too long to explain; select a part of it.")
    return code.replace("\r\n", "\n")
