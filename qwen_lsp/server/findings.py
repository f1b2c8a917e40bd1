"""Findings as diagnostics: pushed whenever they change, and given where a client pulls."""

from lsprotocol import types

from qwen_lsp.features.review import Finding
from qwen_lsp.server.convert import to_range
from qwen_lsp.server.plain_text import without_links
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document

SOURCE = "qwen-lsp"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


def diagnostics(session: Session, uri: str) -> list[types.Diagnostic]:
    """Return the findings in one document as diagnostics for its present text."""
    document = session.server.documents.get(uri)
    if document is None:
        return []
    return [to_diagnostic(session, document, finding) for finding in session.findings.get(uri, [])]


def to_diagnostic(session: Session, document: Document, finding: Finding) -> types.Diagnostic:
    """Return one finding as a diagnostic."""
    return types.Diagnostic(
        range=to_range(document, finding.span, session.server.documents.encoding),
        message=without_links(finding.message),
        severity=_SEVERITIES[finding.severity],
        code=finding.code,
        source=SOURCE,
        data={"quote": finding.quote, "instead": finding.instead, "function": finding.function},
    )


def publish(session: Session, uri: str) -> None:
    """Push the findings of a document; an empty list clears them."""
    document = session.server.documents.get(uri)
    session.server.text_document_publish_diagnostics(
        types.PublishDiagnosticsParams(
            uri=uri,
            version=document.version if document is not None else None,
            diagnostics=diagnostics(session, uri),
        )
    )
