"""Ghost text: what could stand at the cursor.

The way of a keystroke: gate (is it worth asking?), suggestions (did we just say this?), context,
prompt, engine, tidying.
"""

import re
from collections.abc import Callable

from qwen_lsp.context.budget import code_points
from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.context.secrets import redacted, without_secrets
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.gate import reason_to_stay_silent
from qwen_lsp.features.model import LocalModel, Reply
from qwen_lsp.features.project import Project
from qwen_lsp.features.suggestions import Suggestion
from qwen_lsp.features.tidying import tidy
from qwen_lsp.features.tidying.block import has_block_ended
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.languages import language_for_id
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document, Span

# Who asks by a key waits for an answer; who types does not.
_EXPLICIT_DEADLINE_MS = 30_000
_BLANK_LINES = re.compile(r"\A(?:[ \t]*(?:\r\n|\n|\r))+")
_WORD = re.compile(r"\w")
_WORD_END = re.compile(r"\w\Z")


async def complete(
    document: Document,
    offset: int,
    model: LocalModel,
    settings: Settings,
    project: Project,
    *,
    explicit: bool = False,
) -> Suggestion | None:
    """Return what to suggest at `offset`, None where there is nothing good to say.

    Raises EngineError. A newer call for the same document ends this one early.
    """
    language = language_for_id(document.language_id)
    if language is None:
        return None
    inline = settings.inline_completion
    rest_of_line = document.text[offset : document.lines.end(document.lines.line_of(offset))]
    place = Place(document, language, offset, inline.multiline and not rest_of_line.strip())
    if reason_to_stay_silent(document, place.tree, offset, inline, explicit=explicit) is not None:
        return None
    known = project.suggestions.find(document, offset)
    if known is not None:
        return _suggestion(known, offset)
    typed_space = place.before[len(place.before.rstrip(" \t")) :]
    reply = await _ask(
        place,
        model,
        settings,
        Priority.TYPING,
        max_tokens=inline.max_tokens,
        deadline_ms=_EXPLICIT_DEADLINE_MS if explicit else inline.deadline_ms,
        enough=lambda text: has_block_ended(_behind_space(text, typed_space, place), place),
    )
    if reply.generation.finish in ("superseded", "cancelled"):
        return None
    text = reply.text
    if reply.generation.finish in ("deadline", "length"):
        text = _without_last_line(text)
    text = tidy(_behind_space(text, typed_space, place), place)
    if text or reply.generation.finish != "deadline":
        project.suggestions.remember(document, offset, text)
    return _suggestion(text, offset)


async def read_ahead(
    document: Document, offset: int, model: LocalModel, settings: Settings, project: Project
) -> None:
    """Let the model read what a request at `offset` would need, before anybody asks.

    Raises EngineError. A request or a newer call for the same document ends this one.
    """
    language = language_for_id(document.language_id)
    if language is None or project.suggestions.find(document, offset) is not None:
        return
    inline = settings.inline_completion
    place = Place(document, language, offset, multiline=inline.multiline)
    if reason_to_stay_silent(document, place.tree, offset, inline, explicit=False) is None:
        await _ask(place, model, settings, Priority.AHEAD, max_tokens=0)


async def _ask(
    place: Place,
    model: LocalModel,
    settings: Settings,
    priority: Priority,
    *,
    max_tokens: int,
    deadline_ms: int | None = None,
    enough: Callable[[str], bool] | None = None,
) -> Reply:
    """Ask in the form that the model was trained for: a hole in code, or a conversation."""
    deadline = settings.inline_completion.deadline_ms
    tokens = settings.context.max_tokens or model.fitting_context_tokens(deadline)
    tokens = min(tokens, model.most_prompt_tokens(settings.inline_completion.max_tokens))
    document, language = place.document, place.language
    document = without_secrets(document, place.offset, code_points(tokens))
    context = cursor_context(document, place.tree, place.offset, tokens)
    return await model.ask(
        "complete" if model.can_infill else "complete/chat",
        {
            **vars(context),
            "scope": redacted(context.scope),
            "language": language.title,
            "fence": language.fence,
        },
        priority,
        max_tokens=max_tokens,
        deadline_ms=deadline_ms,
        supersedes=document.uri,
        marks=context.marks,
        begun=context.begun,
        enough=enough,
    )


def _suggestion(text: str, offset: int) -> Suggestion | None:
    return Suggestion(text, Span(offset, offset)) if text else None


def _behind_space(text: str, typed_space: str, place: Place) -> str:
    """Return what the model wrote behind the white space that the user has typed already."""
    begun = place.before.rstrip(" \t")
    if not begun:
        # Code, not a blank line, belongs behind typed indentation; less of it ends the block.
        text = _BLANK_LINES.sub("", text) if typed_space else text
        return text.removeprefix(typed_space) if text.startswith(typed_space) else ""
    if text.startswith(typed_space):
        return text[len(typed_space) :]
    if _WORD_END.search(begun) and _WORD.match(text):
        return ""  # The model went on with the word before the space.
    return text.lstrip(" \t")


def _without_last_line(text: str) -> str:
    """Drop a line that was not finished, unless it is the only one."""
    head, line_end, _ = text.rpartition("\n")
    return head if line_end and head.strip() else text
