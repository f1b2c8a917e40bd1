"""Type hints: how many of the annotations that a function had are written into their slots."""

import copy
import statistics
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qwen_lsp.context.function import without_indent
from qwen_lsp.engine.requests import Engine, Generation, ModelFacts
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.rewriting import annotations_of, rewrite
from qwen_lsp.evaluation.trace import Recorder
from qwen_lsp.evaluation.types_alike import same_bases, same_type
from qwen_lsp.evaluation.types_cases import TypesCase
from qwen_lsp.evaluation.variants import Variant
from qwen_lsp.features.actions import RefusalError, Target, find_site, resolve
from qwen_lsp.languages import parse
from qwen_lsp.text import Span, apply_edits

SCORES = ("exact", "filled", "changed body")
REWRITE = "bare rewrite"


class SlotEngine(Recorder):
    """An engine that notes what it does, and can seem unable to fill holes."""

    def __init__(self, engine: Engine, *, can_infill: bool) -> None:
        super().__init__(engine)
        self._can_infill = can_infill

    @property
    def facts(self) -> ModelFacts | None:
        """Return what the engine found in the weights."""
        facts = super().facts
        return replace(facts, can_infill=self._can_infill) if facts is not None else None


@dataclass(frozen=True)
class _Written:
    types: dict[str, str]
    changed_body: bool
    ms: float
    generations: Sequence[Generation]


def variant_names(variants: Sequence[Variant], *, with_rewrite: bool) -> list[str]:
    """Return the names of everything that is measured, ours first."""
    return [variant.name for variant in variants] + ([REWRITE] if with_rewrite else [])


async def measure(
    asker: Asker,
    cases: Sequence[TypesCase],
    variants: Sequence[Variant],
    results: Results,
    *,
    with_rewrite: bool,
) -> AsyncGenerator[int]:
    """Measure what `results` lacks, and yield how many functions are done after each.

    Raises EngineError.
    """
    for number, case in enumerate(cases):
        target = _target(case)
        turn = number % len(variants)
        for variant in [*variants[turn:], *variants[:turn]]:
            if target is not None and _is_missing(results, case, variant.name):
                _add(results, case, target, variant.name, await _ours(asker, variant, target))
        if with_rewrite and target is not None and _is_missing(results, case, REWRITE):
            found = await rewrite(target, asker.model.engine)
            written = _Written(found.types, found.changed_body, found.ms, [found.generation])
            _add(results, case, target, REWRITE, written)
        yield number + 1


def slot_names(case: TypesCase) -> list[str]:
    """Return what the outcomes of a case are called."""
    return [f"{case.name} {slot or 'result'}" for slot in case.truth]


def told(outcomes: Sequence[Outcome], variants: Sequence[str]) -> dict[str, Any]:
    """Return what the tables do not say: of what was filled how much was right, and the times."""
    found: dict[str, Any] = {}
    for name in variants:
        mine = [one for one in outcomes if one.variant == name]
        filled = [one for one in mine if one.scores["filled"]]
        functions = {(one.group, one.case.rpartition(" ")[0]): one.ms for one in mine}
        if not filled:
            continue
        right = sum(one.scores["exact"] for one in filled)
        times = sorted(functions.values())
        changed = {one.case.rpartition(" ")[0] for one in mine if one.scores["changed body"]}
        found[f"{name}: right of those filled"] = f"{right:.0f} of {len(filled)}"
        found[f"{name}: ms per function"] = (
            f"mean {statistics.fmean(times):.0f}, median {statistics.median(times):.0f} "
            f"({len(times)} functions)"
        )
        found[f"{name}: functions with a changed body"] = len(changed)
    return found


def _is_missing(results: Results, case: TypesCase, variant: str) -> bool:
    return any(results.find(case.group, name, variant) is None for name in slot_names(case))


def _target(case: TypesCase) -> Target | None:
    document = case.document
    found = find_site(document, Span(0, 0))
    if found is None:
        return None
    name = case.function.rpartition(".")[2]
    for function in found.tree.functions():
        line = document.lines.line_of(function.definition_span.start) + 1
        if (function.name, line) == (name, case.line):
            start = function.definition_span.start
            site = find_site(document, Span(start, start))
            return Target(site, function) if site is not None else None
    return None


async def _ours(asker: Asker, variant: Variant, target: Target) -> _Written:
    engine = SlotEngine(asker.model.engine, can_infill=variant.template.kind == "infill")
    model = copy.copy(asker.model)
    model.engine = engine
    model.templates = variant.templates(asker.prompts_folder, asker.pinned)
    began = time.monotonic()
    text = target.document.text
    after = text
    try:
        rewritten = await resolve(target.site, "add_type_hints", model)
        after = apply_edits(text, rewritten.edits)
    except RefusalError:
        pass
    ms = (time.monotonic() - began) * 1000
    function = parse(target.language, after).functions()[_place(target)]
    before_body, after_body = target.function.body_span, function.body_span
    changed = _text(text, before_body) != _text(after, after_body)
    types = annotations_of(without_indent(_text(after, function.signature_span), function.indent))
    return _Written(types, changed, ms, [one for _, one in engine.generations])


def _place(target: Target) -> int:
    return target.tree.functions().index(target.function)


def _text(text: str, span: Span | None) -> str:
    return text[span.start : span.end] if span is not None else ""


def _add(
    results: Results, case: TypesCase, target: Target, variant: str, written: _Written
) -> None:
    first = written.generations[0] if written.generations else None
    prompt_tokens = sum(one.prompt_tokens for one in written.generations)
    reused = sum(one.reused_tokens for one in written.generations)
    for name, (slot, truth) in zip(slot_names(case), case.truth.items(), strict=True):
        kind = written.types.get(slot, "")
        is_right = same_bases(kind, truth) if case.by_base else same_type(kind, truth[0])
        results.add(
            Outcome(
                case=name,
                group=case.group,
                kind="parameter" if slot else "result",
                task=case.task,
                variant=variant,
                scores={
                    "exact": float(is_right),
                    "filled": float(bool(kind)),
                    "changed body": float(written.changed_body),
                },
                before=target.document.slice(target.function.signature_span),
                truth=" | ".join(truth),
                completion=kind,
                ms=written.ms,
                first_token_ms=first.first_token_ms if first is not None else 0.0,
                prompt_tokens=prompt_tokens,
                read_tokens=prompt_tokens - reused,
                written_tokens=sum(one.generated_tokens for one in written.generations),
            )
        )
