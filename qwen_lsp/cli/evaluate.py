"""`eval`: how good what the model suggests is, by cases with a known answer."""

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from qwen_lsp.cli.asking import settings_here
from qwen_lsp.cli.output import ExitCode, UsageError, page_path_of, print_result, say
from qwen_lsp.cli.work import find_action
from qwen_lsp.evaluation import edit_cases, infill_cases, tidying_cases, types_cases
from qwen_lsp.evaluation.asking import Asker
from qwen_lsp.evaluation.bare import BareKind
from qwen_lsp.evaluation.bench_tables import as_text
from qwen_lsp.evaluation.bug_cases import read_bugs
from qwen_lsp.evaluation.crossfile_cases import read_repositories
from qwen_lsp.evaluation.json_lines import BadDataError
from qwen_lsp.evaluation.outcomes import Outcome, Results
from qwen_lsp.evaluation.report import Measured, Report, make_report
from qwen_lsp.evaluation.report_page import page
from qwen_lsp.evaluation.report_tables import tables
from qwen_lsp.evaluation.suites import crossfile, edits, infill, review, types
from qwen_lsp.evaluation.variants import Variant, VariantError, type_hint_prompts, variants
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

_Found = TypeVar("_Found")


def run_infill(arguments: argparse.Namespace) -> int:
    """Fill holes in programs and run the programs."""
    files = _read(lambda: infill_cases.read_cases(_paths(arguments), arguments.hole))
    if arguments.showable:
        files = [[case for case in cases if infill_cases.can_be_shown(case)] for cases in files]
    chosen = _chosen(files, arguments)
    shown = sum(map(infill_cases.can_be_shown, chosen))
    bare: list[BareKind] = list(dict.fromkeys(arguments.baseline or ()))
    run = _Run("infill", arguments, infill.SCORES, {(case.group, case.name) for case in chosen})
    run.about["hole"] = arguments.hole
    about = {"right_answers_the_filters_let_through": f"{shown} of {len(chosen)}"}

    async def measure(asker: Asker, ours: list[Variant], results: Results) -> None:
        steps = infill.measure(asker, chosen, ours, bare, results)
        await run.watch(steps, infill.variant_names(ours, bare), results)

    return run.finish(measure, lambda ours: infill.variant_names(ours, bare), about)


def run_crossfile(arguments: argparse.Namespace) -> int:
    """Complete calls of what other files define."""
    found = _read(lambda: read_repositories(_paths(arguments)))
    chosen = _chosen([found.cases], arguments)
    run = _Run(
        "crossfile", arguments, crossfile.SCORES, {(case.repo, case.name) for case in chosen}
    )
    wanted = {case.repo for case in chosen}
    files = {repo: files for repo, files in found.files.items() if repo in wanted}

    async def measure(asker: Asker, ours: list[Variant], results: Results) -> None:
        with crossfile.workspaces(files) as folders:
            steps = crossfile.measure(asker, chosen, folders, ours, results)
            await run.watch(steps, [variant.name for variant in ours], results)

    return run.finish(measure, lambda ours: [variant.name for variant in ours], {})


def run_edits(arguments: argparse.Namespace) -> int:
    """Change functions by an action and run the programs."""
    action = find_action(arguments.action).id
    chosen = _chosen(_read(lambda: edit_cases.read_cases(_paths(arguments))), arguments)
    is_compared = arguments.baseline == "rewrite"
    run = _Run("edits", arguments, edits.SCORES, {(case.group, case.name) for case in chosen})
    run.about["action"] = action

    def choose(model: LocalModel) -> list[Variant]:
        return edits.edit_variants(model, action, arguments.prompt or ())

    async def measure(asker: Asker, ours: list[Variant], results: Results) -> None:
        steps = edits.measure(asker, chosen, ours, action, results, rewrite=is_compared)
        await run.watch(steps, edits.variant_names(ours, rewrite=is_compared), results)

    def names(ours: list[Variant]) -> list[str]:
        return edits.variant_names(ours, rewrite=is_compared)

    return run.finish(measure, names, {}, choose)


