"""The missing annotations of one function: from syntax where it is sure, else from the model.

The signature is written up to a slot and the model goes on until the type ends, held to a grammar
of the types that the file can use. It never writes anything else, so nothing else can change.
"""

import math
from dataclasses import dataclass
from typing import Any

from qwen_lsp.context.function import function_context, without_indent
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.engine.requests import Generation, Priority
from qwen_lsp.features.actions.base import Target, prompt_variables
from qwen_lsp.features.actions.type_expressions import type_end, usable_type
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.type_hints import grammars
from qwen_lsp.features.type_hints.code import FunctionNode, PythonCode, read
from qwen_lsp.features.type_hints.inference import Inference
from qwen_lsp.features.type_hints.names import TYPING_NAMES, python_names, typescript_names
from qwen_lsp.features.type_hints.patterns import HOLE, is_whole, members
from qwen_lsp.features.type_hints.style import Style, style_of
from qwen_lsp.features.type_hints.typescript import typescript_type
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.languages.slots import Slot
from qwen_lsp.text import Document, TextEdit

LEAST_SURE = 0.5
"""How likely the model must find a type, 0 to 1, else its slot stays empty. docs/evaluation.md
says how it was chosen."""

_MOST_TOKENS = 32
_MOST_CALLS = 3
_LONGEST_BODY = 2400  # characters; what is beyond it seldom says more of the types


@dataclass(frozen=True)
class Hints:
    """What is to be written into one function: edits, and the types in them."""

    edits: tuple[TextEdit, ...] = ()
    types: tuple[str, ...] = ()


class FileTypes:
    """What the syntax of one file says of its types, found out once for all of its functions."""

    def __init__(self, document: Document, tree: SyntaxTree, style: Style) -> None:
        code = read(document.text) if tree.language.id == "python" else None
        self._document = document
        self._inference = Inference(code) if code is not None else None
        self.style = style
        is_python = tree.language.id == "python"
        self.names = python_names(tree, style) if is_python else typescript_names(tree)

    def pattern(self, target: Target, slot: Slot) -> str:
        """Return the type of a slot, with holes where it is not known."""
        if target.language.id != "python":
            return typescript_type(target.document.text, target.function, slot)
        function = self._node(target)
        if self._inference is None or function is None:
            is_none = slot.closing and self._document.text.startswith("None", slot.span.end)
            return f"{HOLE} | None" if is_none else HOLE
        if not slot.name:
            return self._inference.result(function)
        return self._of_parameter(self._inference, function, slot)

    def _of_parameter(self, inference: Inference, function: FunctionNode, slot: Slot) -> str:
        found = inference.parameter(function, slot.name)
        is_none = slot.closing and self._document.text.startswith("None", slot.span.end)
        return f"{HOLE} | None" if is_none and found == HOLE else found

    def calls(self, target: Target) -> list[str]:
        """Return some calls of the function, as they stand in the file."""
        function = self._node(target)
        if self._inference is None or function is None:
            return []
        return _calls_of(self._inference.code, function, self._document.text)

    def _node(self, target: Target) -> FunctionNode | None:
        if self._inference is None:
            return None
        line = self._document.lines.line_of(target.function.definition_span.start) + 1
        return self._inference.code.function_at(line, target.function.name)


def file_types(document: Document, tree: SyntaxTree, style: Style | None = None) -> FileTypes:
    """Return what the syntax of a file says; `style` is that of Python's types."""
    return FileTypes(document, tree, style or style_of(document.text, None))


async def hints_for(target: Target, known: FileTypes, model: LocalModel) -> Hints:
    """Return the annotations for one function; raises EngineError."""
    document, function = target.document, target.function
    edits: list[TextEdit] = []
    types: list[str] = []
    written = ""
    position = function.definition_span.start
    for slot in target.tree.annotation_slots(function):
        written += document.text[position : slot.span.start]
        pattern = known.pattern(target, slot)
        found = pattern
        if not is_whole(pattern):
            opening = without_indent(written + slot.opening, function.indent)
            found = await _ask(_Question(target, slot, known, opening, pattern), model)
        if is_whole(pattern) and target.language.id == "python":
            found = known.style.write(pattern, TYPING_NAMES)
        annotation = usable_type(found, slot, target, known.style)
        position = slot.span.start
        if annotation:
            edits.append(TextEdit(slot.span, slot.opening + annotation + slot.closing))
            types.append(annotation)
            written += edits[-1].new_text
            position = slot.span.end
    return Hints(tuple(edits), tuple(types))


