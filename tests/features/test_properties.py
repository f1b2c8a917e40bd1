"""Whatever the model replies: no exception, no broken code, no more than was promised.

Replies are made of pieces that models write, so that many of them get far.
"""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.features.actions import RefusalError, Rewrite, find_offers, find_site, resolve
from qwen_lsp.features.complete import complete
from qwen_lsp.features.project import Project
from qwen_lsp.features.review import (
    Finding,
    functions_to_review,
    moved_findings,
    quick_fix,
    review_function,
)
from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import Language, language_for_id, parse
from qwen_lsp.settings import InlineCompletionSettings, ReviewSettings, Settings
from qwen_lsp.text import Document, Span, TextEdit, apply_edits
from tests.harness.cases import all_cases
from tests.harness.scripted import ScriptedEngine, scripted_model

# Whole files in many languages, hand-written: what the cases expect.
FILES = [
    Document("file:///a", "a", case.language.id, 1, case.expected)
    for case in all_cases()
    if case.options.kind in {"complete", "tidy"}
    and not case.expected.startswith("nothing")
    and not parse(case.language, case.expected).has_errors
]
PIECES = [
    *["\n", "\r\n", " ", "    ", "\t", "(", ")", "[", "]", "{", "}", ":", ";", ",", '"', "'", "`"],
    *['"""', "'''", "\\", "#", "//", "/*", "*/", "=", "=>", "->", "<", ">", "|", "x", "self", "é"],
    *["return x", "def f(a):\n", "    pass\n", "end", "fi", "int", "str", "None", "list[str]"],
    *["try:\n", "    try {\n", "    throw new Error(x);\n", "_a():\n    assert at([1]) == 1\n"],
    *["string", "Map<string, number>", "Optional", "Dict[", "Shop", "\0", "\u2028", "\ud800", "\r"],
]
ONE = Settings(inline_completion=InlineCompletionSettings(alternatives=1))
REPLY = st.one_of(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.text(max_size=30))


def language_of(document: Document) -> Language:
    language = language_for_id(document.language_id)
    assert language is not None
    return language


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(FILES), st.floats(0, 1), REPLY, st.booleans())
async def test_a_suggestion_never_breaks_a_file(
    document: Document, place: float, reply: str, explicit: bool
) -> None:
    offset = int(place * len(document.text))
    engine = ScriptedEngine([reply])
    model = scripted_model(engine)
    project = Project()
    suggestions = await complete(document, offset, model, ONE, project, explicit=explicit)
    if not suggestions:
        return
    (found,) = suggestions
    after = apply_edits(document.text, [TextEdit(found.span, found.text)])
    language = language_of(document)
    errors = count_syntax_errors(parse(language, document.text))
    assert count_syntax_errors(parse(language, after)) <= errors
    assert found.text.strip()
    line = document.lines.line_of(offset)
    before = document.text[document.lines.start(line) : offset]
    tail = document.line_end + before if not before.strip() else ""
    own = found.text.removesuffix(tail)
    rest = document.text[offset : document.lines.end(line)]
    assert own == own.rstrip(" \t\r\n") or (rest.strip() and own == own.rstrip("\r\n"))
    if found.span.end > offset:
        assert found.span.end == document.lines.end(line)
        return  # While the closing signs are typed, the rest of the line is another one.
    assert document.line_end == "\n" or "\n" not in found.text.replace(document.line_end, "")
    await _type_through(document, offset, found.text, project)


async def _type_through(document: Document, offset: int, text: str, project: Project) -> None:
    """Type the suggestion; at each place its rest is there, without a call of the model."""
    model = scripted_model(ScriptedEngine([]))
    for end in range(1, len(text)):
        whole = document.text[:offset] + text[:end] + document.text[offset:]
        typed = Document(document.uri, document.path, document.language_id, 1 + end, whole)
        known = project.suggestions.find(typed, offset + end)
        assert known is not None
        assert [rest.text for rest in known.suggestions] == [text[end:]]
    (rest,) = await complete(document, offset, model, ONE, project, explicit=True)
    assert rest.text == text


PYTHON_CODE = '''"""Shop."""
import os
def at(items, index=None, *rest):
    """One of them."""
    if index is None:
        return items[0]
    return items[index]
class Shop:
    @property
    def total(self): return sum(self.prices)

    async def buy(self, name, /, count=1, **options):
        # Buy it.
        for _ in range(count):
            await self.take(name, options)
'''
TYPESCRIPT_CODE = """import os from "os";
export const at = async (items, index?, ...rest) => {
  if (index === undefined) {
    return items[0];
  }
  return items[index];
};
class Shop {
  buy(name, count = 1) {
    for (let at = 0; at < count; at++) {
      this.take(name);
    }
  }
}
"""
SOURCES = [
    Document("file:///a", "a", language_id, 1, code.replace("\n", line_end))
    for language_id, code in (("python", PYTHON_CODE), ("typescript", TYPESCRIPT_CODE))
    for line_end in ("\n", "\r\n")
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SOURCES),
    st.floats(0, 1),
    st.integers(0, 120),
    st.integers(0, 5),
    st.lists(REPLY, min_size=16, max_size=16),
)
async def test_an_action_keeps_its_promise_or_refuses(
    document: Document, place: float, length: int, choice: int, replies: list[str]
) -> None:
    offset = int(place * len(document.text))
    selection = Span(offset, min(offset + length, len(document.text)))
    site = find_site(document, selection, None, "Make it shorter.")
    offers = find_offers(site)
    if site is None or not offers:
        return
    offer = offers[choice % len(offers)]
    model = scripted_model(ScriptedEngine(replies))
    try:
        rewrite = await resolve(site, offer.action, model)
    except RefusalError as error:
        refusal = str(error)
    else:
        refusal = ""
        _check_promise(offer.action, document, rewrite)
    assert "\n" not in refusal
    assert refusal == "" or refusal.endswith(".")


