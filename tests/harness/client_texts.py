"""The client's copy of each document, with positions computed apart from the server's code."""

import re
from typing import Any

_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
_LINES = re.compile(r"[^\r\n]*(\r\n|\r|\n|\Z)")
Edit = tuple[int, int, str]


class ClientTexts:
    """Texts and versions by URI. Offsets count code points."""

    def __init__(self, encoding: str) -> None:
        self._codec, self._unit_bytes = _CODECS[encoding]
        self._texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}

    def open(self, uri: str, text: str) -> None:
        self._texts[uri] = text
        self._versions[uri] = 1

    def close(self, uri: str) -> None:
        del self._texts[uri], self._versions[uri]

    def text(self, uri: str) -> str:
        return self._texts[uri]

    def next_version(self, uri: str) -> int:
        self._versions[uri] += 1
        return self._versions[uri]

    def change(self, uri: str, edit: Edit | str) -> dict[str, Any]:
        """Apply an edit, and return it as a content change."""
        if isinstance(edit, str):
            self._texts[uri] = edit
            return {"text": edit}
        start, end, new_text = edit
        span = {"start": self.position(uri, start), "end": self.position(uri, end)}
        # An offset inside a CRLF has no position; what counts is what the position says.
        start, end = self.offset(uri, span["start"]), self.offset(uri, span["end"])
        text = self._texts[uri]
        self._texts[uri] = text[:start] + new_text + text[end:]
        return {"range": span, "text": new_text}

    def position(self, uri: str, offset: int) -> dict[str, int]:
        for number, line in enumerate(_lines(self._texts[uri])):
            if offset < len(line) or not line.endswith(("\r", "\n")):
                before = line[:offset].rstrip("\r\n")
                width = len(before.encode(self._codec, "surrogatepass")) // self._unit_bytes
                return {"line": number, "character": width}
            offset -= len(line)
        raise AssertionError("the last line has no line end")

    def offset(self, uri: str, position: dict[str, int]) -> int:
        lines = _lines(self._texts[uri])
        if position["line"] >= len(lines):
            return len(self._texts[uri])
        line = lines[position["line"]].rstrip("\r\n")
        part = line.encode(self._codec, "surrogatepass")[: position["character"] * self._unit_bytes]
        before = sum(map(len, lines[: position["line"]]))
        return before + len(part.decode(self._codec, "ignore"))

    def workspace_changes(self, edit: dict[str, Any]) -> dict[str, list[Edit]] | None:
        """Return a WorkspaceEdit as edits to apply in order; None where a version is stale.

        A created file counts as open and empty.
        """
        by_uri: dict[str, list[Edit]] = {}
        changes: list[Any] = edit.get("documentChanges") or [
            {"textDocument": {"uri": uri}, "edits": edits}
            for uri, edits in edit.get("changes", {}).items()
        ]
        for change in changes:
            if change.get("kind") == "create":
                self.open(change["uri"], "")
                continue
            assert "kind" not in change, f"this client cannot {change['kind']} files"
            document = change["textDocument"]
            uri = document["uri"]
            if document.get("version") not in (None, self._versions[uri]):
                return None
            edits = [
                (
                    self.offset(uri, item["range"]["start"]),
                    self.offset(uri, item["range"]["end"]),
                    item["newText"],
                )
                for item in change["edits"]
            ]
            # All ranges mean the text before the edit, so the last comes first; of two
            # insertions at one place the first of the list must end up in front.
            numbered = sorted(enumerate(edits), key=lambda pair: (pair[1][:2], pair[0]))
            by_uri.setdefault(uri, []).extend(item for _, item in reversed(numbered))
        return by_uri


def _lines(text: str) -> list[str]:
    """Return the lines with their line ends; the last has none."""
    lines = [match[0] for match in _LINES.finditer(text)]
    return lines[:-1] if len(lines) > 1 and not lines[-2].endswith(("\r", "\n")) else lines
