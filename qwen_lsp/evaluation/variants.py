"""The ways of asking that are compared: a prompt, with or without other files, in an order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path

from qwen_lsp.evaluation.layouts import LAYOUTS, Layout, layout_named, slug
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Template, Templates
from qwen_lsp.settings import ContextSettings, Settings

AS_ASKED = "product"
"""The order in which ghost text asks by itself."""


class VariantError(Exception):
    """There is no such way to ask. The text is one sentence."""


@dataclass(frozen=True)
class Variant:
    """One way. `layout` is None for the product's own order; `cross_file` None for its default."""

    name: str
    template: Template
    cross_file: bool | None = None
    layout: Layout | None = None

    def settings(self, settings: Settings) -> Settings:
        """Return the settings to ask with."""
        return settings if self.cross_file is None else with_cross_file(settings, self.cross_file)

    def templates(self, folder: Path | None, pinned: Mapping[str, int]) -> Templates:
        """Return the templates to ask with; `folder` has those of a user."""
        return Templates(folder, {**pinned, self.template.id: self.template.version})


def variants(
    model: LocalModel,
    prompts: Sequence[str],
    context: Sequence[str],
    orders: Sequence[str],
    usual: Sequence[str] = (),
) -> list[Variant]:
    """Return every combination, in the order given; an empty list stands for what is usual.

    `usual` are the prompts that may be compared, the first one being what is usual; without them
    they are those of ghost text. Raises VariantError and TemplateFileError. Ask when the model is
    loaded: which prompt it is asked with depends on whether it can fill holes.
    """
    usual = usual or completion_prompts(model)
    found = [model.templates.find(name) for name in prompts or usual[:1]]
    for template in found:
        if template.id not in usual:
            raise VariantError(f"This model is asked with {usual[0]}, not with {template.id}.")
    layouts = [_layout(name, model) for name in orders or [AS_ASKED]]
    files = [None if word is None else word == "on" for word in (context or [None])]
    if context and not has_cross_file_setting():
        raise VariantError("There is no context of other files to switch on and off.")
    made = [
        Variant(_name(template, cross_file, layout), template, cross_file, layout)
        for template, cross_file, layout in product(found, files, layouts)
    ]
    if len({variant.name for variant in made}) < len(made):
        raise VariantError("A variant is named twice.")
    return made


def completion_prompts(model: LocalModel) -> list[str]:
    """Return the prompt of ghost text in the form that the model was trained for."""
    return [model.completion_template]


def type_hint_prompts(model: LocalModel) -> list[str]:
    """Return the prompts of type hints that the model can be asked with, the usual one first."""
    chat, infill = "actions/add_type_hints", "actions/add_type_hints/infill"
    return [infill, chat] if model.can_infill else [chat]


def has_cross_file_setting() -> bool:
    """Say whether ghost text can look into other files at all."""
    return any(field.name == "cross_file" for field in fields(ContextSettings))


def with_cross_file(settings: Settings, is_on: bool) -> Settings:
    """Return the settings with the context of other files switched on or off."""
    return replace(settings, context=replace(settings.context, cross_file=is_on))


def order_names() -> list[str]:
    """Return the words for the orders."""
    return [AS_ASKED, *(slug(layout.name) for layout in LAYOUTS)]


def _layout(name: str, model: LocalModel) -> Layout | None:
    if slug(name) == AS_ASKED:
        return None
    layout = layout_named(name)
    if layout is None:
        raise VariantError(f"There is no order {name}; there are {', '.join(order_names())}.")
    if not model.can_infill:
        raise VariantError("Only a model that was trained to fill holes can be asked in an order.")
    return layout


def _name(template: Template, cross_file: bool | None, layout: Layout | None) -> str:
    parts = [template.name]
    if cross_file is not None:
        parts.append(f"context {'on' if cross_file else 'off'}")
    if layout is not None:
        parts.append(slug(layout.name))
    return ", ".join(parts)
