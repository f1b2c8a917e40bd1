"""Add docstring: the model writes the words, the syntax decides where and how they stand."""

from qwen_lsp.context.function import function_context
from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.actions.base import (
    Draft,
    Target,
    UnusableReplyError,
    function_action,
    prompt_variables,
)
from qwen_lsp.features.actions.docstring_style import (
    STYLES,
    docstring_style,
    documented_parameters,
    style_of,
)
from qwen_lsp.features.checks import only_documentation_changed, parses
from qwen_lsp.features.model import LocalModel
from qwen_lsp.text import Span, TextEdit

_LONGEST_LINES = 24


def _is_offered(target: Target) -> bool:
    return target.function.docstring_span is None and target.function.body_span is not None


async def _write(target: Target, model: LocalModel, refused: str) -> Draft:
    language, function = target.language, target.function
    context = function_context(target.document, target.tree, function)
    if language.doc_style == "docstring":
        opening, end = f'{context.signature}\n    """', '"""'
    elif language.doc_style == "jsdoc":
        opening, end = "/**\n *", "*/"
    else:
        opening, end = language.doc_prefix, f"\n{context.signature[:12]}"
    style, example = docstring_style(target)
    told = {"opening": opening, "style": STYLES.get(style, ""), "example": example}
    reply = await model.ask(
        "actions/add_docstring",
        prompt_variables(target, context, refused) | told,
        Priority.ACTION,
        stops=(end,),
    )
    text = reply.lines
    if reply.generation.finish == "length":
        text = text.rpartition("\n")[0]  # The last sentence was cut off.
    words = _words(text, language.doc_prefix)
    if not words:
        raise UnusableReplyError("there was no text")
    _check_sections("\n".join(words), style, function.parameter_names)
    return Draft((_edit(target, words),))


def _check_sections(text: str, style: str, parameters: tuple[str, ...]) -> None:
    """Refuse sections in another style than the file's, and parameters that do not exist."""
    if style and style_of(text) not in ("", style):
        raise UnusableReplyError(f"the text is not in the style of the file, {style}")
    names = {name.lstrip("$&*") for name in parameters}
    wrong = [name for name in documented_parameters(text) if name not in names]
    if wrong:
        raise UnusableReplyError(f"there is no parameter {wrong[0]}")


def _words(text: str, prefix: str) -> list[str]:
    """Return the lines of the reply without comment marks and outer blank lines."""
    lines: list[str] = []
    for number, line in enumerate(text.split("\n")):
        bare = line.strip()
        if prefix in ("///", "//", "#", "---", "--"):
            if number and not bare.startswith(prefix):
                break  # the comment is over and code begins
            bare = bare.removeprefix(prefix).strip()
        elif prefix == "/**":
            bare = bare.removeprefix("*").strip()
        else:
            bare = line.rstrip()
        lines.append(bare)
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines[:_LONGEST_LINES]


def _edit(target: Target, words: list[str]) -> TextEdit:
    document, function, language = target.document, target.function, target.language
    if language.doc_style == "docstring":
        return _docstring_edit(target, words)
    if language.doc_style == "jsdoc":
        lines = [word.replace("*/", "* /") for word in words]
        lines = ["/**", *(f" * {line}".rstrip() for line in lines), " */"]
    else:
        lines = [f"{language.doc_prefix} {word}".rstrip() for word in words]
    place = function.span.start
    text = "".join(f"{line}{document.line_end}{function.indent}" for line in lines)
    return TextEdit(Span(place, place), text)


def _docstring_edit(target: Target, words: list[str]) -> TextEdit:
    document, function = target.document, target.function
    line_end = document.line_end
    end = function.signature_span.end
    margin = "\t" if "\t" in function.indent else "    "
    body = function.body_span or Span(end, end)
    between = document.text[end : body.start]
    is_one_line = "\n" not in between and "\r" not in between
    # A body on the line of the signature has no indentation to learn from.
    indent = function.indent + margin if is_one_line else _indent_of(document.text, body.start)
    escaped = [word.replace("\\", "\\\\").replace('"""', "'''") for word in words]
    first, *rest = escaped
    lines = [f'"""{first.strip()}', *(_shifted(line, indent) for line in rest)]
    closing = f"{line_end}{indent}" + '"""' if rest else '"""'
    if not rest and first.rstrip().endswith('"'):
        closing = ' """'
    text = line_end + indent + line_end.join(lines) + closing
    if is_one_line:
        return TextEdit(Span(end, body.start), text + line_end + indent)
    place = document.lines.end(document.lines.line_of(end))  # behind a comment on that line
    return TextEdit(Span(place, place), text)


def _shifted(line: str, indent: str) -> str:
    """Return a line of the reply, whose margin is four spaces, with the margin of the body."""
    return indent + line.removeprefix("    ") if line.strip() else ""


def _indent_of(text: str, offset: int) -> str:
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    margin = text[start:offset]
    return margin[: len(margin) - len(margin.lstrip())]


ADD_DOCSTRING = function_action(
    id="add_docstring",
    title="Add docstring",
    kind="refactor.rewrite.addDocstring",
    summary="Writes a docstring or documentation comment where there is none.",
    is_offered=_is_offered,
    write=_write,
    checks=(parses, only_documentation_changed),
)
