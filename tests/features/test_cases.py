"""Every Markdown case below `fixtures/`, with the scripted engine in place of the model."""

import pytest

from qwen_lsp.engine.requests import ModelFacts
from qwen_lsp.features.actions import RefusalError, find_offers, find_site, resolve
from qwen_lsp.features.complete import complete
from qwen_lsp.features.project import Project
from qwen_lsp.features.review import Finding, functions_to_review, quick_fix, review_function
from qwen_lsp.features.tidying import FILTERS, replaced_span, tidy
from qwen_lsp.features.tidying.place import place_at
from qwen_lsp.settings import InlineCompletionSettings, ReviewSettings, Settings
from qwen_lsp.text import TextEdit, apply_edits
from tests.harness.cases import Case, all_cases
from tests.harness.scripted import ScriptedEngine, scripted_model

CASES = all_cases()


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.path.parent.name}/{case.path.stem}"
)
async def test_case(case: Case) -> None:
    facts = ModelFacts("scripted", "none", 0, 8192, case.options.infills, can_roll_back=True)
    engine = ScriptedEngine(case.replies, case.options.finish, facts)
    run = {"complete": _complete, "tidy": _tidy, "action": _action, "review": _review}
    outcome = await run[case.options.kind](case, engine)
    assert outcome == case.expected, case.title
    assert not engine.replies, "the model was asked for less than the case says"
    if case.options.told:
        assert case.options.told in engine.prompt_text(-1)
    if case.options.reply_starts:
        assert engine.reply_start(-1).endswith(case.options.reply_starts)


def test_every_filter_has_a_case_where_it_acts_and_one_where_it_must_not() -> None:
    options = [case.options for case in CASES if case.options.kind == "tidy"]
    found = {(one.filter, one.acts) for one in options}
    assert found == {(one.__name__, acts) for one in FILTERS for acts in (True, False)}


async def _complete(case: Case, engine: ScriptedEngine) -> str:
    inline = InlineCompletionSettings(multiline=case.options.multiline, alternatives=1)
    offset = case.selection.start
    found = await complete(
        case.document,
        offset,
        scripted_model(engine),
        Settings(inline_completion=inline),
        Project(),
        explicit=case.options.explicit,
    )
    if not found:
        return "nothing\n"
    return apply_edits(case.document.text, [TextEdit(found[0].span, found[0].text)])


async def _tidy(case: Case, engine: ScriptedEngine) -> str:
    place = place_at(
        case.document,
        case.language,
        case.selection.start,
        multiline=case.options.multiline,
        explicit=case.options.explicit,
    )
    text = engine.replies.pop()
    text = text.replace("\n", "\r\n") if case.options.crlf else text
    filters = {one.__name__: one for one in FILTERS}
    assert (filters[case.options.filter](text, place) != text) == case.options.acts
    tidied = tidy(text, place)
    if not tidied:
        return "nothing\n"
    edit = TextEdit(replaced_span(tidied, place), tidied)
    return apply_edits(case.document.text, [edit])


async def _action(case: Case, engine: ScriptedEngine) -> str:
    site = find_site(case.document, case.selection, None, case.options.instruction)
    offered = [offer.action for offer in find_offers(site)]
    assert (case.options.action in offered) == case.options.offered
    if site is None or not case.options.offered:
        return "nothing\n"
    try:
        rewrite = await resolve(site, case.options.action, scripted_model(engine))
    except RefusalError as error:
        return f"refused: {error}\n"
    assert rewrite.version == case.document.version
    return apply_edits(case.document.text, rewrite.edits)


async def _review(case: Case, engine: ScriptedEngine) -> str:
    model = scripted_model(engine, explains=case.options.explains)
    settings = ReviewSettings(min_severity=case.options.min_severity)
    findings: list[Finding] = []
    for target in functions_to_review(case.document):
        findings += await review_function(target, model, settings)
    if not findings:
        return "nothing\n"
    assert [(one.span, one.severity, one.code) for one in findings] == [
        (mark.span, mark.severity, mark.code) for mark in case.marks()
    ]
    assert all(case.document.slice(one.span) == one.quote for one in findings)
    if case.options.message:
        assert findings[0].message == case.options.message
    fix = quick_fix(case.document, findings[0])
    assert (fix.new_text if fix else "") == case.options.fixed
    return case.expected
