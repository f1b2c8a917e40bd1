"""The refactorings. One file an action, and one line in `ACTIONS`."""

from pathlib import Path

from qwen_lsp.context.function import shown_code
from qwen_lsp.context.hidden_files import is_kept_from_model
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.features.actions.add_docstring import ADD_DOCSTRING
from qwen_lsp.features.actions.add_type_hints import (
    ADD_TYPE_HINTS,
    ADD_TYPE_HINTS_IN_FILE,
    ADD_TYPE_HINTS_IN_SELECTION,
)
from qwen_lsp.features.actions.base import (
    Action,
    Draft,
    Offer,
    RefusalError,
    Rewrite,
    Site,
    Target,
    UnusableReplyError,
    kept_from_model,
)
from qwen_lsp.features.actions.custom import CUSTOM
from qwen_lsp.features.actions.error_handling import ERROR_HANDLING
from qwen_lsp.features.actions.extract_function import EXTRACT_FUNCTION
from qwen_lsp.features.actions.fix_diagnostic import FIX_DIAGNOSTIC
from qwen_lsp.features.actions.generate_tests import GENERATE_TESTS
from qwen_lsp.features.actions.inline_function import INLINE_FUNCTION
from qwen_lsp.features.actions.simplify import SIMPLIFY
from qwen_lsp.features.actions.testing.suite import FRAMEWORKS
from qwen_lsp.features.checks import Change, changes_something
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.workspace_tools import Source, new_finding
from qwen_lsp.languages import Language, language_for_id, parse
from qwen_lsp.settings import ToolsAllowed
from qwen_lsp.text import Document, Span, apply_edits

__all__ = [
    "ACTIONS",
    "Action",
    "Offer",
    "RefusalError",
    "Rewrite",
    "Site",
    "Target",
    "asks_model",
    "find_offers",
    "find_site",
    "find_target",
    "is_offered_in",
    "is_wanted",
    "resolve",
]

ACTIONS: tuple[Action, ...] = (
    ADD_TYPE_HINTS,
    ADD_TYPE_HINTS_IN_SELECTION,
    ADD_TYPE_HINTS_IN_FILE,
    ADD_DOCSTRING,
    SIMPLIFY,
    ERROR_HANDLING,
    CUSTOM,
    GENERATE_TESTS,
    EXTRACT_FUNCTION,
    INLINE_FUNCTION,
    FIX_DIAGNOSTIC,
)
_BY_ID = {action.id: action for action in ACTIONS}


def find_offers(site: Site | None, only: tuple[str, ...] = ()) -> list[Offer]:
    """Return what can be done here, from syntax alone.

    `only` holds the kinds that are asked for; a kind asks for all below it.
    """
    if site is None:
        return []
    return [
        Offer(action.id, action.title, action.kind, site.selection, action.needs_instruction)
        for action in ACTIONS
        if is_wanted(action.kind, only) and action.is_offered(site)
    ]


async def resolve(
    site: Site, action_id: str, model: LocalModel, tools: ToolsAllowed = "off"
) -> Rewrite:
    """Return what an action does here; `tools` are those of the workspace that may object.

    A reply that fails a check is asked for once more, with the reason. Raises RefusalError with
    one sentence where there is no good edit, and EngineError.
    """
    action = _BY_ID.get(action_id)
    if action is None:
        raise RefusalError(f"There is no action {action_id}; there are {', '.join(_BY_ID)}.")
    target = site.target
    name = target.function.name if target is not None else "this place"
    if action.asks_model and is_kept_from_model(site.document):
        raise RefusalError(f"{action.title}: {kept_from_model(site.document)}")
    if action.asks_model and _holds_secret(site):
        raise RefusalError(
            f"{action.title}: {name} holds what looks like a key or token, "
            "and is not shown to the model."
        )
    if not action.is_offered(site):
        where = f"for {name}" if target is not None else "here"
        raise RefusalError(f"{action.title}: there is nothing to do {where}.")
    if action.needs_instruction and not site.instruction.strip():
        raise RefusalError(f"{action.title}: it needs an instruction that says what to do.")
    reason = ""
    for _ in range(2):
        try:
            draft = await action.write(site, model, reason)
        except UnusableReplyError as error:
            reason = str(error)
            continue
        reason = _objection(site, action, draft) or await _tools_objection(site, draft, tools)
        if not reason:
            return Rewrite(
                action.title,
                site.document.version,
                draft.edits,
                draft.new_file,
                action.summary,
                action.rewrites_code,
            )
    raise RefusalError(f"{action.title}: no good edit for {name}, {reason}.")


def _objection(site: Site, action: Action, draft: Draft) -> str:
    """Return why a draft is no good, empty where it is."""
    function = site.target.function if site.target is not None else None
    change = Change(
        site.language,
        site.document.text,
        apply_edits(site.document.text, draft.edits),
        function,
        function.span if function is not None else site.lines,
        draft.new_file.text if draft.new_file is not None else "",
        draft.edits,
    )
    checks = action.checks if draft.new_file else (changes_something, *action.checks)
    reasons = (check(change) for check in checks)
    return next((reason for reason in reasons if reason), "")


async def _tools_objection(site: Site, draft: Draft, tools: ToolsAllowed) -> str:
    """Return what the workspace's own checkers find in an edit that they did not find before."""
    if site.folder is None or not draft.edits:
        return ""
    before = site.document.text
    after = apply_edits(before, draft.edits)
    path = site.folder / site.document.path
    old, new = (Source(path, site.folder, text) for text in (before, after))
    return await new_finding(old, new, site.language, tools)


def _holds_secret(site: Site) -> bool:
    target = site.target
    shown = shown_code(site.document, site.tree, target.function) if target is not None else ""
    told = (shown, site.document.slice(site.lines), site.instruction)
    return any(map(holds_secret, told))


def asks_model(action_id: str) -> bool:
    """Say whether an action needs a model; one that does not exist needs none."""
    action = _BY_ID.get(action_id)
    return action is not None and action.asks_model


def find_site(
    document: Document, selection: Span, folder: Path | None = None, instruction: str = ""
) -> Site | None:
    """Return what is selected in a document, None where its language is not known."""
    language = language_for_id(document.language_id)
    if language is None:
        return None
    tree = parse(language, document.text)
    return Site(document, language, tree, selection, folder, instruction)


def find_target(document: Document, offset: int) -> Target | None:
    """Return the function at `offset`, None where there is none or the language is not known."""
    site = find_site(document, Span(offset, offset))
    return site.target if site is not None else None


def is_wanted(kind: str, only: tuple[str, ...]) -> bool:
    """Say whether a kind is among those that are asked for; no kinds ask for all."""
    return not only or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)


def is_offered_in(action: Action, language: Language) -> bool:
    """Say whether an action makes sense in a language at all, for documentation."""
    if action.kind == ADD_TYPE_HINTS.kind:
        return language.type_hints
    if action is ERROR_HANDLING:
        return bool(language.error_handling)
    if action in {EXTRACT_FUNCTION, INLINE_FUNCTION}:
        return bool(language.scoping)
    return action is not GENERATE_TESTS or language.id in FRAMEWORKS
