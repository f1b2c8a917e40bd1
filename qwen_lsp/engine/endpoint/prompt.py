"""A request as the text that a model was trained on: its tokens around holes, its turns of talk."""

import re
from dataclasses import dataclass

from qwen_lsp.engine.chat import CHATML, Part, render_chat
from qwen_lsp.engine.requests import Chat, Infill

# Source: the tokenizer of Qwen2.5-Coder, which all later Qwen models share.
QWEN_MARKS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>")
CHAT_MARK = "<|im_start|>"
# What Qwen's own template writes for a reply without thinking.
_NO_THOUGHT = "<think>\n\n</think>\n\n"
_THINKS = re.compile(r"qwen-?3(?!.*(coder|instruct))", re.IGNORECASE)
_SPECIAL = re.compile(r"<\|[^\s|]{1,40}\|>|</?s>|\[/?INST\]")


@dataclass(frozen=True)
class Form:
    """What is known of a model: whether Qwen's marks fill its holes, and its Jinja template.

    The template is empty where nothing is known; then the server must form conversations.
    """

    has_marks: bool = False
    chat_template: str = ""


def form_of(model: str, chat_template: str = "") -> Form:
    """Return the form of a model by its name, and by the template that its server tells."""
    if "qwen" not in model.lower():
        return Form(chat_template=chat_template)
    thought = f"{{{{ {_NO_THOUGHT!r} }}}}" if _THINKS.search(model) else ""
    return Form(has_marks=True, chat_template=chat_template or CHATML + thought)


def hole_parts(hole: Infill) -> list[Part]:
    """Return files, prefix, suffix and middle, each behind its mark."""
    before, behind, middle, repository, file_mark = QWEN_MARKS
    parts: list[Part] = []
    if hole.files:
        parts += [Part(repository, control=True), Part(f"{hole.repository}\n", control=False)]
        for file in (*hole.files, hole.here):
            parts += [Part(file_mark, control=True), Part(file, control=False)]
    parts += [Part(before, control=True), Part(hole.prefix, control=False)]
    parts += [Part(behind, control=True), Part(hole.suffix, control=False)]
    parts += [Part(middle, control=True), Part(hole.middle, control=False)]
    return [part for part in parts if part.text]


def chat_parts(chat: Chat, form: Form) -> list[Part]:
    """Return a conversation in the model's form; raises EngineError where its template fails."""
    return render_chat(form.chat_template, chat, {"enable_thinking": False})


def has_mark_as_text(code: str) -> bool:
    """Say whether code itself holds what a server may take for a special token."""
    return _SPECIAL.search(code) is not None
