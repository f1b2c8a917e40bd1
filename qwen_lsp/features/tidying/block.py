"""Stop where the block ends that the cursor is in.

The small models seldom end a hole by themselves: they write the next function, and the one after.
"""

import re
from dataclasses import dataclass

from qwen_lsp.features.tidying.place import Place, opens_block

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_LINE_END = re.compile(r"[\r\n]")
_CLOSING_BRACKET = re.compile(r"\s*[)\]}]")
_CLOSING_WORD = re.compile(r"\s*(?:end|fi|done|esac|until)\b")
# Lines that stand where their block began and go on with it.
_GOES_ON = re.compile(
    r"\s*(?:else|elif|elsif|elseif|except|finally|catch|rescue|ensure|case|when|default)\b"
)
_FIRST_WORD = re.compile(r"\s*(\w+|@)")
# While the text comes in, this may still become one of these words.
_BEGUN_WORD = re.compile(r"\s*\w{1,7}")


def cut_at_block_end(text: str, place: Place) -> str:
    """Return the lines of `text` that belong to the block of the cursor."""
    return text[: block_end(text, place)[0]]


def has_block_ended(text: str, place: Place) -> bool:
    """Say whether a generation may end here, because what follows would be cut off anyway."""
    return block_end(text, place)[1]


def block_end(text: str, place: Place) -> tuple[int, bool]:
    """Return how much of `text` belongs to the block, and whether its end was seen."""
    if not place.multiline:
        end = _LINE_END.search(text)
        return (end.start(), True) if end else (len(text), False)
    taken = count = 0
    block = _Block(place, opens=place.opens_block)
    for match in _LINE.finditer(text):
        line = match[0].rstrip("\r\n")
        end = match.start() + len(line)
        is_whole = match.end() > end
        verdict = block.read(line, is_first=match.start() == 0, is_whole=is_whole)
        if verdict in {"outside", "undecided"}:
            return taken, verdict == "outside"
        if line.strip():
            taken = end
            count += 1
        if verdict == "last" or count >= place.most_lines:
            return taken, is_whole
    return len(text) if not text[taken:].strip() else taken, False


@dataclass
class _Block:
    """The block while its lines are read.

    `opens` says that the cursor's line opens it, so that it stands deeper than that line.
    """

    place: Place
    opens: bool
    first_word: str = ""
    has_code: bool = False
    has_deeper_code: bool = False
    is_behind_blank: bool = False

    def read(self, line: str, *, is_first: bool, is_whole: bool) -> str:
        """Return `inside`, `outside`, `last` for a line that closes the block, or `undecided`."""
        indent = self.place.indent
        if not line.strip():
            self.is_behind_blank = not is_first
            # At the top level a blank line ends the statement.
            is_over = self.has_code and not is_first and not indent and not self.opens
            return "outside" if is_over and is_whole else "inside"
        if is_first:
            whole = self.place.before + line
            self.opens |= bool(self.place.before.strip()) and opens_block(
                whole, self.place.language
            )
            self.has_code = True
            if (
                is_whole
                and not self.place.before.strip()
                and whole.rstrip() == self.place.next_line
            ):
                return "outside"
            word = _FIRST_WORD.match(whole)
            self.first_word = word[1] if word else ""
            return "inside"
        margin = line[: len(line) - len(line.lstrip())]
        is_deeper = margin.startswith(indent) and margin != indent
        is_over = self.is_behind_blank and self.has_deeper_code and self._begins_another(line)
        is_over = is_over and not is_deeper
        self.is_behind_blank = False
        self.has_code = True
        self.has_deeper_code |= is_deeper
        if (is_whole and line.rstrip() == self.place.next_line) or is_over:
            return "outside"
        if is_deeper:
            return "inside"
        if line.strip() == "{" and margin == indent and not self.has_deeper_code:
            self.opens = True  # This brace opens the block, not the line above.
            return "inside"
        if not self.opens:
            return "inside" if margin == indent else "outside"
        return self._beside_opening(line, is_whole=is_whole) if margin == indent else "outside"

    def _begins_another(self, line: str) -> bool:
        """Say whether `line` begins like the suggestion: the next method, for example."""
        word = _FIRST_WORD.match(line)
        return word is not None and word[1] in {self.first_word, "@"}

    def _beside_opening(self, line: str, *, is_whole: bool) -> str:
        """Judge a line that is indented like the one that opened the block."""
        language = self.place.language
        has_words = language.block_style != "indent"
        if _CLOSING_BRACKET.match(line) or (has_words and _CLOSING_WORD.match(line)):
            if line.rstrip() == self.place.next_line:
                return "outside"
            return "inside" if opens_block(line, language) else "last"
        if _GOES_ON.match(line):
            return "inside"
        return "outside" if is_whole or not _BEGUN_WORD.fullmatch(line) else "undecided"
