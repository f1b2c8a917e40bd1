"""Our edits as the protocol's: always versioned, so that a stale one is refused by the client."""

from collections.abc import Sequence

from lsprotocol import types

from qwen_lsp.server.session import Session
from qwen_lsp.text import Document


def workspace_edit(
    session: Session, document: Document, edits: Sequence[types.TextEdit]
) -> types.WorkspaceEdit:
    """Return edits of one document for its present version.

    A client that does not know versioned edits gets plain ones.
    """
    workspace = session.server.client_capabilities.workspace
    support = workspace.workspace_edit if workspace is not None else None
    if support is None or not support.document_changes:
        return types.WorkspaceEdit(changes={document.uri: list(edits)})
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=identifier, edits=list(edits))]
    )
