"""The refactorings. One file an action, and one line in `ACTIONS`."""

from qwen_lsp.context.function import shown_code
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.context.secrets_files import is_secret_file
from qwen_lsp.features.actions.add_docstring import ADD_DOCSTRING
from qwen_lsp.features.actions.add_type_hints import ADD_TYPE_HINTS
from qwen_lsp.features.actions.base import (
    Action,
    Offer,
    RefusalError,
    Rewrite,
    Target,
    UnusableReplyError,
)
from qwen_lsp.features.actions.simplify import SIMPLIFY
from qwen_lsp.features.checks import Change, changes_something
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import Language, language_for_id, parse
from qwen_lsp.text import Document, apply_edits

__all__ = [
    "ACTIONS",
    "Action",
    "Offer",
    "RefusalError",
    "Rewrite",
    "find_offers",
    "find_target",
    "is_offered_in",
    "is_wanted",
    "resolve",
]

ACTIONS: tuple[Action, ...] = (ADD_TYPE_HINTS, ADD_DOCSTRING, SIMPLIFY)
_BY_ID = {action.id: action for action in ACTIONS}


def find_offers(target: Target | None, only: tuple[str, ...] = ()) -> list[Offer]:
    """Return what can be done with a function, from syntax alone.

    `only` holds the kinds that are asked for; a kind asks for all below it.
    """
    if target is None:
        return []
    offset = target.function.definition_span.start
    return [
        Offer(action.id, action.title, action.kind, offset)
        for action in ACTIONS
        if is_wanted(action.kind, only) and action.is_offered(target)
    ]


async def resolve(document: Document, action_id: str, offset: int, model: LocalModel) -> Rewrite:
    """Return the edit of an action on the function at `offset`.

    A reply that fails a check is asked for once more, with the reason. Raises RefusalError with
    one sentence where there is no good edit, and EngineError.
    """
    action = _BY_ID.get(action_id)
    if action is None:
        raise RefusalError(f"There is no action {action_id}; there are {', '.join(_BY_ID)}.")
    target = find_target(document, offset)
    if target is None:
        raise RefusalError(f"{action.title}: there is no function here.")
    if not action.is_offered(target):
        raise RefusalError(f"{action.title}: there is nothing to do for {target.function.name}.")
    if is_secret_file(document.path) or holds_secret(
        shown_code(document, target.tree, target.function)
    ):
        raise RefusalError(
            f"{action.title}: {target.function.name} holds what looks like a key or token, "
            "and is not shown to the model."
        )
    reason = ""
    for _ in range(2):
        try:
            edits = await action.write(target, model, reason)
        except UnusableReplyError as error:
            reason = str(error)
            continue
        after = apply_edits(document.text, edits)
        change = Change(target.language, document.text, after, target.function)
        reasons = (check(change) for check in (changes_something, *action.checks))
        reason = next((reason for reason in reasons if reason), "")
        if not reason:
            return Rewrite(action.title, document.version, edits)
    raise RefusalError(f"{action.title}: no good edit for {target.function.name}, {reason}.")


def find_target(document: Document, offset: int) -> Target | None:
    """Return the function at `offset`, None where there is none or the language is not known."""
    language = language_for_id(document.language_id)
    if language is None:
        return None
    tree = parse(language, document.text)
    function = tree.function_at(offset)
    return Target(document, language, tree, function) if function is not None else None


def is_wanted(kind: str, only: tuple[str, ...]) -> bool:
    """Say whether a kind is among those that are asked for; no kinds ask for all."""
    return not only or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)


def is_offered_in(action: Action, language: Language) -> bool:
    """Say whether an action makes sense in a language at all, for documentation."""
    return action is not ADD_TYPE_HINTS or language.type_hints
