"""What was released stays as it was: a report that names a version names one wording."""

import pytest

from qwen_lsp.prompting.templates import (
    Templates,
    builtin_templates,
    held_back,
    measured,
    released_hashes,
)

TEMPLATES = {template.name: template for template in builtin_templates()}


@pytest.mark.parametrize("name", sorted(TEMPLATES | released_hashes()))
def test_a_released_version_never_changes(name: str) -> None:
    released, template = released_hashes().get(name), TEMPLATES.get(name)
    if template is None:
        pytest.fail(f"{name} was released and its file is gone: put it back.")
    if released is None:
        pytest.fail(f'{name} is new: add `"{name}" = "{template.hash}"` to prompts/released.toml.')
    if released != template.hash:
        pytest.fail(
            f"{name} was released and has changed. Put prompts/{template.id}/{template.version}.md "
            f"back as it was, and write the new wording to "
            f"prompts/{template.id}/{template.version + 1}.md."
        )


@pytest.mark.parametrize("name", sorted(held_back()))
def test_a_version_that_is_held_back_is_used_where_it_is_pinned(name: str) -> None:
    template = TEMPLATES[name]
    assert Templates().current(template.id) is not template
    assert Templates().find(name) is template
    assert Templates(None, {template.id: template.version}).current(template.id) is template


def test_what_was_measured_names_versions_that_there_are() -> None:
    named = {name for one in measured() for name in one["prompts"].split(", ")}
    assert named
    assert named <= TEMPLATES.keys()
