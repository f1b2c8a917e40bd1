"""What the commands on a piece of code are given: {uri, range}."""

from functools import cache
from typing import Any

from lsprotocol import converters, types

from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.convert import to_span
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document, Span

converter = cache(converters.get_converter)  # 0.02 s, which no start needs to wait for


def document_and_span(session: Session, argument: dict[str, Any]) -> tuple[Document, Span]:
    """Return the open document and the range that an argument names.

    Raises RequestFailedError with one sentence where it names none that can be worked on.
    """
    documents = session.server.documents
    document = documents.get(str(argument.get("uri")))
    if document is None:
        raise RequestFailedError("The file of this command is not open.")
    if is_too_large(document):
        raise RequestFailedError(f"{document.path} is too large to work on.")
    return document, to_span(document, range_in(argument), documents.encoding)


def range_in(argument: dict[str, Any]) -> types.Range:
    """Return the `range` of an argument; raises RequestFailedError where there is none."""
    try:
        return converter().structure(argument.get("range"), types.Range)
    except Exception as error:  # cattrs promises no kind of error
        raise RequestFailedError("This command needs a range in the file.") from error
