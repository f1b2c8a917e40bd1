"""From a place to the model's reply: what it is shown, in which form, within which budget."""

from collections.abc import Callable

from qwen_lsp.context.budget import CODE_POINTS_PER_TOKEN, code_points
from qwen_lsp.context.cursor import cursor_context
from qwen_lsp.context.related import Related, Snippet, related
from qwen_lsp.context.secrets import redacted, without_secrets
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.model import LocalModel, Reply
from qwen_lsp.features.project import Project
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.index.database import Index
from qwen_lsp.settings import Settings

# Shares of the budget at most, for outlines from other files and for what was edited lately.
_OUTLINES_SHARE = 0.3
_RECENT_SHARE = 0.1
# A few hundred tokens say what somebody is at; more is noise to a small model.
_MOST_RECENT = 900
_MOST_OUTLINES = 3000
# A smaller budget is for the file at hand: what reads so little is a slow machine, and members
# behind a dot cost nothing to read.
_LEAST_TOKENS_FOR_SNIPPETS = 1024


async def ask(
    place: Place,
    model: LocalModel,
    settings: Settings,
    project: Project,
    priority: Priority,
    *,
    max_tokens: int,
    deadline_ms: int | None = None,
    variation: int = 0,
    enough: Callable[[str], bool] | None = None,
) -> Reply:
    """Ask in the form that the model was trained for: a hole in code, or a conversation.

    Raises EngineError.
    """
    deadline = settings.inline_completion.deadline_ms
    tokens = settings.context.max_tokens or model.fitting_context_tokens(deadline)
    tokens = min(tokens, model.most_prompt_tokens(settings.inline_completion.max_tokens))
    document, language = place.document, place.language
    is_large = tokens >= _LEAST_TOKENS_FOR_SNIPPETS
    room = code_points(tokens) if model.wants_outlines and is_large else 0
    indexed = project.indexes.index_for(document.path)
    elsewhere = Related()
    if settings.context.cross_file:
        elsewhere = _elsewhere(place, project, indexed, room)
    shown = sum(len(one.path) + len(one.text) for one in elsewhere.snippets)
    tokens -= -(-shown // CODE_POINTS_PER_TOKEN)
    document = without_secrets(document, place.offset, code_points(tokens))
    context = cursor_context(document, place.tree, place.offset, tokens)
    return await model.ask(
        model.completion_template,
        {
            **vars(context),
            "scope": redacted(context.scope),
            "related": elsewhere.snippets,
            "repository": indexed[0].name if indexed else "",
            "path": document.path,
            "language": language.title,
            "fence": language.fence,
        },
        priority,
        max_tokens=max_tokens,
        deadline_ms=deadline_ms,
        # Alternatives must not take each other's place.
        supersedes=f"{document.uri}#{variation}" if variation else document.uri,
        marks=context.marks,
        begun=context.begun,
        first_words=elsewhere.members,
        variation=variation,
        enough=enough,
    )


def _elsewhere(
    place: Place, project: Project, indexed: tuple[Index, str] | None, room: int
) -> Related:
    """Return what other files and recent work say about a place; nothing of it is secret.

    The snippets take their shares of `room` code points at most.
    """
    found = Related()
    if indexed is not None:
        index, path = indexed
        most = min(int(room * _OUTLINES_SHARE), _MOST_OUTLINES)
        found = related(place.document, place.language, place.offset, index, path, room=most)
    most = min(int(room * _RECENT_SHARE), _MOST_RECENT)
    recent = project.recent.snippets(place.document, place.offset, most)
    snippets = [
        *(Snippet(one.path, redacted(one.text)) for one in found.snippets),
        *(Snippet(one.path, f"{one.text}\n") for one in recent),
    ]
    return Related(tuple(snippets), found.members)
