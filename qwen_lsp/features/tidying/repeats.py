"""Stop where the model begins to repeat itself or the lines above the cursor."""

from qwen_lsp.features.tidying.place import Place

_LEAST_REPEATED_LENGTH = 8
_LINES_ABOVE = 3


def drop_repeats(text: str, place: Place) -> str:
    """Return `text` up to a line that stood three times, empty where it echoes the lines above."""
    lines = text.split("\n")
    above = [
        place.document.lines.text(line).strip()
        for line in range(max(0, place.line - _LINES_ABOVE), place.line)
    ]
    whole_first = (place.before + lines[0]).strip()
    if len(whole_first) >= _LEAST_REPEATED_LENGTH and above and whole_first == above[-1]:
        return ""
    seen: dict[str, int] = {}
    for index, line in enumerate(lines):
        key = line.strip()
        if len(key) < _LEAST_REPEATED_LENGTH:
            continue
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 3:
            return "\n".join(lines[:index])
    return text