@dataclass(frozen=True)
class _Question:
    """A slot that the model is asked about; `opening` is the signature up to it."""

    target: Target
    slot: Slot
    known: FileTypes
    opening: str
    pattern: str

    @property
    def is_python(self) -> bool:
        return self.target.language.id == "python"

    @property
    def styled(self) -> str:
        """Return the pattern as the file writes it."""
        return self.known.style.write(self.pattern, TYPING_NAMES) if self.is_python else HOLE

    def variables(self) -> dict[str, Any]:
        """Return what the templates are told."""
        document, function = self.target.document, self.target.function
        context = function_context(document, self.target.tree, function)
        body = document.text[function.signature_span.end : function.definition_span.end]
        around = self.target.tree.containers_at(function.span.start)
        owners = [one.header.strip() for one in around if one.kind != "function"]
        return prompt_variables(self.target, context, "") | {
            "imports": context.imports,
            "owner": owners[-1] if owners else "",
            "calls": "\n".join(self.known.calls(self.target)),
            "opening": self.opening.rstrip(),
            "body": without_indent(body[:_LONGEST_BODY], function.indent),
        }


async def _ask(question: _Question, model: LocalModel) -> str:
    """Return what the model fills the holes with, empty where it is not sure enough."""
    reply = await model.ask(
        "actions/add_type_hints/infill" if model.can_infill else "actions/add_type_hints",
        question.variables(),
        Priority.ACTION,
        max_tokens=_MOST_TOKENS,
        grammar=_grammar(question),
        scored=True,
        enough=lambda text: type_end(text) < len(text),
    )
    if certainty(reply.generation, reply.text, question.styled) >= LEAST_SURE:
        found = reply.text[: type_end(reply.text)].strip()
        anything = [one for one in members(found) if one.rpartition(".")[2] == "Any"]
        return anything[0] if anything and question.is_python else found
    # Of `dict[str, ?]` the rest is worth having; of `? | None` nothing is.
    can_be_any = question.is_python and HOLE not in members(question.pattern)
    any_type = f"{question.known.style.typing}Any"
    return question.styled.replace(HOLE, any_type) if can_be_any else ""


def _grammar(question: _Question) -> str:
    slot, known = question.slot, question.known
    end = grammars.PARAMETER_END
    if question.is_python:
        if slot.closing:
            end = grammars.DEFAULT_END
        elif not slot.name:
            end = grammars.RESULT_END
        unions = known.style.has_unions
        return grammars.python_grammar(question.styled, known.names, end, has_unions=unions)
    text = question.target.document.text[slot.span.end :].lstrip()
    if not slot.name:
        end = grammars.ARROW_END if text.startswith("=>") else grammars.BRACE_END
    elif text.startswith("="):
        end = grammars.DEFAULT_END
    return grammars.typescript_grammar(known.names, end)


def certainty(generation: Generation, reply: str, pattern: str) -> float:
    """Return how likely the model found what it wrote into the holes of a pattern, 0 to 1.

    Only what stands in the holes counts: the rest is known. Without scores it is 1.
    """
    written = reply[: type_end(reply)]
    before, _, _ = pattern.partition(HOLE)
    after = pattern.rpartition(HOLE)[2]
    start = len(written) - len(written.lstrip()) + len(before)
    end = len(written.rstrip()) - len(after)
    total, place = 0.0, 0
    for score in generation.scores:
        if place < end and place + len(score.text) > start:
            total += score.log_probability
        place += len(score.text)
    return math.exp(total)


def _calls_of(code: PythonCode, function: FunctionNode, text: str) -> list[str]:
    lines = text.splitlines()
    calls = [one for one in code.calls_of(function.name) if one.lineno == one.end_lineno]
    found = [lines[call.lineno - 1].strip() for call in calls]
    found = [line for line in found if not holds_secret(line)]
    return list(dict.fromkeys(found))[:_MOST_CALLS]