def run_types(arguments: argparse.Namespace) -> int:
    """Fill the slots of functions whose annotations were taken out."""
    chosen = _chosen(_read(lambda: types_cases.read_cases(_paths(arguments))), arguments)
    slots = {(case.group, name) for case in chosen for name in types.slot_names(case)}
    run = _Run("types", arguments, types.SCORES, slots)
    with_rewrite = bool(arguments.baseline)

    def choose(model: LocalModel) -> list[Variant]:
        return variants(model, arguments.prompt or (), (), (), type_hint_prompts(model))

    def names(ours: list[Variant]) -> list[str]:
        return types.variant_names(ours, with_rewrite=with_rewrite)

    async def measure(asker: Asker, ours: list[Variant], results: Results) -> None:
        steps = types.measure(asker, chosen, ours, results, with_rewrite=with_rewrite)
        await run.watch(steps, names(ours), results)
        run.about |= types.told(run.measured(results), names(ours))

    return run.finish(measure, names, {"functions": len(chosen)}, choose)


def run_review(arguments: argparse.Namespace) -> int:
    """Review files with a bug, and the same files without it."""
    chosen = _chosen(_read(lambda: read_bugs(_paths(arguments))), arguments)
    plain: list[str] = arguments.baseline or []
    run = _Run("review", arguments, review.SCORES, {(case.group, case.name) for case in chosen})

    async def measure(asker: Asker, ours: list[Variant], results: Results) -> None:
        steps = review.measure(asker, chosen, ours, plain, results)
        await run.watch(steps, review.variant_names(ours, plain), results)

    return run.finish(
        measure,
        lambda ours: review.variant_names(ours, plain),
        {},
        lambda model: review.review_variants(model, arguments.prompt or ()),
    )


def run_tidy(arguments: argparse.Namespace) -> int:
    """Tidy raw completions; needs no model. A failed case of the tier core is a failed check."""
    report = _read(lambda: tidying_cases.run(_paths(arguments)))
    print_result("\n".join(report.lines()), report.as_dict(), as_json=arguments.json)
    return ExitCode.DONE if report.is_good else ExitCode.FINDINGS


_Measure = Callable[[Asker, list[Variant], Results], Awaitable[None]]


