"""Programs do the same after an extraction and after an inlining, wherever one is made."""

import ast
import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_lsp.features.actions import RefusalError, find_offers, find_site, resolve
from qwen_lsp.text import Document, Span, apply_edits
from tests.harness.programs import PROGRAMS, calls, expressions, output, program, statement_ranges
from tests.harness.scripted import ScriptedEngine, scripted_model

# Of each program, so that a run takes seconds; the whole of them takes minutes.
MOST = 40
# Modules of the standard library with many kinds of code.
MODULES = ("asyncio.queues", "heapq", "shlex", "textwrap", "zipapp")


async def edited(document: Document, span: Span, action: str) -> str | None:
    """Return the file after an action, None where it is not offered or refused."""
    site = find_site(document, span)
    if action not in [offer.action for offer in find_offers(site)]:
        return None
    assert site is not None
    model = scripted_model(ScriptedEngine(["do_work(", "Do the work.\n"]))
    try:
        rewrite = await resolve(site, action, model)
    except RefusalError as error:
        assert str(error).endswith(".")  # noqa: PT017 - a refusal is a good outcome
        return None
    return apply_edits(document.text, rewrite.edits)


def called(document: Document) -> Iterator[Span]:
    return (Span(offset, offset) for offset in calls(document))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("action", "spans", "least"),
    [
        ("extract_function", statement_ranges, 10),
        ("extract_function", expressions, 4),
        ("inline_function", called, 0),
    ],
)
def test_a_program_prints_the_same(
    path: Path, action: str, spans: Callable[[Document], Iterator[Span]], least: int
) -> None:
    document = program(path)
    expected = output(document.text)
    found = list(dict.fromkeys(spans(document)))
    random.Random(path.stem).shuffle(found)  # noqa: S311 - a choice, not a secret
    done = 0
    for span in found[:MOST]:
        after = asyncio.run(edited(document, span, action))
        if after is not None:
            done += 1
            assert output(after) == expected, after
    assert done >= least, "there is nothing to see here"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_still_compiles(name: str) -> None:
    path = Path(str(__import__(name, fromlist=["_"]).__file__))
    document = program(path)
    chosen = random.Random(name)  # noqa: S311 - a choice, not a secret
    for action, spans in (("extract_function", statement_ranges), ("inline_function", called)):
        places = list(spans(document))
        chosen.shuffle(places)
        for span in places[:MOST]:
            after = asyncio.run(edited(document, span, action))
            if after is not None:
                compile(after, name, "exec")
                assert names_of(after) >= names_of(document.text)


def names_of(text: str) -> set[str]:
    nodes = ast.walk(ast.parse(text))
    return {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
