"""Code points to bytes and back, for the parser, which counts UTF-8 bytes.

The text is cut into blocks of a fixed number of code points, so one conversion looks at one block
only, however long the line is. In ASCII text both counts are the same.
"""

import re
from bisect import bisect_right

from qwen_lsp.text import Span

_BLOCK_LENGTH = 256
_LONE_RETURN = re.compile(r"\r(?!\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class ByteOffsets:
    """The bytes of one text, and the way between its offsets and theirs.

    `source` is what the parser reads: a lone CR is a line end to an editor but not to every
    grammar, so it becomes LF, and a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
    Both keep every offset. `start` is the offset at which the text begins in a longer one, whose
    offsets are meant; those outside of it count as its ends.
    """

    def __init__(self, text: str, start: int = 0) -> None:
        self._start = start
        readable = _LONE_RETURN.sub("\n", text) if "\r" in text else text
        self._ascii = readable.isascii()
        self._length = len(readable)
        if self._ascii:
            self.source = readable.encode("ascii")
            return
        readable = _SURROGATE.sub("\ufffd", readable)
        self._blocks = [
            readable[start : start + _BLOCK_LENGTH].encode()
            for start in range(0, len(readable), _BLOCK_LENGTH)
        ]
        self._starts = [0]
        for block in self._blocks:
            self._starts.append(self._starts[-1] + len(block))
        self.source = b"".join(self._blocks)

    def byte(self, offset: int) -> int:
        """Return the byte at which the code point at `offset` starts; the end is allowed."""
        offset = max(0, offset - self._start)
        if self._ascii:
            return min(offset, self._length)
        if offset >= self._length:
            return len(self.source)
        block, rest = divmod(offset, _BLOCK_LENGTH)
        return self._starts[block] + len(self._blocks[block].decode()[:rest].encode())

    def offset(self, byte: int) -> int:
        """Return the offset of the code point that `byte` starts or lies in."""
        if self._ascii:
            return self._start + byte
        if byte >= len(self.source):
            return self._start + self._length
        block = bisect_right(self._starts, byte) - 1
        before = self._blocks[block][: byte - self._starts[block]]
        return self._start + block * _BLOCK_LENGTH + len(before.decode(errors="ignore"))

    def span(self, start: int, end: int) -> Span:
        """Return the span of the bytes from `start` to `end`."""
        return Span(self.offset(start), self.offset(end))
