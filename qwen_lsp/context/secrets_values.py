"""Whether a value is a secret that has no form of its own: by the name it is given, or by chance.

A run of letters and digits is taken for random when its pieces are short. `getUserName2` has pieces
of four letters (a word, a number, a capital with its word), random base64 has pieces of 1.9 on
average and rarely of 3. That tells random text from names better than Shannon's entropy alone,
which is nearly as high for a long name; the entropy then removes rows of few or ordered signs.
"""

import math
import re
from collections import Counter
from itertools import pairwise

_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
# UUIDs and the objects that a URL of a repository names.
_HARMLESS = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?:commits?|blobs?|trees?|raw|objects)/[0-9a-f]{40}"
)
_SEPARATORS = re.compile(r"[+/=_-]+")
_LEAST_PART = 4
_LEAST_SHARE = 0.55
_LEAST_RANDOM = 20
# Means of the length of pieces. A run without a separator is rarely a name if it is long.
_MOST_MEAN_PIECE = 3.0
_MOST_MEAN_PIECE_UNBROKEN = 3.6
_LEAST_UNBROKEN = 28
# Bits a character; 99 % of random values of 20 characters have more (hex: 2.87, base64: 3.68).
_LEAST_HEX_ENTROPY = 2.8
_LEAST_ENTROPY = 3.4
# The share of neighbours that follow each other in the alphabet, as in "0123456789abcdef".
_MOST_ORDERED = 0.3

# What code gives to such a name and is no secret: nothing yet, something read elsewhere, a pattern.
_PLACEHOLDER = re.compile(
    r"(?i)[{}]|\$[\w(]|%[sd(]|<.*>|\.\.\.|…|\*\*\*|^(.)\1*$|^(?:your|my|some|the|an?)[-_ ]"
    r"|example|change.?me|placeholder|dummy|redacted|xxx|insert|replace|sample|not.?a?.?real"
    r"|^(?:https?:/|\.{0,2}/|~/)|^[\w/.-]+\.(?:json|ya?ml|toml|txt|pem|key|py|js|ts|html?|php|db)$"
)
_PATTERN_SIGNS = re.compile(r"[\s\[\](){}|\\^<>]|[^\x00-\x7f]")
_MIXED_WORD = re.compile(r"(?=\S*\d)(?=\S*[^\W\d])\S{6,}")
_WORD = re.compile(r"(?P<letters>[A-Z]?[a-z]+|[A-Z]+(?![a-z]))\d{0,3}|\d{1,2}")
_LONGEST_WORD = 16
# Words that stand with a number in the names of things: `password1`, `field2`.
_NUMBERED = frozenset(
    {
        *("arg", "bar", "baz", "field", "foo", "input", "key", "name", "new", "old", "param"),
        *("pass", "passwd", "password", "pwd", "secret", "string", "test", "text", "token"),
        *("user", "username", "value", "word", "v"),
    }
)


def looks_random(run: str) -> bool:
    """Say whether a run of base64 or hex, of 20 characters or more, was made by chance."""
    run = _HARMLESS.sub("", run)
    signs = _SEPARATORS.sub("", run)
    parts = [part for part in _SEPARATORS.split(run) if len(part) >= _LEAST_PART]
    if len(signs) < _LEAST_RANDOM or not parts or not _mixes(signs):
        return False
    # Names have separators too, but between their words, and few parts without one are long.
    unbroken = len(parts[0]) == len(signs) >= _LEAST_UNBROKEN
    most = _MOST_MEAN_PIECE_UNBROKEN if unbroken else _MOST_MEAN_PIECE
    chance = sum(len(part) for part in parts if len(part) <= most * len(_PIECE.findall(part)))
    if chance < _LEAST_SHARE * len(signs):
        return False
    ordered = sum(ord(b) - ord(a) == 1 for a, b in pairwise(signs))
    least = _LEAST_HEX_ENTROPY if _HEX.fullmatch(signs) else _LEAST_ENTROPY
    return ordered <= _MOST_ORDERED * len(signs) and _entropy(signs) >= least


def is_secret_value(value: str, *, of_password: bool) -> bool:
    """Say whether a literal that is given to a name like `password` or `api_key` is a secret.

    `of_password` says that the name is that of a password, which may be short.
    """
    if len(value) < (4 if of_password else 8) or _PLACEHOLDER.search(value):
        return False
    if not of_password:
        return (
            any(sign.isdigit() for sign in value)
            and not _PATTERN_SIGNS.search(value)
            and not _is_wordlike(value, least_numbered=3)
        )
    if re.search(r"\s", value):
        # A label or an error message: words, and no sign that is odd for one.
        return any(_MIXED_WORD.fullmatch(word.strip(".,:;()")) for word in value.split())
    return any(sign.isalnum() for sign in value) and not _is_wordlike(value)


def is_secret_bare(value: str, *, of_password: bool) -> bool:
    """Say the same of a value without quotes, which may be an expression as well."""
    if re.fullmatch(r"[&*!~-]?[^\W\d][\w$]*(?:(?:\.|->|::|\?\.)[\w$]+)*", value):
        return (
            len(value) >= 12
            and "_" not in value
            and _mixes(value)
            and len(value) / max(1, len(_PIECE.findall(value))) <= 2.6
        )
    if re.fullmatch(r"[+-]?(?:0[xXbBoO])?[\d_.]+\w?|0[xX][0-9a-fA-F_]+\w?", value):
        return False
    mixed = re.search(r"[^\W\d]", value) is not None and re.search(r"\d", value) is not None
    return mixed and is_secret_value(value, of_password=of_password)


def is_secret_in_url(value: str) -> bool:
    """Say whether the password in a URL is one, and not a word that stands for it."""
    return not _PLACEHOLDER.search(value) and value.lower().rstrip("0123456789") not in _NUMBERED


def _is_wordlike(value: str, least_numbered: int = _LONGEST_WORD) -> bool:
    """Say whether a value is made of words: a name, a key of a dictionary, a label.

    A number may stand behind a word with so many letters, or behind one that names things.
    """
    for part in re.split(r"[\W_]+", value):
        position = 0
        for word in _WORD.finditer(part):
            letters = word["letters"] or ""
            is_numbered = 0 < len(letters) < min(len(word[0]), least_numbered)
            if word.start() != position or len(letters) > _LONGEST_WORD:
                return False
            if is_numbered and letters.lower() not in _NUMBERED:
                return False
            position = word.end()
        if position != len(part):
            return False
    pieces = _PIECE.findall(value)
    return not pieces or len(value) < 12 or sum(map(len, pieces)) / len(pieces) > 2.0


def _mixes(signs: str) -> bool:
    """Say whether letters and digits are mixed, or capitals and others without a digit."""
    digits = sum(sign.isdigit() for sign in signs)
    if digits:
        return digits < len(signs)
    return len(signs) >= _LEAST_UNBROKEN and not (signs.islower() or signs.isupper())


def _entropy(signs: str) -> float:
    """Return Shannon's entropy in bits a character."""
    counts = Counter(signs).values()
    return -sum(count / len(signs) * math.log2(count / len(signs)) for count in counts)
