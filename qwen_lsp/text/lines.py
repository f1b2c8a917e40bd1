"""Lines of a text, split only where LSP splits them: at LF, CRLF and CR.

`str.splitlines` also splits at form feeds and Unicode separators, which an editor does not, so
it would shift every position below such a character.
"""

from bisect import bisect_right
from io import StringIO
from itertools import accumulate


class LineIndex:
    """Line starts of one text. Lines are 0-based, offsets are code points."""

    def __init__(self, text: str) -> None:
        self._text = text
        # With an empty `newline` lines end where LSP ends them, and keep their line ends.
        self._starts = [0, *accumulate(map(len, StringIO(text, newline="")))]
        if text and text[-1] not in "\r\n":
            self._starts.pop()

    @property
    def count(self) -> int:
        """Return the number of lines; a text that ends in a line end has an empty last line."""
        return len(self._starts)

    def start(self, line: int) -> int:
        """Return the offset of the first character of `line`."""
        return self._starts[line]

    def end(self, line: int) -> int:
        """Return the offset behind the last character of `line`, before its line end."""
        if line == self.count - 1:
            return len(self._text)
        end = self._starts[line + 1] - 1
        return end - (self._text[end - 1 : end + 1] == "\r\n")

    def text(self, line: int) -> str:
        """Return the text of `line` without its line end."""
        return self._text[self._starts[line] : self.end(line)]

    def line_of(self, offset: int) -> int:
        """Return the line that holds `offset`; a line end belongs to the line it ends."""
        return bisect_right(self._starts, offset) - 1
