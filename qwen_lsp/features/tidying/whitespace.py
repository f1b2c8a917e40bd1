"""White space that nobody typed on purpose."""

from qwen_lsp.features.tidying.place import Place


def trim(text: str, place: Place) -> str:
    """Return `text` without trailing white space, with the line ends of the file.

    A space before the code right of the cursor stays.
    """
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    if len(lines) == 1 and not place.has_only_closers and not place.after[:1].isspace():
        return text
    while len(lines) > 1 and not lines[-1]:
        lines.pop()
    return place.document.line_end.join(lines)
