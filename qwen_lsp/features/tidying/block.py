"""Stop where the block ends that the cursor is in.

The small models seldom end a hole by themselves: they write the next function, and the one after.
"""

import re
from dataclasses import dataclass, field

from qwen_lsp.features.tidying.brackets import Nesting
from qwen_lsp.features.tidying.place import CLOSING_WORD, NO_FLOOR, Place, is_next_line, opens_block

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_LINE_END = re.compile(r"[\r\n]")
_CLOSING_BRACKET = re.compile(r"\s*[)\]}]")
# Lines that stand where their block began and go on with it.
_GOES_ON = re.compile(
    r"\s*(?:else|elif|elsif|elseif|except|finally|catch|rescue|ensure|case|when|default)\b"
)
_FIRST_WORD = re.compile(r"\s*(\w+|@)")
# A method on one line.
_METHOD = re.compile(
    r"\s*(?!(?:if|for|while|switch|catch|with|return|else|do|try)\b)"
    r"(?:(?:async\s+)?def\s.*\):\s*\S|[^=;{}()]*\w[^=;{}()]*\([^{}]*\)[^;{}()]*\{.*\}\s*\Z)"
)
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
    taken = read = count = 0
    block = _Block(place, opens=place.opens_block, indent=place.indent)
    for match in _LINE.finditer(text):
        line = match[0].rstrip("\r\n")
        end = match.start() + len(line)
        is_whole = match.end() > end
        verdict = block.read(line, is_first=match.start() == 0, is_whole=is_whole)
        if verdict == "met":
            return read, True
        if verdict in {"outside", "undecided"}:
            return taken, verdict == "outside"
        if line.strip():
            read = end
            taken = taken if verdict == "pending" else end
            count += 1
        if verdict == "last" or count >= place.most_lines:
            return taken, is_whole
    return len(text) if not text[taken:].strip() else taken, False


