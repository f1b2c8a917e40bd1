"""The ways of asking: every combination, named, and what cannot be asked."""

from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.evaluation.variants import VariantError, variants
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import TemplateFileError, Templates
from qwen_lsp.settings import Settings
from tests.harness.scripted import ScriptedEngine
from tests.harness.scripted_backend import FACTS


def model(folder: Path | None = None, *, can_infill: bool = True) -> LocalModel:
    facts = replace(FACTS, can_infill=can_infill)
    return LocalModel(ScriptedEngine([], facts=facts), Templates(folder))


def test_without_anything_it_is_asked_as_usual() -> None:
    (one,) = variants(model(), [], [], [])
    assert one.name.startswith("complete@")
    assert one.layout is None
    assert one.settings(Settings()) == Settings()
    (chat,) = variants(model(can_infill=False), [], [], [])
    assert chat.name.startswith("complete/chat@")


def test_every_combination_is_a_variant() -> None:
    found = variants(model(), ["complete@1"], ["on", "off"], ["product", "psm"])
    assert [one.name for one in found] == [
        "complete@1, context on",
        "complete@1, context on, psm",
        "complete@1, context off",
        "complete@1, context off, psm",
    ]
    on, off = (found[number].settings(Settings()).context.cross_file for number in (0, 2))
    assert (on, off) == (True, False)


def test_a_template_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "complete").mkdir()
    usual = Templates().find("complete")
    (tmp_path / "complete" / "9.md").write_text(usual.text, encoding="utf-8")
    old, new = variants(model(tmp_path), [usual.name, "complete@9"], [], [])
    assert (old.name, new.name) == (usual.name, "complete@9")
    assert old.templates(tmp_path, {}).current("complete").version == usual.version
    assert new.templates(tmp_path, {}).current("complete").version == 9


@pytest.mark.parametrize(
    ("prompts", "context", "orders", "sentence"),
    [
        (["review/find"], [], [], "This model is asked with complete, not with review/find."),
        ([], [], ["sideways"], "There is no order sideways; there are product, psm, "),
        ([], ["on", "on"], [], "A variant is named twice."),
    ],
)
def test_what_cannot_be_asked(
    prompts: list[str], context: list[str], orders: list[str], sentence: str
) -> None:
    with pytest.raises(VariantError) as caught:
        variants(model(), prompts, context, orders)
    assert str(caught.value).startswith(sentence)


def test_an_order_needs_a_model_that_fills_holes() -> None:
    with pytest.raises(VariantError, match="Only a model that was trained to fill holes"):
        variants(model(can_infill=False), [], [], ["psm"])


def test_a_prompt_that_is_not_there() -> None:
    with pytest.raises(TemplateFileError):
        variants(model(), ["complete@99"], [], [])
