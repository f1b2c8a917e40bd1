"""Stop where the block ends that the cursor is in.

The small models seldom end a hole by themselves: they write the next function, and the one after.
"""

import re

from qwen_lsp.features.tidying.place import Place

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_CLOSER = re.compile(r"\s*(?:[)\]}]+[;,)]*|end\b.*|fi|done|esac)\s*$")


def cut_at_block_end(text: str, place: Place) -> str:
    """Return the lines of `text` that belong to the block of the cursor."""
    return text[: block_end(text, place)[0]]


def has_block_ended(text: str, place: Place) -> bool:
    """Say whether a generation may end here, because what follows would be cut off anyway."""
    return block_end(text, place)[1]


def block_end(text: str, place: Place) -> tuple[int, bool]:
    """Return how much of `text` belongs to the block, and whether its end was seen."""
    if not place.multiline:
        end = re.search(r"[\r\n]", text)
        return (end.start(), True) if end else (len(text), False)
    taken = 0
    count = 0
    for match in _LINE.finditer(text):
        line = match[0].rstrip("\r\n")
        if match.start() > 0:
            if _is_next_line(line, match, text, place):
                return taken, True
            if line.strip() and _leaves(line, place):
                if _closes(line, place) and line.rstrip() != place.next_line:
                    return match.start() + len(line), match.end() > match.start() + len(line)
                return taken, True
            if not line.strip() and not place.indent and not place.opens_block and taken:
                # At the top level a blank line ends the statement.
                if match.end() > match.start():
                    return taken, True
        if line.strip():
            taken = match.start() + len(line)
            count += 1
            if count >= place.most_lines and match.end() > taken:
                return taken, True
        if match.end() == len(text):
            break
    return len(text) if not text[taken:].strip() else taken, False


def _leaves(line: str, place: Place) -> bool:
    """Say whether a line below the cursor's stands outside the block."""
    if place.opens_block:
        return _depth(line) <= len(place.indent)
    return _depth(line) < len(place.indent)


def _closes(line: str, place: Place) -> bool:
    is_level = _depth(line) == len(place.indent)
    return place.opens_block and is_level and _CLOSER.match(line) is not None


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_next_line(line: str, match: re.Match[str], text: str, place: Place) -> bool:
    """Say whether the model has come to what stands below the cursor already."""
    complete = match.end() < len(text) or match.end() > match.start() + len(line)
    words = place.next_line.strip()
    return complete and len(words) > 2 and line.strip() == words
