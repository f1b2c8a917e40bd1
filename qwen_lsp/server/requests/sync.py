"""didOpen, didChange, didClose: findings follow the text, and the model warms up."""

from lsprotocol import types

from qwen_lsp.features.review import moved_findings
from qwen_lsp.languages import language_for_id
from qwen_lsp.server.findings import publish
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document


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

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _(params: types.DidChangeTextDocumentParams) -> None:
        document = server.documents.get(params.text_document.uri)
        if document is None:
            return
        before = before_change.get(document.uri)
        before_change[document.uri] = document
        findings = session.findings.get(document.uri)
        if findings and before is not None:
            session.findings[document.uri] = moved_findings(findings, before, document)
            publish(session, document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        before_change.pop(uri, None)
        session.suggestions.forget(uri)
        if session.findings.pop(uri, None):
            publish(session, uri)
