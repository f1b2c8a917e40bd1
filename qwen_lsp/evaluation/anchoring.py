"""How should an infill prompt be laid out? `python -m qwen_lsp.evaluation.anchoring --help`.

Every layout of `layouts.py` completes the same holes, through the very code that makes ghost text:
only the prompt is laid out anew on its way to the engine. Then a typing trace counts the tokens
that each layout makes the engine read at a keystroke. Results are appended to the file of `--json`
one by one, and what stands there already is not measured again, so a run may be broken off.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_lsp.engine.requests import (
    Chat,
    Engine,
    EngineError,
    GenerateRequest,
    Generation,
    Infill,
    ModelFacts,
)
from qwen_lsp.evaluation.anchoring_results import Outcome, Results, cost_table, quality_table
from qwen_lsp.evaluation.infill_cases import InfillCase, read_cases
from qwen_lsp.evaluation.layouts import LAYOUTS, Layout
from qwen_lsp.evaluation.pass_at_1 import passes, same_text
from qwen_lsp.evaluation.typing_cost import AS_SHIPPED, traces, type_trace
from qwen_lsp.features import launch
from qwen_lsp.features.complete import complete
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.features.tidying import tidy
from qwen_lsp.features.tidying.place import Place
from qwen_lsp.languages import language_for_id
from qwen_lsp.models.errors import ModelError
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

# So large that no case of a benchmark is cut.
_CONTEXT_TOKENS = 16_384


class LayoutEngine:
    """An engine that lays out each infill prompt anew, and keeps the last generation.

    A prompt that it has sent for this case already is not sent again.
    """

    def __init__(self, engine: Engine, case: InfillCase) -> None:
        self._engine = engine
        self._case = case
        self._place = _place(case)
        self._known: dict[Any, Generation] = {}
        self.layout = LAYOUTS[0]
        self.last: Generation | None = None

    @property
    def facts(self) -> ModelFacts | None:
        """Return what the engine found in the weights."""
        return self._engine.facts

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return the generation; see `requests.Engine`. There is no deadline."""
        assert isinstance(request.prompt, Infill)  # noqa: S101 - ghost text is an infill template
        case, tree = self._case, self._place.tree
        infill, begun = request.prompt, request.begun
        whole = replace(infill, middle=infill.middle + begun)
        prompt = self.layout.lay_out(case.document, tree, case.offset, whole)
        if self.layout.heals and isinstance(prompt, Infill):
            prompt = _without_end(prompt, begun)
        else:
            request = replace(request, begun="")
        self.last = await self._ask(request, prompt, enough or _never)
        if on_text is not None:
            on_text(self.last.text)
        return self.last

    async def _ask(
        self, request: GenerateRequest, prompt: Infill | Chat, enough: Callable[[str], bool]
    ) -> Generation:
        key = (prompt, request.begun)
        if key not in self._known:
            self._known[key] = await self._engine.generate(
                replace(request, prompt=prompt, deadline_ms=None), enough=enough
            )
        return self._known[key]


def _without_end(prompt: Infill, word: str) -> Infill:
    if prompt.middle:
        return replace(prompt, middle=prompt.middle.removesuffix(word))
    return replace(prompt, prefix=prompt.prefix.removesuffix(word))


def _never(_text: str) -> bool:
    return False


def is_usable(case: InfillCase) -> bool:
    """Say whether the filters of ghost text would let the right answer through unchanged.

    Where they would not, no layout can pass and the case says nothing.
    """
    if not case.middle.strip() or language_for_id(case.language_id) is None:
        return False
    return same_text(tidy(case.middle, _place(case)), case.middle)


def _place(case: InfillCase) -> Place:
    language = language_for_id(case.language_id)
    assert language is not None, case.language_id  # noqa: S101 - see is_usable
    return Place(case.document, language, case.offset, not case.is_one_line)


