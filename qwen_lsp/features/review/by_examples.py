"""Findings by the examples in a function's documentation, which are run where that is harmless.

An example with another result is certain evidence. Where the bug is, is found by trying: of the
small changes of one line, the first that makes all examples right is the finding and its fix. Where
there is none, the line is shown that surprises the model most. What a model writes is never run.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.examples import (
    Example,
    Outcome,
    documented_examples,
    is_permitted_function,
    permitted_surroundings,
    run_versions,
    small_changes,
)
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review.by_model import look_again, surprise
from qwen_lsp.features.review.finding import CATEGORIES, Finding
from qwen_lsp.features.review.lines import quotable_lines
from qwen_lsp.features.review.sentences import sentence
from qwen_lsp.text import Span

_log = logging.getLogger(__name__)

_MOST_CHANGES = 600


@dataclass(frozen=True)
class Checked:
    """The examples of a function that say something for certain, and what came of each."""

    examples: Sequence[Example]
    outcomes: Sequence[Outcome]

    @property
    def broken(self) -> int | None:
        """Return the first example with another result than documented, None if all hold."""
        wrong = (at for at, outcome in enumerate(self.outcomes) if not outcome.is_right)
        return next(wrong, None)


def examples_of(target: Target) -> list[Example]:
    """Return the examples that can be run; none for a method, which needs an object."""
    function = target.function
    if target.language.id != "python" or function.docstring_span is None or function.indent:
        return []
    docstring = target.document.slice(function.docstring_span)
    text = docstring.removesuffix('"""').removesuffix("'''")
    examples = documented_examples(text, function.name)
    code = target.document.slice(function.definition_span)
    return examples if examples and is_permitted_function(code) else []


def surroundings_of(target: Target) -> str:
    """Return what the function may use of its file while it is run."""
    return permitted_surroundings(target.document.text, target.function.name)


async def check_examples(target: Target) -> Checked | None:
    """Run the examples of a function; None where none says anything for certain."""
    examples = examples_of(target)
    if not examples:
        return None
    code = target.document.slice(target.function.definition_span)
    found = await run_versions([code], surroundings_of(target), examples)
    certain = [
        (example, outcome)
        for example, outcome in zip(examples, found[0], strict=False)
        if outcome.is_right is not None
    ]
    if not certain:
        return None
    return Checked([one for one, _ in certain], [outcome for _, outcome in certain])


async def find_by_examples(
    target: Target, checked: Checked, model: LocalModel, language: str
) -> Finding | None:
    """Return the line that makes an example wrong, and how it should be; raises EngineError."""
    broken = checked.broken
    if broken is None:
        return None
    lines = quotable_lines(target)
    code = target.document.slice(target.function.definition_span)
    changes = [
        (line, new) for line in lines for new in small_changes(target.document.slice(line), code)
    ]
    found = await _first_that_helps(target, checked, changes[:_MOST_CHANGES])
    if found is None:
        _log.info("no change of one line makes the examples of %s right", target.function.name)
        found = await _most_surprising(target, model, lines), ""
    line, instead = found
    return Finding(
        "broken-example",
        CATEGORIES["broken-example"][0],
        _message(checked.examples[broken], checked.outcomes[broken], instead, language),
        line,
        target.document.slice(line),
        target.function.qualified_name,
        instead,
    )


async def _most_surprising(target: Target, model: LocalModel, lines: Sequence[Span]) -> Span:
    """Return the line that surprises the model most, the last one where none does."""
    if len(lines) == 1:
        return lines[0]
    looks = [(line, await look_again(target, model, line)) for line in lines]
    surprises = [
        (await surprise(target, model, line, look), line) for line, look in looks if look.instead
    ]
    return max(surprises)[1] if surprises else lines[-1]


async def _first_that_helps(
    target: Target, checked: Checked, changes: Sequence[tuple[Span, str]]
) -> tuple[Span, str] | None:
    """Return the first change that makes all examples right."""
    versions = await asyncio.to_thread(_versions, target, changes)
    outcomes = await run_versions(
        [code for _, code in versions], surroundings_of(target), checked.examples, until_right=True
    )
    for (change, _), found in zip(versions, outcomes, strict=False):
        if found and all(outcome.is_right for outcome in found):
            return change
    return None


def _versions(
    target: Target, changes: Sequence[tuple[Span, str]]
) -> list[tuple[tuple[Span, str], str]]:
    """Return the changes after which the function may be run, each with its code."""
    text, function = target.document.text, target.function.definition_span
    found: list[tuple[tuple[Span, str], str]] = []
    for span, new in changes:
        code = text[function.start : span.start] + new + text[span.end : function.end]
        if is_permitted_function(code):
            found.append(((span, new), code))
    return found


def _message(example: Example, outcome: Outcome, instead: str, language: str) -> str:
    what = sentence(
        language,
        "raises" if outcome.failed else "returns",
        call=example.call,
        returned=outcome.returned,
        failed=outcome.failed,
        expected=example.expected,
    )
    return f"{what} {sentence(language, 'perhaps', instead=instead)}" if instead else what
