"""Our edits as the protocol's: always versioned, so that a stale one is refused by the client."""

from collections.abc import Sequence

from lsprotocol import types

from qwen_lsp.features.actions import Rewrite
from qwen_lsp.server.boundary import RequestFailedError
from qwen_lsp.server.convert import to_text_edit
from qwen_lsp.server.session import Session
from qwen_lsp.text import Document


def workspace_edit(
    session: Session, document: Document, edits: Sequence[types.TextEdit]
) -> types.WorkspaceEdit:
    """Return edits of one document for its present version.

    A client that does not know versioned edits gets plain ones.
    """
    support = _support(session)
    if support is None or not support.document_changes:
        return types.WorkspaceEdit(changes={document.uri: list(edits)})
    identifier = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=identifier, edits=list(edits))]
    )


def edit_of_rewrite(session: Session, document: Document, rewrite: Rewrite) -> types.WorkspaceEdit:
    """Return what an action does, in the form that the client knows.

    A client that shows annotations is told what the action is, and asked to let the user look at
    code that the model has rewritten before it is taken. Raises RequestFailedError where the
    client cannot make a file.
    """
    encoding = session.server.documents.encoding
    edits = [to_text_edit(document, edit, encoding) for edit in rewrite.edits]
    edit = workspace_edit(session, document, edits)
    if rewrite.new_file is not None:
        refuse_new_files(session, rewrite.title)
        edit = _new_file(rewrite.new_file.path.as_uri(), rewrite.new_file.text)
    if edit.document_changes is not None and _shows_annotations(session):
        _annotate(edit, rewrite)
    return edit


def refuse_new_files(session: Session, title: str) -> None:
    """Raise RequestFailedError where the client cannot make a file for us."""
    support = _support(session)
    operations = support.resource_operations if support is not None else None
    makes_files = types.ResourceOperationKind.Create in (operations or ())
    if support is None or not support.document_changes or not makes_files:
        raise RequestFailedError(f"{title}: this editor cannot make new files for a server.")


def _new_file(uri: str, text: str) -> types.WorkspaceEdit:
    start = types.Position(0, 0)
    return types.WorkspaceEdit(
        document_changes=[
            types.CreateFile(uri, options=types.CreateFileOptions(overwrite=False)),
            types.TextDocumentEdit(
                types.OptionalVersionedTextDocumentIdentifier(uri, None),
                [types.TextEdit(types.Range(start, start), text)],
            ),
        ]
    )


def _annotate(edit: types.WorkspaceEdit, rewrite: Rewrite) -> None:
    name = "qwen-lsp"
    edit.change_annotations = {
        name: types.ChangeAnnotation(
            label=rewrite.title,
            needs_confirmation=rewrite.rewrites_code,
            description=rewrite.summary,
        )
    }
    for change in edit.document_changes or ():
        if isinstance(change, types.TextDocumentEdit):
            change.edits = [
                types.AnnotatedTextEdit(name, each.range, each.new_text)
                for each in change.edits
                if isinstance(each, types.TextEdit)
            ]
        else:
            change.annotation_id = name


def _shows_annotations(session: Session) -> bool:
    support = _support(session)
    return support is not None and support.change_annotation_support is not None


def _support(session: Session) -> types.WorkspaceEditClientCapabilities | None:
    workspace = session.server.client_capabilities.workspace
    return workspace.workspace_edit if workspace is not None else None
