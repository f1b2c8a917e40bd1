"""One function as the model sees it: its code without the indentation it stands in."""

from dataclasses import dataclass

from qwen_lsp.languages.outline import Function
from qwen_lsp.languages.syntax import SyntaxTree
from qwen_lsp.text import Document, Span

_MOST_IMPORT_LINES = 30


@dataclass(frozen=True)
class FunctionContext:
    """A function for a prompt. `code` and `signature` are dedented and end without a line end."""

    code: str
    signature: str
    imports: str


def function_context(document: Document, tree: SyntaxTree, function: Function) -> FunctionContext:
    """Return the context of `function`."""
    imports = [document.slice(span) for span in tree.imports()]
    return FunctionContext(
        code=dedented(document, function.definition_span, function.indent),
        signature=dedented(document, function.signature_span, function.indent),
        imports="\n".join(imports[:_MOST_IMPORT_LINES]),
    )


def shown_code(document: Document, tree: SyntaxTree, function: Function) -> str:
    """Return all text of the document that a prompt about `function` may show."""
    spans = [*tree.imports()[:_MOST_IMPORT_LINES], function.definition_span]
    return "\n".join(document.slice(span) for span in spans)


def dedented(document: Document, span: Span, indent: str) -> str:
    """Return the text of `span`, which begins behind `indent` in its line, without that indent."""
    return without_indent(document.slice(span), indent).rstrip()


def without_indent(code: str, indent: str) -> str:
    """Return `code` with plain line ends and without the `indent` that its lines begin with."""
    lines = code.replace("\r\n", "\n").split("\n")
    return "\n".join(line.removeprefix(indent) for line in lines)


def indented(code: str, indent: str, line_end: str) -> str:
    """Return `code` as it stands behind `indent`: every line but the first gets it."""
    lines = code.split("\n")
    return line_end.join(
        [lines[0], *(indent + line if line.strip() else line for line in lines[1:])]
    )
