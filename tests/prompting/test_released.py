"""What was released stays as it was: a report that names a version names one wording."""

import pytest

from qwen_lsp.prompting.templates import builtin_templates, released_hashes

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
