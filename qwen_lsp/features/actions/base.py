"""The shape of a refactoring: offered from syntax alone, written by the model, checked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from qwen_lsp.context.function import FunctionContext
from qwen_lsp.features.checks import Check
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import Function, Language, SyntaxTree
from qwen_lsp.text import Document, Span, TextEdit


def _say_nothing(_what: str, _fraction: float) -> None:
    pass


@dataclass(frozen=True)
class Site:
    """What the user points at: a selection in a document, empty for a cursor.

    Long work calls `report` with what it is at, and how much of it is done, 0 to 1.

    `folder` is the workspace folder of the document, None where there is none. `instruction` is
    what the user wants done, for the action that does as it is told. `exclude` are the patterns of
    files that are not shown to the model.
    """

    document: Document
    language: Language
    tree: SyntaxTree
    selection: Span
    folder: Path | None = None
    instruction: str = ""
    exclude: tuple[str, ...] = ()
    report: Callable[[str, float], None] = _say_nothing

    @property
    def lines(self) -> Span:
        """Return the whole lines of the selection, without the line end of the last."""
        start, end = self.selection.start, self.selection.end
        lines = self.document.lines
        last = lines.line_of(end)
        # A selection that ends where a line begins means the lines above it.
        last -= start < end == lines.start(last)
        return Span(lines.start(lines.line_of(start)), lines.end(last))

    @cached_property
    def target(self) -> "Target | None":
        """Return the function that the selection lies in, None where it goes beyond one."""
        function = self.tree.function_at(self.selection.start)
        if function is None:
            return None
        beyond = self.document.text[function.span.end : self.selection.end]
        return None if beyond.strip() else Target(self, function)


@dataclass(frozen=True)
class Target:
    """The function that an action or a review is about."""

    site: Site
    function: Function

    @property
    def document(self) -> Document:
        """Return the document that the function stands in."""
        return self.site.document

    @property
    def language(self) -> Language:
        """Return the language of the document."""
        return self.site.language

    @property
    def tree(self) -> SyntaxTree:
        """Return the syntax of the document."""
        return self.site.tree


@dataclass(frozen=True)
class Offer:
    """A menu entry for the selection that it was asked for."""

    action: str
    title: str
    kind: str
    selection: Span
    needs_instruction: bool = False


@dataclass(frozen=True)
class NewFile:
    """A file that an action makes."""

    path: Path
    text: str


@dataclass(frozen=True)
class Draft:
    """What an action wants to do, before it is checked."""

    edits: tuple[TextEdit, ...] = ()
    new_file: NewFile | None = None


@dataclass(frozen=True)
class Rewrite:
    """What one action does to one version of the document; all its checks have passed.

    `rewrites_code` says that whether it is right is for the user to judge.
    """

    title: str
    version: int
    edits: tuple[TextEdit, ...]
    new_file: NewFile | None = None
    summary: str = ""
    rewrites_code: bool = False


class RefusalError(Exception):
    """The action has no good edit to give. The text is one sentence for the user."""


def kept_from_model(document: Document) -> str:
    """Return the sentence that refuses work on a file of which nothing is shown to the model."""
    return (
        f"{document.path} is kept from the model: it is there to hold secrets, or git or "
        "context.exclude leaves it out."
    )


class UnusableReplyError(Exception):
    """The model's reply is no edit. The text is a reason that the model may be told."""


def prompt_variables(target: Target, context: FunctionContext, refused: str) -> dict[str, str]:
    """Return what the template of every action is told."""
    return {
        "language": target.language.title,
        "fence": target.language.fence,
        "code": context.code,
        "refused": refused,
    }


# Takes what was wrong with the last reply (empty at first).
Write = Callable[[Site, LocalModel, str], Awaitable[Draft]]


@dataclass(frozen=True)
class Action:
    """One refactoring. `checks` are what its edit promises.

    `rewrites_code` says that the model wrote code which the user should look at before it is
    taken; documentation and annotations are not meant. `needs_instruction` says that the user has
    to say what to do, and `asks_model` that it cannot be done by syntax alone.
    """

    id: str
    title: str
    kind: str
    summary: str
    is_offered: Callable[[Site], bool]
    write: Write
    checks: tuple[Check, ...]
    rewrites_code: bool = False
    needs_instruction: bool = False
    asks_model: bool = True


def function_action(
    *,
    id: str,  # noqa: A002 - the field's name
    title: str,
    kind: str,
    summary: str,
    is_offered: Callable[[Target], bool],
    write: Callable[[Target, LocalModel, str], Awaitable[Draft]],
    checks: tuple[Check, ...],
    rewrites_code: bool = False,
) -> Action:
    """Return an action on the function at the selection, not offered where there is none."""

    def is_offered_at(site: Site) -> bool:
        return site.target is not None and is_offered(site.target)

    async def write_at(site: Site, model: LocalModel, refused: str) -> Draft:
        target = site.target
        if target is None:
            raise UnusableReplyError("there is no function here")
        return await write(target, model, refused)

    return Action(id, title, kind, summary, is_offered_at, write_at, checks, rewrites_code)
