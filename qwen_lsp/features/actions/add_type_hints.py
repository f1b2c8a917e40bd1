"""Add type hints to a function, to the functions of a selection, or to a whole file."""

import asyncio
from collections.abc import Callable

from qwen_lsp.context.function import shown_code
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.features.actions.base import (
    Action,
    Draft,
    RefusalError,
    Site,
    Target,
)
from qwen_lsp.features.actions.function_hints import Hints, file_types, hints_for
from qwen_lsp.features.actions.typing_import import typing_imports
from qwen_lsp.features.checks import only_annotations_changed, parses
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.type_hints.style import style_of
from qwen_lsp.text import Span

_KIND = "refactor.rewrite.addTypeHints"
_FEWEST_OF_MANY = 2


def _here(site: Site) -> list[Target]:
    target = site.target
    return _with_slots([target] if target is not None else [])


def _in_selection(site: Site) -> list[Target]:
    selection = site.selection
    touched = [one for one in site.tree.functions() if _touches(one.definition_span, selection)]
    return _with_slots([Target(site, one) for one in touched])


def _touches(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end


def _in_file(site: Site) -> list[Target]:
    return _with_slots([Target(site, one) for one in site.tree.functions()])


def _with_slots(targets: list[Target]) -> list[Target]:
    return [one for one in targets if one.tree.annotation_slots(one.function)]


def _action(
    ending: str, title: str, summary: str, targets: Callable[[Site], list[Target]], fewest: int
) -> Action:
    async def write(site: Site, model: LocalModel, _refused: str) -> Draft:
        return await _write(site, model, targets(site))

    return Action(
        id=f"add_type_hints{ending}",
        title=title,
        kind=_KIND,
        summary=summary,
        is_offered=lambda site: len(targets(site)) >= fewest,
        write=write,
        checks=(parses, only_annotations_changed),
    )


async def _write(site: Site, model: LocalModel, targets: list[Target]) -> Draft:
    document = site.document
    style = style_of(document.text, site.folder)
    known = file_types(document, site.tree, style)
    found: list[Hints] = []
    for number, target in enumerate(targets):
        await asyncio.sleep(0)  # Here a cancel and other requests get their turn.
        site.report(target.function.qualified_name, number / len(targets))
        if len(targets) == 1 or not holds_secret(shown_code(document, site.tree, target.function)):
            found.append(await hints_for(target, known, model))
    types = [one for hints in found for one in hints.types]
    if not types:
        # Asking again would give the same answer: the model was held to a grammar, not to words.
        names = targets[0].function.name if len(targets) == 1 else "these functions"
        raise RefusalError(f"Add type hints: no type of {names} could be found with confidence.")
    above = min(target.function.span.start for target in targets)
    imports = (
        typing_imports(types, document, site.tree, style, above)
        if site.language.id == "python"
        else ()
    )
    return Draft((*imports, *(edit for hints in found for edit in hints.edits)))


ADD_TYPE_HINTS = _action(
    "",
    "Add type hints",
    "Fills the missing annotations of a function's parameters and result: from syntax where it "
    "says them, else by the model where it is sure. The body is never written.",
    _here,
    1,
)
ADD_TYPE_HINTS_IN_SELECTION = _action(
    "_in_selection",
    "Add type hints in the selection",
    "The same for all functions that the selection touches.",
    _in_selection,
    _FEWEST_OF_MANY,
)
ADD_TYPE_HINTS_IN_FILE = _action(
    "_in_file",
    "Add type hints in this file",
    "The same for all functions of the file.",
    _in_file,
    _FEWEST_OF_MANY,
)
