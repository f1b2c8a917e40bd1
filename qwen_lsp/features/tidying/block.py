"""Stop where the block ends that the cursor is in.

The small models seldom end a hole by themselves: they write the next function, and the one after.
"""

import re

from qwen_lsp.features.tidying.place import Place

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")
_CLOSER = re.compile(r"\s*(?:[)\]}]+[;,)]*|end\b.*|fi|done|esac)\s*$")
_LEAST_WORDS = 3


def cut_at_block_end(text: str, place: Place) -> str:
    """Return the lines of `text` that belong to the block of the cursor."""
    return text[: block_end(text, place)[0]]


def has_block_ended(text: str, place: Place) -> bool:
    """Say whether a generation may end here, because what follows would be cut off anyway."""
    return block_end(text, place)[1]


def block_end(text: str, place: Place) -> tuple[int, bool]:
    """Return how much of `text` belongs to the block, and whether its end was seen."""
    first, *rest = _LINE.finditer(text)
    if not place.multiline:
        return first.end(1), bool(first[2])
    taken = first.end(1) if first[1].strip() else 0
    count = 1 if taken else 0
    last = place.before + first[1]
    for match in rest:
        line, is_complete = match[1], bool(match[2])
        if not line.strip():
            # At the top level a blank line ends the statement, elsewhere one below a closer does.
            if is_complete and taken and _blank_ends(last, place):
                return taken, True
            continue
        if is_complete and _is_next_line(line, place):
            return taken, True
        if _leaves(line, place):
            if _closes(line, place) and line.rstrip() != place.next_line:
                return match.end(1), is_complete
            return taken, True
        taken, last = match.end(1), line
        count += 1
        if count >= place.most_lines and is_complete:
            return taken, True
    return len(text) if not text[taken:].strip() else taken, False


def _blank_ends(last: str, place: Place) -> bool:
    if place.opens_block:
        return False
    return not place.indent or (_margin(last) == place.indent and _CLOSER.match(last) is not None)


def _leaves(line: str, place: Place) -> bool:
    """Say whether a line below the cursor's stands outside the block."""
    margin = _margin(line)
    # A margin of other white space than the block's (tabs and spaces) is no part of it either.
    return not margin.startswith(place.indent) or (place.opens_block and margin == place.indent)


def _closes(line: str, place: Place) -> bool:
    return place.opens_block and _margin(line) == place.indent and _CLOSER.match(line) is not None


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _is_next_line(line: str, place: Place) -> bool:
    """Say whether the model has come to what stands below the cursor already."""
    words = place.next_line.strip()
    return len(words) >= _LEAST_WORDS and line.strip() == words