def _check_promise(action: str, document: Document, rewrite: Rewrite) -> None:
    after = apply_edits(document.text, rewrite.edits)
    language = language_of(document)
    if rewrite.new_file is not None:
        assert count_syntax_errors(parse(language, rewrite.new_file.text)) == 0
        assert after == document.text
        return
    assert set(re.findall(r"\r\n|\n|\r", after)) == {document.line_end}
    assert count_syntax_errors(parse(language, after)) == 0
    assert after != document.text
    if action == "add_type_hints":
        bare = [re.sub(r"from typing import [\w, ]+", "", text) for text in (document.text, after)]
        shapes = [parse(language, text).shape(without_annotations=True) for text in bare]
        assert shapes[0] == shapes[1]
    elif action == "add_docstring":
        _check_documented(language, document.text, after)


def _check_documented(language: Language, before: str, after: str) -> None:
    """One function more has documentation; without any, the files are the same."""
    old, new = parse(language, before), parse(language, after)
    documented = [sum(bool(one.docstring_span) for one in tree.functions()) for tree in (old, new)]
    assert documented[1] == documented[0] + 1
    bare: list[str] = []
    for tree in (old, new):
        spans = [one.docstring_span for one in tree.functions() if one.docstring_span]
        edits = [TextEdit(span, "") for span in spans]
        bare.append(parse(language, apply_edits(tree.text, edits)).shape())
    assert bare[0] == bare[1]


@settings(max_examples=200)
@given(st.sampled_from(SOURCES), st.lists(REPLY, min_size=20, max_size=20))
async def test_type_hints_of_a_whole_file_leave_the_code_as_it_is(
    document: Document, replies: list[str]
) -> None:
    site = find_site(document, Span(0, len(document.text)))
    assert site is not None
    try:
        model = scripted_model(ScriptedEngine(replies))
        rewrite = await resolve(site, "add_type_hints_in_file", model)
    except RefusalError:
        return
    after = parse(site.language, apply_edits(document.text, rewrite.edits))
    before = [one.body_span for one in site.tree.functions()]
    bodies = [document.slice(span) for span in before if span is not None]
    found = [one.body_span for one in after.functions()]
    kept = [after.text[span.start : span.end] for span in found if span is not None]
    assert kept == bodies
    assert count_syntax_errors(after) == 0


LINES = [line.strip() for line in (PYTHON_CODE + TYPESCRIPT_CODE).splitlines()]
ITEMS = st.fixed_dictionaries(
    {
        "line": st.one_of(st.sampled_from(LINES), st.none(), st.lists(st.text())),
        "category": st.sampled_from(["crash", "other", "style", ["crash"], None]),
    }
)
ATOM = st.none() | st.text(max_size=3)
ANSWER = st.one_of(
    st.builds(lambda items: json.dumps({"findings": items}), st.lists(ITEMS, max_size=4)),
    st.one_of(ATOM, st.lists(ATOM | st.lists(ATOM, max_size=3), max_size=3)).map(json.dumps),
    REPLY,
    st.just("[" * 5000),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOURCES), ANSWER, st.lists(REPLY, min_size=8, max_size=8))
async def test_a_review_only_says_what_the_code_shows(
    document: Document, answer: str, replies: list[str]
) -> None:
    for target in functions_to_review(document):
        model = scripted_model(ScriptedEngine([answer, *replies]), explains=True)
        for finding in await review_function(target, model, ReviewSettings()):
            assert document.slice(finding.span) == finding.quote
            assert target.function.span.contains(finding.span)
            assert finding.instead != finding.quote
            assert finding.message
            fix = quick_fix(document, finding)
            if fix is not None:
                after = apply_edits(document.text, [fix])
                assert count_syntax_errors(parse(language_of(document), after)) == 0


LINES_OF_TEXT = st.lists(st.sampled_from(["a = 1", "  b", "", "a = 1  ", "b\n  b"]), max_size=6)


@settings(max_examples=400)
@given(LINES_OF_TEXT, st.sampled_from(["\n", "\r\n"]), st.data())
def test_a_finding_that_stays_holds_its_quote(
    lines: list[str], line_end: str, data: st.DataObject
) -> None:
    text = line_end.join(lines)
    before = Document("file:///a", "a", "python", 1, text)
    offsets = st.integers(0, len(text))
    spans = [Span(*sorted((data.draw(offsets), data.draw(offsets)))) for _ in range(3)]
    findings = [Finding("other", "hint", "", span, before.slice(span), "f") for span in spans]
    start, end = sorted((data.draw(offsets), data.draw(offsets)))
    new = data.draw(st.sampled_from(["", "x", "a = 1", line_end, "\n  b\n", "b"]))
    after = Document("file:///a", "a", "python", 2, text[:start] + new + text[end:])
    for finding in moved_findings(findings, before, after):
        assert after.slice(finding.span) == finding.quote
