"""Stop before a closing bracket that stands right of the cursor already."""

from qwen_lsp.features.tidying.place import Place

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_QUOTES = frozenset("\"'`")


def drop_doubled_brackets(text: str, place: Place) -> str:
    """Return `text` up to a closing bracket that it did not open and the line already has."""
    if place.after.lstrip()[:1] not in _CLOSING:
        return text
    end = _match_brackets(text)[0]
    return text if end is None else text[:end]


def unclosed_brackets(text: str) -> int:
    """Return how many brackets `text` opens and does not close, up to one that it did not open."""
    return _match_brackets(text)[1]


def _match_brackets(text: str) -> tuple[int | None, int]:
    """Return where a bracket closes that `text` did not open, and how many are open at the end.

    Quoted brackets do not count.
    """
    expected: list[str] = []
    quote = ""
    for index, letter in enumerate(text):
        if quote:
            # A quote that does not end in its line was an apostrophe.
            if letter == "\n" or (letter == quote and text[index - 1] != "\\"):
                quote = ""
        elif letter in _QUOTES:
            quote = letter
        elif letter in _OPENING:
            expected.append(_OPENING[letter])
        elif letter in _CLOSING:
            if not expected:
                return index, 0
            expected.pop()
    return None, len(expected)
