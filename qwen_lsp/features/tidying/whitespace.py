"""White space that nobody typed on purpose."""

import re

from qwen_lsp.features.tidying.place import Place

_LINE_END = re.compile(r"\r\n|\r|\n")


def trim(text: str, place: Place) -> str:
    """Return `text` without trailing white space, with the line ends of the file."""
    lines = [line.rstrip() for line in _LINE_END.split(text)]
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return place.document.line_end.join(lines)
