"""didOpen, didChange, didClose: findings follow the text, and the model works ahead."""

import logging
import time
from collections.abc import Coroutine
from typing import Any

from lsprotocol import types

from qwen_lsp.engine.requests import EngineError
from qwen_lsp.features.accepting import place_behind
from qwen_lsp.features.complete import prefetch, read_ahead
from qwen_lsp.features.power import has_spare_power
from qwen_lsp.features.review import moved_findings
from qwen_lsp.languages import language_for_id
from qwen_lsp.prompting.templates import TemplateFileError
from qwen_lsp.server.convert import to_offset
from qwen_lsp.server.documents import is_too_large
from qwen_lsp.server.findings import publish
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document

_log = logging.getLogger(__name__)


def register(session: Session) -> None:
    """Add the handlers."""
    server = session.server
    # The text that the findings stand in, by URI.
    before_change: dict[str, Document] = {}

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _(params: types.DidOpenTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is not None:
            before_change[document.uri] = document
            if language_for_id(document.language_id) is not None and not session.paused:
                session.warm_up()
                session.indexing.start()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is None:
            return
        session.indexing.note_typing()
        before = before_change.get(document.uri)
        before_change[document.uri] = document
        if before is None or not prefetch_accepted(session, before, document):
            _read_ahead(session, document, params)
        if before is not None:
            _follow(session, before, document)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        before_change.pop(uri, None)
        session.project.forget(uri)
        if session.findings.pop(uri, None):
            publish(session, uri)


def _follow(session: Session, before: Document, document: Document) -> None:
    """Take a change into what is known of the document."""
    if not is_too_large(document):
        session.project.recent.note_edit(before, document, time.monotonic())
    findings = session.findings.get(document.uri)
    if findings:
        session.findings[document.uri] = moved_findings(findings, before, document)
        publish(session, document.uri)


def prefetch_accepted(session: Session, before: Document, document: Document) -> bool:
    """Let the model write what follows a suggestion that was accepted in this change.

    Returns whether one was; nothing is written where the model should not work ahead.
    """
    served = session.project.served.get(document.uri)
    place = place_behind(served, before, document) if served is not None else None
    if place is not None:
        prefetch_at(session, *place)
    return place is not None


def prefetch_at(session: Session, document: Document, offset: int) -> None:
    """Let the model write a suggestion before it is asked for, where it should work ahead."""
    model = session.last_model
    if model is not None and _may_work_ahead(session, document):
        work = prefetch(document, offset, model, session.settings, session.project)
        session.in_background(_quietly(work))


def _may_work_ahead(session: Session, document: Document) -> bool:
    return (
        not session.paused
        and session.settings.inline_completion.read_ahead
        and not is_too_large(document)
        and has_spare_power()
    )


def _read_ahead(
    session: Session, document: Document, params: types.DidChangeTextDocumentParams
) -> None:
    """Let the model read up to where the change ends, which is where the user goes on typing."""
    model = session.last_model
    change = params.content_changes[-1] if params.content_changes else None
    if (
        model is None
        or not isinstance(change, types.TextDocumentContentChangePartial)
        or len(params.content_changes) > 1
        or not _may_work_ahead(session, document)
    ):
        return
    start = to_offset(document, change.range.start, session.server.documents.encoding)
    offset = min(start + len(change.text), len(document.text))
    work = read_ahead(document, offset, model, session.settings, session.project)
    session.in_background(_quietly(work))


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except (EngineError, TemplateFileError) as error:
        _log.info("nothing was done ahead: %s", error)
