"""The documents that are open in the editor, as immutable snapshots.

This takes the place of pygls's `Workspace`, which splits lines with `str.splitlines`: there a
form feed or a U+2028 shifts every position below it. Of files, only rules such as
`.gitignore` are read here.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePath

from lsprotocol import types
from pygls import uris

from qwen_lsp.context.hidden_files import is_hidden
from qwen_lsp.server.convert import Encoding, to_span
from qwen_lsp.text import Document, TextEdit, apply_edits

_log = logging.getLogger(__name__)

# To read the syntax of so much dense code takes two seconds, in which nothing else is done.
_SIZE_LIMIT_CHARACTERS = 500_000


def is_too_large(document: Document) -> bool:
    """Say whether a document is kept in sync but too large to work on (over 500 kB)."""
    return len(document.text) > _SIZE_LIMIT_CHARACTERS


def file_of(uri: str) -> PurePath | None:
    """Return the path of the file that a URI names, None where it names none or is no URI."""
    try:
        path = uris.to_fs_path(uri)
    except ValueError:
        return None
    return PurePath(path) if path and "\0" not in path else None


class Documents:
    """The open documents by URI. Each change puts a new `Document` in place of the old one.

    `encoding` is what positions count; the boundary sets it at `initialize`.
    """

    def __init__(self) -> None:
        self.encoding = Encoding.Utf16
        self._documents: dict[str, Document] = {}
        self._folders: dict[str, PurePath] = {}
        self._exclude: tuple[str, ...] = ()

    def get(self, uri: str) -> Document | None:
        """Return the present snapshot of an open document, None for any other file."""
        return self._documents.get(uri)

    def all(self) -> list[Document]:
        """Return the present snapshots of all open documents."""
        return list(self._documents.values())

    def open(self, params: types.DidOpenTextDocumentParams) -> Document:
        """Take in a document that the editor opened, and return it."""
        item = params.text_document
        document = Document(
            uri=item.uri,
            path=self.path(item.uri),
            language_id=str(item.language_id),
            version=item.version,
            text=item.text,
        )
        document = self._documents[item.uri] = self._by_rules(document)
        return document

    def change(self, params: types.DidChangeTextDocumentParams) -> Document | None:
        """Apply a notification's changes in their order, and return the new snapshot.

        Returns None, and logs it, where the document is not open.
        """
        uri = params.text_document.uri
        document = self._documents.get(uri)
        if document is None:
            _log.warning("ignored a change of a document that is not open: %s", uri)
            return None
        text = changed_text(document, params.content_changes, self.encoding)
        document = replace(document, version=params.text_document.version, text=text)
        self._documents[uri] = document
        return document

    def close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a document that the editor closed."""
        self._documents.pop(params.text_document.uri, None)

    @property
    def folders(self) -> list[PurePath]:
        """Return the workspace folders that lie on disk, deepest first."""
        return sorted(self._folders.values(), key=lambda path: (-len(path.parts), path))

    def folder_of(self, document: Document) -> Path | None:
        """Return the deepest workspace folder that a document lies in, None where there is none."""
        file = file_of(document.uri)
        if file is None:
            return None
        found = (folder for folder in self.folders if file.is_relative_to(folder))
        return next(map(Path, found), None)

    def change_folders(self, added: Iterable[str], removed: Iterable[str] = ()) -> None:
        """Add and remove workspace folders by URI; the paths of open documents follow."""
        for uri in removed:
            self._folders.pop(uri, None)
        for uri in added:
            if (folder := file_of(uri)) is not None:
                self._folders[uri] = folder
        for uri, document in self._documents.items():
            self._documents[uri] = self._by_rules(replace(document, path=self.path(uri)))

    def use_rules(self, exclude: tuple[str, ...]) -> list[str]:
        """Find out anew which documents are hidden from the model; return those that are so now.

        `exclude` are patterns as in `.gitignore`; git's own rules are read again.
        """
        self._exclude = exclude
        old = dict(self._documents)
        self._documents = {uri: self._by_rules(document) for uri, document in old.items()}
        return [
            uri
            for uri, document in self._documents.items()
            if document.is_hidden and not old[uri].is_hidden
        ]

    def _by_rules(self, document: Document) -> Document:
        # Views of a file, such as a cell of a notebook or an older version, have schemes of their
        # own and the path of the file.
        file = file_of(document.uri) or PurePath(_path_part(document.uri))
        if not file.is_absolute():
            return document
        folder = next(filter(file.is_relative_to, self.folders), None)
        hidden = is_hidden(Path(file), Path(folder) if folder else None, self._exclude)
        return document if hidden == document.is_hidden else replace(document, is_hidden=hidden)

    def path(self, uri: str) -> str:
        """Return the path of a file for people and prompts, with forward slashes.

        It is relative to the deepest workspace folder that holds the file, absolute outside of
        them all, and what follows the scheme where the URI names no file (`untitled:Untitled-1`).
        """
        path = file_of(uri)
        if path is None:
            return _path_part(uri) or uri
        for folder in self.folders:
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return path.as_posix()


def _path_part(uri: str) -> str:
    try:
        return uris.urlparse(uri)[2]
    except ValueError:
        return ""


def changed_text(
    document: Document,
    changes: Iterable[types.TextDocumentContentChangeEvent],
    encoding: Encoding,
) -> str:
    """Return the text of `document` after `changes`, each of which sees the ones before it.

    A "replace all" sends hundreds of changes from the bottom to the top. As long as each lies
    above the one before it, all of them are read against the same text and applied in one go,
    because finding the lines of a long text anew for each would stall the server.
    """
    edits: list[TextEdit] = []
    for change in changes:
        if not isinstance(change, types.TextDocumentContentChangePartial):
            document, edits = replace(document, text=change.text), []
            continue
        span = to_span(document, change.range, encoding)
        # A change that touches the one before it may mean another place: a position behind the
        # end of a line that has grown, or a line behind a CR that an LF has joined.
        if edits and span.end >= edits[-1].span.start:
            document, edits = replace(document, text=apply_edits(document.text, edits)), []
            span = to_span(document, change.range, encoding)
        edits.append(TextEdit(span, change.text))
    return apply_edits(document.text, edits)
