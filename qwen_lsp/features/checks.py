"""What an edit must satisfy before anyone sees it. Each check has a name and one job.

A check returns None, or the reason in a sentence that both the model (for its second try) and the
user (in a refusal) can read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import Function, Language, SyntaxTree, parse

_TYPING_IMPORT = re.compile(r"^from typing import \w+(?:, \w+)*[ \t]*(?=[\r\n])", re.MULTILINE)


@dataclass(frozen=True)
class Change:
    """A file before and after an edit of one function."""

    language: Language
    before: str
    after: str
    function: Function

    @cached_property
    def tree_before(self) -> SyntaxTree:
        """Return the syntax before."""
        return parse(self.language, self.before)

    @cached_property
    def tree_after(self) -> SyntaxTree:
        """Return the syntax after."""
        return parse(self.language, self.after)

    def same_function(self) -> Function | None:
        """Return the function after the edit: it begins at the same place."""
        start = self.function.definition_span.start
        found = [
            function
            for function in self.tree_after.functions()
            if function.definition_span.start == start
        ]
        return found[0] if found else None


Check = Callable[[Change], str | None]


def changes_something(change: Change) -> str | None:
    """Refuse an edit that does nothing."""
    return "there is nothing to change" if change.after == change.before else None


def parses(change: Change) -> str | None:
    """Refuse new syntax errors; those that the file had may stay."""
    if count_syntax_errors(change.tree_after) > count_syntax_errors(change.tree_before):
        return "the new code has a syntax error"
    return None


def same_functions(change: Change) -> str | None:
    """Refuse a function that appears or vanishes, or that has another signature."""
    before = [function.qualified_name for function in change.tree_before.functions()]
    after = [function.qualified_name for function in change.tree_after.functions()]
    if before != after:
        return "the new code adds or removes functions"
    same = change.same_function()
    if same is None:
        return "the new code has another function in this place"
    old = change.tree_before.signature_shape(change.function)
    if old != change.tree_after.signature_shape(same):
        return "the name or the parameters changed"
    return None


def keeps_docstring(change: Change) -> str | None:
    """Refuse a rewrite that loses the documentation."""
    same = change.same_function()
    if change.function.docstring_span is not None and same and same.docstring_span is None:
        return "the documentation was lost"
    return None


def only_annotations_changed(change: Change) -> str | None:
    """Refuse everything but new type annotations and names that are imported for them."""
    before, after = (
        parse(change.language, text).shape(without_annotations=True)
        for text in (_without_typing(change, change.before), _without_typing(change, change.after))
    )
    return "more than the annotations changed" if before != after else None


def _without_typing(change: Change, text: str) -> str:
    return _TYPING_IMPORT.sub("", text) if change.language.id == "python" else text


def only_documentation_changed(change: Change) -> str | None:
    """Refuse everything but a new documentation text."""
    same = change.same_function() if change.language.doc_style == "docstring" else None
    if same is not None and same.docstring_span is not None:
        span = same.docstring_span
        removed = change.after[: span.start] + change.after[span.end :]
        after = parse(change.language, removed).shape()
    else:
        after = change.tree_after.shape()
    if after != change.tree_before.shape():
        return "more than the documentation changed"
    return None