@dataclass
class _Block:
    """The block while its lines are read.

    `opens` says that the cursor's line opens it, so that it stands deeper than that line, `is_own`
    that the suggestion does. `nesting` is what the text has opened, `spare` how many brackets it
    may close that it did not open.
    """

    place: Place
    opens: bool
    indent: str
    first_word: str = ""
    has_code: bool = False
    has_deeper_code: bool = False
    is_behind_blank: bool = False
    is_own: bool = False
    is_pending: bool = False
    is_method: bool = False
    has_borrowed: bool = False
    nesting: Nesting = field(default_factory=Nesting)

    def __post_init__(self) -> None:
        closers = sum(letter in ")]}" for letter in self.place.after)
        self.spare = closers + self.place.missing_closers

    def read(self, line: str, *, is_first: bool, is_whole: bool) -> str:
        """Return what a line is to the block.

        That is `inside`, `outside`, `last` for a line that closes it, `met` for the line that
        stands below, `undecided` for a line that is not whole, and `pending` for one that belongs
        to the block only if the line below is met behind it.
        """
        if not line.strip():
            self.is_behind_blank = not is_first
            # At the top level a blank line ends the statement.
            is_over = self.has_code and not is_first and not self.indent and not self.opens
            is_over = is_over and not self.nesting.waiting
            return "outside" if is_over and is_whole else "inside"
        if is_first:
            return self._read_first(line, is_whole=is_whole)
        margin = line[: len(line) - len(line.lstrip())]
        if not self.has_code and not self.indent and not self.place.before:
            self.indent = margin
        depth = len(self.nesting.waiting)
        is_any_depth = self.is_braced and not depth
        if is_whole and is_next_line(line, self.place, is_any_depth=is_any_depth):
            return "met"
        if self.is_pending:
            return "pending" if margin.startswith(self.place.inner_indent) else "outside"
        is_deeper = margin.startswith(self.indent) and margin != self.indent
        if not is_deeper and not depth and self._begins_another(line):
            return "outside"
        is_behind_blank = self.is_behind_blank
        self.is_behind_blank = False
        self.has_code = True
        closed = len(self.nesting.read(line + "\n").closed)
        self.has_deeper_code |= is_deeper
        verdict = self._braced(line, margin, depth, closed, is_whole) if self.is_braced else ""
        if verdict:
            return verdict
        if is_deeper or (self.is_braced and not self.opens and not is_behind_blank):
            return "inside"
        return self._beside(line, margin, is_whole=is_whole)

    @property
    def is_braced(self) -> bool:
        """Say whether brackets, not indentation, say where a block ends."""
        return self.place.language.block_style == "braces"

    def _read_first(self, line: str, *, is_whole: bool) -> str:
        before = self.place.before
        whole = before + line
        self.opens |= bool(before.strip()) and opens_block(whole, self.place.language)
        self.has_code = True
        self.is_own = self.opens and not self.place.opens_block
        self.spare -= len(self.nesting.read(line + "\n").closed)
        if not before:
            self.indent = whole[: len(whole) - len(whole.lstrip())]
        if is_whole and not before.strip() and is_next_line(whole, self.place):
            return "met"
        self.is_method = _METHOD.match(whole) is not None
        word = _FIRST_WORD.match(whole)
        self.first_word = word[1] if word else ""
        return "inside"

    def _begins_another(self, line: str) -> bool:
        """Say whether `line` begins like the suggestion: the next method, for example."""
        if self.is_method and _METHOD.match(line):
            return True
        word = _FIRST_WORD.match(line) if self.is_behind_blank and self.has_deeper_code else None
        return word is not None and word[1] in {self.first_word, "@"}

    def _braced(self, line: str, margin: str, depth: int, closed: int, is_whole: bool) -> str:
        """Judge a line by its brackets; empty where they do not decide."""
        if closed:
            self.opens = self.is_own = opens_block(line, self.place.language)
            if self.spare < closed and self.opens and not self.has_borrowed:
                # `} else {` may come if the brace below then closes this one.
                self.has_borrowed = True
                return "inside"
            # What the file closes below must not be closed here too.
            self.spare -= closed
            if self.spare < 0:
                # More of the line may make it one that opens a block again.
                return "outside" if is_whole else "undecided"
            return "inside" if self.opens else "last"
        if not depth:
            if line.strip() == "{" and margin == self.indent and not self.has_deeper_code:
                # This brace opens the block, not the line above.
                self.opens = self.is_own = True
                return "inside"
            return ""
        is_end = not self.nesting.waiting and _CLOSING_BRACKET.match(line) is not None
        if not is_end or not self.opens or not self.is_own:
            return "inside"
        if opens_block(line, self.place.language):
            return "inside"
        return "outside" if self.has_borrowed else "last"

    def _beside(self, line: str, margin: str, *, is_whole: bool) -> str:
        """Judge a line that is not deeper than the cursor's."""
        if margin != self.indent:
            return self._less_deep(line, margin, is_whole=is_whole)
        if not self.opens:
            return "inside"
        language = self.place.language
        has_words = language.block_style != "indent"
        if _CLOSING_BRACKET.match(line) or (has_words and CLOSING_WORD.match(line)):
            return "inside" if opens_block(line, language) else "last"
        return "inside" if _GOES_ON.match(line) else _outside(line, is_whole=is_whole)

    def _less_deep(self, line: str, margin: str, *, is_whole: bool) -> str:
        """Judge a line that leaves the indentation of the cursor."""
        if not self.indent.startswith(margin) or self.opens:
            return "outside"
        if self.place.language.block_style != "indent":
            lacks_words = self.place.has_grammar and self.place.tree.has_errors
            return "last" if CLOSING_WORD.match(line) and lacks_words else "outside"
        if margin.startswith(self.place.floor) and not _GOES_ON.match(self.place.next_line):
            return "inside"
        if self.place.floor != NO_FLOOR and margin.startswith(self.place.inner_indent):
            # Lines that lead back to where the next line stands, if they do.
            self.is_pending = True
            return "pending"
        if _GOES_ON.match(line) and margin == self.place.header_indent:
            self.indent = margin
            self.opens = True
            return "inside"
        return _outside(line, is_whole=is_whole)


def _outside(line: str, *, is_whole: bool) -> str:
    """Return that a line leaves the block, unless it may still become a word that goes on."""
    return "outside" if is_whole or not _BEGUN_WORD.fullmatch(line) else "undecided"
