"""A model that writes real code, at random places of real code: nothing is doubled or broken."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.evaluation.places import harm_of
from qwen_lsp.features.complete import complete
from qwen_lsp.features.project import Project
from qwen_lsp.languages import parse
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document
from tests.harness.cases import all_cases
from tests.harness.scripted import ScriptedEngine, scripted_model

FILES = [
    Document("file:///a", "a", case.language.id, 1, case.expected)
    for case in all_cases()
    if case.options.kind in {"complete", "tidy"}
    and not case.expected.startswith("nothing")
    and not parse(case.language, case.expected).has_errors
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(FILES), st.data(), st.booleans())
async def test_what_a_hole_is_filled_with_does_no_harm(
    document: Document, data: st.DataObject, explicit: bool
) -> None:
    """The model writes on as the file went on before a hole was cut, and then something else."""
    offsets = st.integers(0, len(document.text))
    start, end = sorted((data.draw(offsets), data.draw(offsets)))
    hole = replace(document, text=document.text[:start] + document.text[end:])
    written = document.text[start : data.draw(st.integers(start, len(document.text)))]
    reply = written + data.draw(st.sampled_from(FILES)).text
    found = await complete(
        hole,
        start,
        scripted_model(ScriptedEngine([reply] * 8)),
        Settings(),
        Project(),
        explicit=explicit,
    )
    for suggestion in found:
        assert harm_of(hole, start, suggestion) == ""
