"""Chat messages to text, by the template that the weights carry.

The template is trusted, the messages are not: a message that contains a special token's text must
reach the model as plain text. So the template is rendered with placeholders for the messages, and
only what stands around the placeholders may become special tokens.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from qwen_lsp.engine.requests import Chat, EngineError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{{ '<|im_start|>assistant\n' }}"  # a bare last line end is dropped by Jinja
)


@dataclass(frozen=True)
class Part:
    """A piece of prompt text; only `control` parts may hold special tokens."""

    text: str
    control: bool


def render_chat(template: str, chat: Chat, options: dict[str, Any]) -> list[Part]:
    """Return the parts of the prompt; raises EngineError where the template does not work.

    `options` are the template's own variables, such as Qwen 3.5's `enable_thinking`.
    """
    mark = secrets.token_hex(8)
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    # Names that published chat templates rely on, as in transformers.
    names: dict[str, Any] = {"raise_exception": _refuse, "strftime_now": _now}
    messages = [
        {"role": message.role, "content": f"[{mark}-{number}]"}
        for number, message in enumerate(chat.messages)
    ]
    try:
        text = environment.from_string(template).render(
            messages=messages, add_generation_prompt=True, **names, **options
        )
    except Exception as error:  # a template is a program of others and may fail in any way
        raise EngineError(f"The model's chat template does not work: {error}.") from error
    parts: list[Part] = []
    for number, piece in enumerate(re.split(rf"\[{mark}-(\d+)\]", text)):
        if number % 2:
            parts.append(Part(chat.messages[int(piece)].text, control=False))
        else:
            parts.append(Part(piece, control=True))
    parts.append(Part(chat.reply_start, control=False))
    return [part for part in parts if part.text]


def _now(form: str) -> str:
    return datetime.now(UTC).astimezone().strftime(form)


def _refuse(reason: str) -> None:
    raise TemplateError(reason)