async def measure_case(
    engine: Engine, case: InfillCase, layouts: Sequence[Layout], stops: tuple[str, ...] = ()
) -> list[Outcome]:
    """Return how each layout fills the hole of a case; raises EngineError."""
    laid_out = LayoutEngine(engine, case)
    model = LocalModel(laid_out, Templates(), stops=stops)
    settings = _settings(case)
    outcomes: list[Outcome] = []
    for layout in _in_good_order(layouts, case):
        laid_out.layout = layout
        found = await complete(
            case.document, case.offset, model, settings, Project(), explicit=True
        )
        completion = found[0].text if found else ""
        cost = laid_out.last or Generation("", "end")
        outcomes.append(
            Outcome(
                case.name,
                case.group,
                layout.name,
                await asyncio.to_thread(passes, case, completion),
                same_text(completion, case.middle),
                completion,
                cost.prompt_tokens,
                cost.prompt_tokens - cost.reused_tokens,
                cost.generated_tokens,
            )
        )
    return outcomes


def _in_good_order(layouts: Sequence[Layout], case: InfillCase) -> list[Layout]:
    """Sort layouts so that each prompt shares most with the one before it: less is read."""
    tree = _place(case).tree
    return sorted(
        layouts, key=lambda one: (one.is_chat, -one.anchor(case.document, tree, case.offset))
    )


def _settings(case: InfillCase) -> Settings:
    settings = Settings()
    inline = replace(settings.inline_completion, multiline=not case.is_one_line, alternatives=1)
    context = replace(settings.context, max_tokens=_CONTEXT_TOKENS)
    return replace(settings, inline_completion=inline, context=context)


async def run(
    engine: Engine,
    cases: Sequence[InfillCase],
    layouts: Sequence[Layout],
    results: Results,
    stops: tuple[str, ...] = (),
) -> None:
    """Measure what `results` lacks; raises EngineError."""
    for number, case in enumerate(cases, 1):
        missing = [layout for layout in layouts if not results.has(case.name, layout.name)]
        if missing:
            results.add(await measure_case(engine, case, missing, stops))
            _report(f"{number}/{len(cases)} {case.name}")


async def run_typing(engine: Engine, layouts: Sequence[Layout], results: Results) -> None:
    """Type the traces in each layout that `results` lacks; raises EngineError."""
    for trace in traces():
        for layout in [None, *layouts]:
            name = layout.name if layout else AS_SHIPPED
            # Healing and chat are compared by what they get right only.
            if layout is not None and (layout.is_chat or layout.heals):
                continue
            if not results.has_typed(name, trace.offset):
                results.add([await type_trace(engine, trace, layout)])
                _report(f"typed at {trace.offset}: {name}")


def _report(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


async def _main(arguments: argparse.Namespace) -> None:
    settings = launch.with_model(Settings(), str(arguments.model))
    settings = replace(settings, engine=replace(settings.engine, threads=arguments.threads))
    weights = launch.find_weights_here(settings)
    cases = read_cases(arguments.data, arguments.cases, is_usable)
    layouts = [one for one in LAYOUTS if one.name in (arguments.layout or [one.name])]
    results = Results(arguments.json)
    stops = weights.card.stops if weights.card else ()
    _, client = launch.connect(weights, settings, Templates())
    try:
        if arguments.typing != "only":
            await run(client, cases[arguments.first :: arguments.step], layouts, results, stops)
        if arguments.typing != "not":
            await run_typing(client, layouts, results)
    finally:
        await client.close()
    names = {case.name for case in cases}
    quality = quality_table(one for one in results.outcomes if one.case in names)
    sys.stdout.write(f"{quality}\n\n{cost_table(results.costs)}\n")


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        prog="python -m qwen_lsp.evaluation.anchoring", description=__doc__
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="the weights, a .gguf file")
    add("--data", type=Path, nargs="+", default=[], help="infill cases, JSON lines")
    add("--cases", type=int, default=120, help="how many cases, spread over the files")
    add("--json", type=Path, required=True, help="the results, JSON lines; a run goes on from them")
    add("--layout", action="append", help="only this layout; may be given more than once")
    add("--first", type=int, default=0, help="with --step: the first of the cases to run")
    add("--step", type=int, default=1, help="run every so many of the cases")
    add("--typing", choices=("too", "only", "not"), default="too", help="the typing trace")
    add("--threads", type=int, default=0, help="threads of the engine (0: as many as cores)")
    args = parser.parse_args()
    try:
        asyncio.run(_main(args))
    except (ModelError, EngineError, OSError, ValueError) as error:
        _report(str(error))
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
