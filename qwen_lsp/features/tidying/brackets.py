"""Stop before a closing bracket that stands right of the cursor already."""

from qwen_lsp.features.tidying.place import Place

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_QUOTES = frozenset("\"'`")


def drop_doubled_brackets(text: str, place: Place) -> str:
    """Return `text` up to a closing bracket that it did not open and the line already has."""
    after = place.after.lstrip()
    if after[:1] not in _CLOSING:
        return text
    end = unmatched_closing(text)
    return text if end is None else text[:end]


def unmatched_closing(text: str) -> int | None:
    """Return where `text` closes a bracket that it did not open; quoted brackets do not count."""
    expected: list[str] = []
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            if letter == quote and text[index - 1] != "\\":
                quote = ""
            elif letter == "\n":
                quote = ""  # it was an apostrophe
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPENING:
            expected.append(_OPENING[letter])
        elif letter in _CLOSING:
            if not expected:
                return index
            expected.pop()
    return None
