"""Edits by an action: how often the file passes its tests afterwards."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.asking_for_edits import Edited, ask_action, ask_plainly
from qwen_lsp.evaluation.edit_cases import EditCase
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.pass_at_1 import run_program, same_code
from qwen_lsp.evaluation.trace import first_token_ms
from qwen_lsp.evaluation.variants import Variant, VariantError
from qwen_lsp.features.model import LocalModel

SCORES = ("pass@1", "edited", "shorter")
REWRITE = "bare rewrite"


def edit_variants(model: LocalModel, action: str, prompts: Sequence[str]) -> list[Variant]:
    """Return the ways to ask for an action: its prompt, or each of those that are named.

    Raises VariantError and TemplateFileError.
    """
    usual = f"actions/{action}"
    found = [model.templates.find(name) for name in prompts or [usual]]
    for template in found:
        if template.id != usual:
            raise VariantError(f"This action is asked for with {usual}, not with {template.id}.")
    if len({template.name for template in found}) < len(found):
        raise VariantError("A variant is named twice.")
    return [Variant(template.name, template) for template in found]


def variant_names(variants: Sequence[Variant], *, rewrite: bool) -> list[str]:
    """Return the names of everything that is measured, ours first."""
    return [variant.name for variant in variants] + [REWRITE] * rewrite


def passes(case: EditCase, text: str) -> bool:
    """Say whether a changed file passes the tests of its case. Runs what a model has written."""
    files = dict(case.files)
    if case.test_program:
        return run_program(case.test_program, files=files | {case.file_name: text}).is_done
    if case.tests:
        return run_program(f"{text}\n\n{case.tests}", files=files).is_done
    return same_code(text, case.after)


async def measure(
    asker: Asker,
    cases: Sequence[EditCase],
    variants: Sequence[Variant],
    action: str,
    results: Results,
    *,
    rewrite: bool,
) -> AsyncGenerator[int]:
    """Measure what `results` lacks, and yield how many cases are done after each.

    The variants take turns in going first. Raises EngineError.
    """
    for number, case in enumerate(cases):
        turn = number % len(variants)
        for variant in [*variants[turn:], *variants[:turn]]:
            if results.find(case.group, case.name, variant.name) is None:
                edited = await ask_action(asker, variant, case, action)
                results.add(await _outcome(case, variant.name, edited))
        if rewrite and results.find(case.group, case.name, REWRITE) is None:
            results.add(await _outcome(case, REWRITE, await ask_plainly(asker, case)))
        yield number + 1


async def _outcome(case: EditCase, variant: str, edited: Edited) -> Outcome:
    # After a refusal the file is as it was, which may be what it should be.
    passed = await asyncio.to_thread(passes, case, edited.text)
    spent = edited.generations
    return Outcome(
        case=case.name,
        group=case.group,
        kind="",
        task=case.task,
        variant=variant,
        scores={
            "pass@1": float(passed),
            "edited": float(not edited.reason),
            "shorter": float(passed and _size(edited.text) < _size(case.before)),
        },
        before="",
        truth=case.after or case.before,
        completion="" if edited.reason else edited.text,
        ms=edited.ms,
        first_token_ms=first_token_ms(spent[0]) if spent else 0.0,
        prompt_tokens=sum(one.prompt_tokens for one in spent),
        read_tokens=sum(one.prompt_tokens - one.reused_tokens for one in spent),
        written_tokens=sum(one.generated_tokens for one in spent),
    )


def _size(text: str) -> int:
    """Return the code points of a text that are no white space."""
    return len("".join(text.split()))
