"""Holes in programs: how often the program passes its tests with what is suggested."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from qwen_lsp.evaluation.asking import Asked, Asker
from qwen_lsp.evaluation.bare import CUTS, Bare, BareKind, ask_bare, ask_bare_again
from qwen_lsp.evaluation.infill_cases import Hole, InfillCase
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.pass_at_1 import passes, same_text
from qwen_lsp.evaluation.variants import Variant

SCORES = ("pass@1", "exact")


def variant_names(variants: Sequence[Variant], baselines: Sequence[BareKind]) -> list[str]:
    """Return the names of everything that is measured, ours first."""
    ours = [variant.name for variant in variants]
    return ours + [bare_name(kind, cut) for kind in baselines for cut in CUTS]


def bare_name(kind: BareKind, cut: str) -> str:
    """Return the name of the bare model's text after a cut."""
    return f"bare {kind}, {cut}"


async def measure(
    asker: Asker,
    cases: Sequence[InfillCase],
    variants: Sequence[Variant],
    baselines: Sequence[BareKind],
    results: Results,
) -> AsyncGenerator[int]:
    """Measure what `results` lacks, and yield how many cases are done after each.

    The variants take turns in going first, because who goes second finds the prompt half read.
    Raises EngineError.
    """
    for number, case in enumerate(cases):
        turn = number % len(variants)
        asked: Asked | None = None
        for variant in [*variants[turn:], *variants[:turn]]:
            if results.find(case.group, case.name, variant.name) is None:
                found = await asker.ask(variant, case.document, case.offset)
                results.add(await _ours(case, variant.name, found))
                asked = found if variant == variants[0] else asked
        for kind in baselines:
            if results.find(case.group, case.name, bare_name(kind, CUTS[-1])) is None:
                bare = await _bare(asker, case, variants[0], kind, asked)
                for outcome in await _cuts(case, kind, bare):
                    results.add(outcome)
        yield number + 1


async def _bare(
    asker: Asker, case: InfillCase, variant: Variant, kind: BareKind, asked: Asked | None
) -> Bare:
    engine = asker.model.engine
    if kind == "psm":
        return await ask_bare(engine, case.hole)
    if asked is None:
        asked = await asker.ask(variant, case.document, case.offset)
    hole = Hole(case.prefix, case.middle, case.suffix)
    if asked.request is None:
        return Bare(hole, "", asked.cost, asked.ms)
    return await ask_bare_again(engine, hole, asked.request)


async def _ours(case: InfillCase, variant: str, asked: Asked) -> Outcome:
    # Nothing was filled in where nothing was suggested, so nothing need be run.
    passed = bool(asked.completion) and await asyncio.to_thread(passes, case, asked.program)
    return _outcome(case, variant, asked, passed=passed, truth=case.middle)


async def _cuts(case: InfillCase, kind: BareKind, bare: Bare) -> list[Outcome]:
    found: list[Outcome] = []
    for cut in CUTS:
        program = bare.program(cut)
        asked = Asked(bare.completion(cut), program, bare.ms, None, bare.generation)
        passed = await asyncio.to_thread(passes, case, program)
        name = bare_name(kind, cut)
        found.append(_outcome(case, name, asked, passed=passed, truth=bare.hole.middle))
    return found


def _outcome(case: InfillCase, variant: str, asked: Asked, *, passed: bool, truth: str) -> Outcome:
    cost = asked.cost
    return Outcome(
        case=case.name,
        group=case.group,
        kind="",
        task=case.task,
        variant=variant,
        scores={"pass@1": float(passed), "exact": float(same_text(asked.program, case.program))},
        before=case.prefix.rpartition("\n")[2],
        truth=truth,
        completion=asked.completion,
        ms=asked.ms,
        first_token_ms=asked.first_token_ms,
        prompt_tokens=cost.prompt_tokens,
        read_tokens=cost.prompt_tokens - cost.reused_tokens,
        written_tokens=cost.generated_tokens,
    )
