"""Bugs: how often a review's first finding points at one, and how often it finds one in right code.

The score is the difference of the two shares.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from qwen_lsp.engine.requests import Engine, Generation
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.bug_cases import BugCase
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.plain_review import NAME, ask_plainly
from qwen_lsp.evaluation.variants import Variant, VariantError
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review import functions_to_review, review_function
from qwen_lsp.text import Document, Span

SCORES = ("score", "found", "false alarms")
_TEMPLATE = "review/find"


def review_variants(model: LocalModel, prompts: Sequence[str]) -> list[Variant]:
    """Return the ways of asking; without a name the current prompt.

    Raises VariantError and TemplateFileError.
    """
    found = [model.templates.find(name) for name in prompts or [_TEMPLATE]]
    for template in found:
        if template.id != _TEMPLATE:
            raise VariantError(f"A review is asked for with {_TEMPLATE}, not with {template.id}.")
    if len({template.name for template in found}) < len(found):
        raise VariantError("A variant is named twice.")
    return [Variant(template.name, template) for template in found]


def variant_names(variants: Sequence[Variant], baselines: Sequence[str]) -> list[str]:
    """Return the names of everything that is measured, ours first."""
    return [variant.name for variant in variants] + [NAME for _ in baselines]


async def measure(
    asker: Asker,
    cases: Sequence[BugCase],
    variants: Sequence[Variant],
    baselines: Sequence[str],
    results: Results,
) -> AsyncGenerator[int]:
    """Measure what `results` lacks, and yield how many cases are done after each.

    Raises EngineError and TemplateFileError.
    """
    for number, case in enumerate(cases):
        for variant in variants:
            if results.find(case.group, case.name, variant.name) is None:
                buggy = await _reviewed(asker, variant, case.buggy)
                fixed = await _reviewed(asker, variant, case.fixed)
                results.add(_outcome(case, variant.name, buggy, fixed))
        if baselines and results.find(case.group, case.name, NAME) is None:
            buggy = await _asked_plainly(asker.model.engine, case.buggy)
            fixed = await _asked_plainly(asker.model.engine, case.fixed)
            results.add(_outcome(case, NAME, buggy, fixed))
        yield number + 1


@dataclass(frozen=True)
class _Reviewed:
    """The places of the findings, the first one first, and what they cost."""

    spans: Sequence[Span]
    cost: Generation
    ms: float


async def _reviewed(asker: Asker, variant: Variant, document: Document) -> _Reviewed:
    began = time.monotonic()
    model, recorder = asker.recorded(variant)
    spans = [
        finding.span
        for target in functions_to_review(document)
        for finding in await review_function(target, model, asker.settings.review)
    ]
    cost = _total([generation for _, generation in recorder.generations])
    return _Reviewed(spans, cost, (time.monotonic() - began) * 1000)


def _total(generations: Sequence[Generation]) -> Generation:
    """Return what all cost together; the first token is that of the first that wrote any."""
    return Generation(
        "",
        "end",
        prompt_tokens=sum(one.prompt_tokens for one in generations),
        reused_tokens=sum(one.reused_tokens for one in generations),
        generated_tokens=sum(one.generated_tokens for one in generations),
        first_token_ms=next((one.first_token_ms for one in generations if one.first_token_ms), 0.0),
    )


async def _asked_plainly(engine: Engine, document: Document) -> _Reviewed:
    began = time.monotonic()
    spans, generation = await ask_plainly(engine, document)
    return _Reviewed(spans, generation, (time.monotonic() - began) * 1000)


def _outcome(case: BugCase, variant: str, buggy: _Reviewed, fixed: _Reviewed) -> Outcome:
    first = buggy.spans[0] if buggy.spans else None
    found = float(first is not None and case.is_at(first))
    alarm = float(bool(fixed.spans))
    costs = (buggy.cost, fixed.cost)
    return Outcome(
        case=case.name,
        group=case.group,
        kind=case.kind,
        task=case.task,
        variant=variant,
        scores=dict(zip(SCORES, (found - alarm, found, alarm), strict=True)),
        before="",
        truth=", ".join(map(str, sorted(case.lines))),
        completion=case.buggy.slice(first) if first is not None else "",
        ms=(buggy.ms + fixed.ms) / 2,
        first_token_ms=buggy.cost.first_token_ms,
        prompt_tokens=sum(cost.prompt_tokens for cost in costs),
        read_tokens=sum(cost.prompt_tokens - cost.reused_tokens for cost in costs),
        written_tokens=sum(cost.generated_tokens for cost in costs),
    )
