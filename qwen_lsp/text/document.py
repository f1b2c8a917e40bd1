"""A snapshot of one text file, as it was when a request began."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from qwen_lsp.text.edits import Span
from qwen_lsp.text.lines import LineIndex


@dataclass(frozen=True)
class Document:
    """One version of one file. Never changes; an edit makes a new one.

    `uri` is what the editor calls the file, `path` its path for people and prompts (relative to
    the workspace where there is one), `language_id` the protocol's name of its language, and
    `version` the editor's counter. No word of a document that `is_hidden` is shown to a model.
    """

    uri: str
    path: str
    language_id: str
    version: int
    text: str
    is_hidden: bool = False

    def __hash__(self) -> int:
        """Look at no text: hashing a long one takes longer than what is kept by it would save."""
        return hash((self.uri, self.version))

    @cached_property
    def lines(self) -> LineIndex:
        """Return the line index of the text."""
        return LineIndex(self.text)

    def slice(self, span: Span) -> str:
        """Return the text of `span`."""
        return self.text[span.start : span.end]

    @property
    def file(self) -> Path | None:
        """Return the path on this machine, None where the URI names no file or is none."""
        from urllib.request import url2pathname  # noqa: PLC0415 - brings an HTTP client, 0.05 s

        try:
            parts = urlsplit(self.uri)
        except ValueError:
            return None
        return Path(url2pathname(parts.path)) if parts.scheme == "file" else None

    @cached_property
    def line_end(self) -> str:
        """Return the line end that the file uses first: CRLF, LF or CR."""
        position = self.lines.end(0)
        if self.text.startswith("\r\n", position):
            return "\r\n"
        return "\r" if self.text.startswith("\r", position) else "\n"
