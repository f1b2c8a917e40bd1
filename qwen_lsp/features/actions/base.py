"""The shape of a refactoring: offered from syntax alone, written by the model, checked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from qwen_lsp.context.function import FunctionContext
from qwen_lsp.features.checks import Check
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import Function, Language, SyntaxTree
from qwen_lsp.text import Document, TextEdit


@dataclass(frozen=True)
class Target:
    """The function that an action is about, in its document."""

    document: Document
    language: Language
    tree: SyntaxTree
    function: Function


@dataclass(frozen=True)
class Offer:
    """A menu entry. `offset` is where the function's definition begins."""

    action: str
    title: str
    kind: str
    offset: int


@dataclass(frozen=True)
class Rewrite:
    """The edits of one action, for one version of the document."""

    title: str
    version: int
    edits: tuple[TextEdit, ...]


class RefusalError(Exception):
    """The action has no good edit to give. The text is one sentence for the user."""


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


# Takes what was wrong with the last reply (empty at first) and returns the edits.
Write = Callable[[Target, LocalModel, str], Awaitable[tuple[TextEdit, ...]]]


@dataclass(frozen=True)
class Action:
    """One refactoring. `checks` are what its edit promises."""

    id: str
    title: str
    kind: str
    summary: str
    is_offered: Callable[[Target], bool]
    write: Write
    checks: tuple[Check, ...]
