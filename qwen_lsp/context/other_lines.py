"""The file without the cursor's line, so that what is found in it stays the same while one types.

While a line is half written, the parser may lose the function around it and find it again.
"""

from functools import lru_cache

from qwen_lsp.languages import Language, SyntaxTree, head, parse, region_at
from qwen_lsp.text import Document, Span


@lru_cache(maxsize=1)
def other_lines(document: Document, language: Language, offset: int) -> tuple[SyntaxTree, int]:
    """Return the syntax of the other lines, and the cursor's place in them.

    The line is left out but for its indentation; where it is all that a block may have, a
    statement stands for it. Of a long file only what is near is read.
    """
    lines = document.lines
    line = lines.line_of(offset)
    before = document.text[lines.start(line) : offset]
    place = offset - len(before.lstrip())
    above = (lines.text(number).rstrip() for number in range(line - 1, -1, -1))
    is_needed = language.block_style == "indent" and next(filter(None, above), "").endswith(":")
    statement = "pass" if is_needed else ""
    text = document.text[:place] + statement + document.text[lines.end(line) :]
    return _parsed(language, text, place), place


def imports_above(text: str, language: Language, place: int) -> list[Span]:
    """Return the import statements before `place`; of a long file those at its beginning."""
    beginning = head(text, place)
    return [span for span in _imports(language, beginning) if span.end <= place]


@lru_cache(maxsize=4)
def _imports(language: Language, text: str) -> list[Span]:
    return parse(language, text).imports()


@lru_cache(maxsize=1)
def _parsed(language: Language, text: str, place: int) -> SyntaxTree:
    """Keep the tree while somebody types in one line, since its text stays the same."""
    return parse(language, text, region_at(language, text, place))