@dataclass
class _Run:
    """One run of a suite: its model, its progress and its report."""

    suite: str
    arguments: argparse.Namespace
    scores: Sequence[str]
    cases: set[tuple[str, str]]

    def __post_init__(self) -> None:
        self.about: dict[str, Any] = {}
        self.page_path = page_path_of(self.arguments.html) if self.arguments.html else None

    def finish(
        self,
        measure: _Measure,
        names: Callable[[list[Variant]], list[str]],
        about: Mapping[str, Any],
        choose: Callable[[LocalModel], list[Variant]] | None = None,
    ) -> int:
        """Measure and print; raises ModelError and EngineError.

        `choose` gives the variants of a suite that does not ask for ghost text.
        """
        choose = choose or self._variants_of_ghost_text
        model, ours, results = asyncio.run(self._measure(measure, choose))
        outcomes = self.measured(results)
        told = {**self.about, **about}
        self._print(
            make_report(Measured(self.suite, model, told, self.scores, names(ours)), outcomes)
        )
        return ExitCode.DONE

    def _completions(self, model: LocalModel) -> list[Variant]:
        arguments = self.arguments
        orders = getattr(arguments, "order", None)
        return variants(model, arguments.prompt or (), arguments.context or (), orders or ())

    async def _measure(
        self, measure: _Measure, choose: Callable[[LocalModel], list[Variant]]
    ) -> tuple[str, list[Variant], Results]:
        arguments = self.arguments
        settings = _settings(arguments)
        folder = Path(arguments.prompts_dir) if arguments.prompts_dir else None
        templates = Templates(folder, settings.prompts.pin)
        if templates.problems:
            raise UsageError(templates.problems[0])
        model, client = await launch.open_model(settings, templates)
        try:
            try:
                ours = choose(model)
                if hasattr(arguments, "context_tokens"):
                    tokens = settings.context.max_tokens or model.fitting_context_tokens(
                        settings.inline_completion.deadline_ms
                    )
                    self.about["context_tokens"] = tokens
                path = Path(arguments.resume) if arguments.resume else None
                measured = {"suite": self.suite, "model": model.name, **self.about}
                results = Results(path, measured)
            except (VariantError, BadDataError) as error:
                raise UsageError(str(error)) from error
            asker = Asker(model, settings, folder)
            try:
                await measure(asker, ours, results)
            except asyncio.CancelledError:
                if path is not None:
                    say(f"\nWhat was measured is kept in {path}.")
                raise
        finally:
            await client.close()
        return model.name, ours, results

    def _variants_of_ghost_text(self, model: LocalModel) -> list[Variant]:
        arguments = self.arguments
        orders = getattr(arguments, "order", None) or ()
        return variants(model, arguments.prompt or (), arguments.context or (), orders)

    async def watch(
        self, steps: AsyncGenerator[int], names: Sequence[str], results: Results
    ) -> None:
        """Tell after each case how far it is and how good."""
        began = time.monotonic()
        is_terminal = sys.stderr.isatty()
        async with contextlib.aclosing(steps) as counted:
            async for number in counted:
                line = f"{number}/{len(self.cases)}  {self._rates(names, results)}"
                line += f"  {time.monotonic() - began:.0f} s"
                sys.stderr.write(f"\r{line}\x1b[K" if is_terminal else f"{line}\n")
                sys.stderr.flush()
        if is_terminal:
            sys.stderr.write("\n")

    def _rates(self, names: Sequence[str], results: Results) -> str:
        told: list[str] = []
        outcomes = self.measured(results)
        for name in names:
            found = [one.scores[self.scores[0]] for one in outcomes if one.variant == name]
            if found:
                told.append(f"{name}: {100 * sum(found) / len(found):.0f} %")
        return f"{self.scores[0]} {'; '.join(told)}"

    def measured(self, results: Results) -> list[Outcome]:
        """Return what there is of the cases of this run; a file may hold more."""
        return [one for one in results.outcomes if (one.group, one.case) in self.cases]

    def _print(self, made: Report) -> None:
        found = tables(made)
        if self.page_path is not None:
            self.page_path.write_text(page(made, found), encoding="utf-8")
        print_result(as_text(found), made.data(), as_json=self.arguments.json)


def _settings(arguments: argparse.Namespace) -> Settings:
    """Return the user's model, engine, context and prompts, and the defaults of all else.

    The size of a prompt is the command's own, so that figures of several machines and of a busy and
    a quiet one can be compared; with 0 it is the user's, which may follow from the speed here.
    """
    here = settings_here(arguments)
    context = here.context
    tokens = getattr(arguments, "context_tokens", 0)
    if tokens:
        context = replace(context, max_tokens=tokens)
    defaults = Settings()
    return replace(
        here,
        inline_completion=defaults.inline_completion,
        review=defaults.review,
        checks=defaults.checks,
        context=context,
    )


def _paths(arguments: argparse.Namespace) -> list[Path]:
    return [Path(name) for name in arguments.data]


def _read(read: Callable[[], _Found]) -> _Found:
    try:
        return read()
    except BadDataError as error:
        raise UsageError(str(error)) from error


def _chosen(files: Sequence[Sequence[_Found]], arguments: argparse.Namespace) -> list[_Found]:
    """Return the cases to measure: of each file the same share, or the same number."""
    chosen: list[_Found] = []
    for cases in files:
        if arguments.limit is not None:
            chosen += infill_cases.spread(cases, arguments.limit)
        else:
            chosen += infill_cases.every(cases, arguments.every)
    if not chosen:
        raise UsageError("No case of the data can be used.")
    return chosen
