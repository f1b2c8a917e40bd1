"""The client's copy of a document, with positions computed apart from the server's code."""

import hashlib
import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

Json = dict[str, Any]

ENCODINGS = ("utf-8", "utf-16", "utf-32")
_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class ClientText:
    """One version of one document as the editor has it. Offsets count code points."""

    uri: str
    language_id: str
    version: int
    text: str

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the text; half a surrogate pair counts as it is."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def changed(self, changes: list[Json], encoding: str) -> "ClientText":
        """Return the document after the content changes of one notification."""
        text = self.text
        for change in changes:
            if "range" not in change:
                text = change["text"]
                continue
            place: Json = change["range"]
            ends = [offset_at(text, place[side], encoding) for side in ("start", "end")]
            start, end = min(ends), max(ends)
            text = text[:start] + change["text"] + text[end:]
        return ClientText(self.uri, self.language_id, self.version + 1, text)


def offset_at(text: str, position: Json, encoding: str) -> int:
    """Return the offset of an LSP position.

    Behind the end of a line is its end, behind the last line the end of the text, and inside a
    character its start.
    """
    starts, ends = _lines(text)
    line: int = position["line"]
    if line >= len(starts):
        return len(text)
    start = starts[line]
    widths = accumulate(_units(character, encoding) for character in text[start : ends[line]])
    return start + bisect_right(list(widths), position["character"])


def position_of(text: str, offset: int, encoding: str) -> Json:
    """Return the LSP position of an offset; one inside a CRLF means the end of the line."""
    starts, ends = _lines(text)
    line = bisect_right(starts, offset) - 1
    before = text[starts[line] : min(offset, ends[line])]
    return {"line": line, "character": _units(before, encoding)}


def _lines(text: str) -> tuple[list[int], list[int]]:
    """Return where lines start, and where they end before their line end."""
    found = list(_LINE_ENDS.finditer(text))
    return [0, *(match.end() for match in found)], [*(match.start() for match in found), len(text)]


def _units(text: str, encoding: str) -> int:
    codec, unit_bytes = _CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // unit_bytes
