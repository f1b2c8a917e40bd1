"""textDocument/diagnostic: the findings, for clients that pull.

The capability is not announced, because findings are pushed too and a client that does both would
show each twice; who asks all the same is answered.
"""

from lsprotocol import types

from qwen_lsp.server.findings import diagnostics
from qwen_lsp.server.session import Session


def register(session: Session) -> None:
    """Add the handler."""
    server = session.server

    @server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC)
    def _(params: types.DocumentDiagnosticParams) -> types.RelatedFullDocumentDiagnosticReport:
        return types.RelatedFullDocumentDiagnosticReport(
            items=diagnostics(session, params.text_document.uri)
        )
