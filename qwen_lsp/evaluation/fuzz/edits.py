"""Random texts and random changes of them, among them the ones that no editor should send."""

import random

from qwen_lsp.evaluation.fuzz.texts import Json, offset_at, position_of

# All that may shift a position: line ends of LSP and of Python, characters of one to four bytes
# and one or two UTF-16 units, what joins the character before it, and half a surrogate pair.
# Only the second half: a first half would melt with a second one behind it on the way.
_CHARACTERS = "ab .(){}[]\"'#\t\n\n\r\x00\f\v\x85\u2028\ufeffé\u0301€😀👩🏽\u200d\ude00"
_PIECES = (
    "\r\n",
    "\r\n\r\n",
    "😀😀",
    "def total(prices):\n    return sum(prices)\n",
    "\nclass Shop:\n\tdef sell(self, item, count = 1) : return item * count\n",
    "function total(prices) { return prices.reduce((a, b) => a + b, 0) }\r\n",
    '    """Return it.\n\n    >>> total([1, 2])\n    3\n    """\n',
    "    for price in prices:\n        ",
    "if a:\r    b()\relse:\r    c()\r",
    "total(",
)
_MOST_CHARACTERS = 3000
# The largest number that the protocol has for a line or a character.
_UINTEGER_MAX = 2**31 - 1


def random_text(chance: random.Random, pieces: int = 6) -> str:
    """Return a text of at most so many pieces, each a few signs or some code."""
    return "".join(
        chance.choice(_PIECES)
        if chance.random() < 0.4
        else "".join(chance.choices(_CHARACTERS, k=chance.randrange(8)))
        for _ in range(chance.randrange(pieces + 1))
    )


def random_changes(chance: random.Random, text: str, encoding: str) -> list[Json]:
    """Return the content changes of one notification, each of which sees the ones before it."""
    if len(text) > _MOST_CHARACTERS or chance.random() < 0.05:
        return [{"text": random_text(chance)}]
    count = chance.choice((1, 1, 1, 1, 2, 3, 5, 0))
    if count > 1 and chance.random() < 0.3:
        return _replace_all(chance, text, encoding, count)
    return [_random_change(chance, text, encoding) for _ in range(count)]


def random_position(chance: random.Random, text: str, encoding: str) -> Json:
    """Return a position: mostly in the text, sometimes beyond it or inside a character."""
    kind = chance.random()
    if kind < 0.1:
        far = (0, 1, 7, 10_000, _UINTEGER_MAX)
        return {"line": chance.choice(far), "character": chance.choice(far)}
    place = position_of(text, chance.randint(0, len(text)), encoding)
    if kind < 0.3:
        place["character"] += chance.choice((1, 1, 2, 3, 100))
    return place


def random_range(chance: random.Random, text: str, encoding: str) -> Json:
    """Return a range, mostly a short one; one in five runs backwards."""
    start = random_position(chance, text, encoding)
    end = random_position(chance, text, encoding)
    if chance.random() < 0.7:
        near = offset_at(text, start, encoding) + chance.randrange(12)
        end = position_of(text, min(near, len(text)), encoding)
    if chance.random() < 0.2:
        start, end = end, start
    return {"start": start, "end": end}


def _random_change(chance: random.Random, text: str, encoding: str) -> Json:
    if chance.random() < 0.08:
        return {"text": random_text(chance)}
    new_text = "" if chance.random() < 0.3 else random_text(chance, 2)
    change: Json = {"range": random_range(chance, text, encoding), "text": new_text}
    if chance.random() < 0.2:
        change["rangeLength"] = chance.randrange(1000)  # Deprecated, and here mostly wrong.
    return change


def _replace_all(chance: random.Random, text: str, encoding: str, count: int) -> list[Json]:
    """Return changes from the bottom to the top, as "replace all" sends them."""
    offsets = sorted((chance.randint(0, len(text)) for _ in range(count)), reverse=True)
    places = [position_of(text, offset, encoding) for offset in offsets]
    new_text = random_text(chance, 1)
    return [{"range": {"start": place, "end": place}, "text": new_text} for place in places]
