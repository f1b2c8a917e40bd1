"""didChangeWatchedFiles, didChangeWorkspaceFolders: the index of symbols follows the disk."""

from lsprotocol import types

from qwen_lsp.languages import language_for_path
from qwen_lsp.server.session import Session


def register(session: Session) -> None:
    """Add the handlers."""
    server = session.server

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            uri = change.uri
            if uri.endswith("/.gitignore"):
                session.use_rules()
            elif language_for_path(uri) is None:
                continue
            session.indexing.file_changed(uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def _(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        session.indexing.follow_folders()
