"""Fill a template in."""

import re
from dataclasses import dataclass, replace
from typing import Any

from qwen_lsp.engine.requests import Chat, Infill, Message
from qwen_lsp.prompting.templates import Template, TemplateFileError


@dataclass(frozen=True)
class Prompt:
    """What is sent to the model, and which wording it came from."""

    template: Template
    content: Infill | Chat

    def readable(self) -> str:
        """Return the prompt as text for people, with its parts named."""
        content = self.content
        if isinstance(content, Infill):
            parts = [("other file", file) for file in content.files]
            parts += [("prefix", content.prefix), ("suffix", content.suffix)]
            parts.append(("middle", content.middle))
        else:
            parts = [(message.role, message.text) for message in content.messages]
            parts.append(("reply", content.reply_start))
        head = f"{self.template.name} ({self.template.hash})"
        return "\n".join([head, *(f"\n--- {name} ---\n{text}" for name, text in parts)])


def render(template: Template, variables: dict[str, Any]) -> Prompt:
    """Return the prompt; raises TemplateFileError where the template wants something unknown."""
    from jinja2 import TemplateError  # noqa: PLC0415 - no server needs it to start

    def block(name: str, **more: str) -> str:
        if name not in template.blocks.blocks:
            return ""
        context = template.blocks.new_context({**variables, **more})
        try:
            return "".join(template.blocks.blocks[name](context))
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise TemplateFileError(
                f"{template.name} cannot be filled in: {_reason(error)}."
            ) from error

    if template.kind == "infill":
        infill = Infill(block("prefix"), block("suffix"), block("middle"))
        if "file" in template.blocks.blocks:
            related = variables.get("related", ())
            files = tuple(block("file", path=one.path, text=one.text) for one in related)
            infill = replace(
                infill, files=files, repository=block("repository"), here=block("here")
            )
        return Prompt(template, infill)
    messages = (Message("system", block("system").strip()), Message("user", block("user").strip()))
    return Prompt(template, Chat(messages, block("reply")))


def _reason(error: Exception) -> str:
    """Return what is wrong, without words that quote what the template was given."""
    said = str(error)
    return said if re.fullmatch(r"'\w+' is undefined", said) else type(error).__name__
