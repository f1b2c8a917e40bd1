"""Write tests for this function: a new file next to the project's other tests, in their style.

The head of the file is written by syntax and the model writes the tests. Each must be sound on
its own and use the function; what else the model writes is left out. No test is ever run here:
whether it tests the right thing is for the user to judge.
"""

import asyncio
import re

from qwen_lsp.context.function import function_context
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import (
    Draft,
    NewFile,
    RefusalError,
    Target,
    UnusableReplyError,
    function_action,
    prompt_variables,
)
from qwen_lsp.features.actions.rewriting import can_be_rewritten
from qwen_lsp.features.actions.testing.frameworks import (
    Page,
    first_test,
    page_of,
    tests_in,
    with_imports,
)
from qwen_lsp.features.actions.testing.importing import import_line, imported_name
from qwen_lsp.features.actions.testing.suite import FRAMEWORKS, find_suite, is_test_file
from qwen_lsp.features.checks import (
    defines_nothing_anew,
    holds_a_test,
    new_file_parses,
    tests_the_function,
)
from qwen_lsp.features.fitting import fitted, quotes_in
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import parse

_MOST_TESTS = 4
_MOST_EXAMPLE_LINES = 25
_TEST_BEGINS = re.compile(
    r"^\s*(?:(?:async )?def test|func Test|(?:it|test)(?:\.\w+)*\()", re.MULTILINE
)
_PACKAGE = re.compile(r"^package (\w+)", re.MULTILINE)
_TITLE = "Write tests for this function"


def _is_offered(target: Target) -> bool:
    file = target.document.file
    return (
        target.language.id in FRAMEWORKS
        and file is not None
        and not is_test_file(file.name, target.language)
        and (target.language.id != "python" or file.stem.isidentifier())
        and not target.function.name.startswith(("__", "#"))
        and can_be_rewritten(target, least_lines=1)
        and bool(imported_name(target))
    )


async def _write(target: Target, model: LocalModel, refused: str) -> Draft:
    document, language, function = target.document, target.language, target.function
    file = document.file
    if file is None:
        raise RefusalError(f"{_TITLE}: the file has to be saved first.")
    file = file.resolve()
    folder = target.site.folder.resolve() if target.site.folder is not None else None
    root = folder if folder is not None and file.is_relative_to(folder) else None
    suite = await asyncio.to_thread(
        find_suite, file, root, language, function.name, target.site.exclude
    )
    if suite is None:
        known = " or ".join(FRAMEWORKS[language.id])
        raise RefusalError(f"{_TITLE}: no package.json of the project names {known}.")
    context = function_context(document, target.tree, function)
    style = suite.example or document.text
    quotes = quotes_in(parse(language, style))
    quote = quotes.most_common(1)[0][0] if quotes else '"'
    package = _PACKAGE.search(document.text)
    page = page_of(
        suite.framework,
        function.name,
        import_line(target, file, root or file.parent, suite.path, quote),
        package[1] if package is not None else "main",
        suite.example,
    )
    told = prompt_variables(target, context, refused) | {
        "name": function.qualified_name,
        "framework": suite.framework,
        "example": first_test(language, suite.example, _MOST_EXAMPLE_LINES),
        "opening": page.head + page.begun,
    }
    reply = await model.ask(
        "actions/generate_tests",
        told,
        Priority.ACTION,
        enough=lambda text: len(_TEST_BEGINS.findall(text)) >= _MOST_TESTS,
    )
    is_whole = reply.generation.finish in ("end", "stop")
    written = page.begun + reply.lines
    tests = _usable_tests(written, page, target, is_whole=is_whole)
    if not tests:
        raise UnusableReplyError("there was no test that could be used")
    text = fitted(page.head + page.between.join(tests) + page.foot, style, style, language)
    text = with_imports(language, text).replace("\n", document.line_end)
    return Draft(new_file=NewFile(suite.path, text))


def _usable_tests(written: str, page: Page, target: Target, *, is_whole: bool) -> list[str]:
    """Return the tests that are sound on their own and use the function."""
    found = tests_in(target.language, page.head + written)
    if not is_whole and target.language.block_style == "indent":
        del found[-1:]  # It may go on.
    uses = re.compile(rf"(?<!\w){re.escape(target.function.name)}(?!\w)")
    tests: list[str] = []
    for test in found[:_MOST_TESTS]:
        is_sound = not parse(target.language, page.head + test + page.foot).has_errors
        if is_sound and uses.search(test) and _name(test) not in map(_name, tests):
            tests.append(test)
    return tests


def _name(test: str) -> str:
    """Return what tells a test from the others of its file."""
    lines = (line.strip() for line in test.splitlines() if _TEST_BEGINS.match(line))
    return next(lines, test)


GENERATE_TESTS = function_action(
    id="generate_tests",
    title=_TITLE,
    kind="source.generateTests",
    summary="Makes a new file of tests in the style of the project's tests, and never runs them.",
    is_offered=_is_offered,
    write=_write,
    checks=(new_file_parses, holds_a_test, tests_the_function, defines_nothing_anew),
    rewrites_code=True,
)
