"""Types in docstrings: Google's `name (type):`, NumPy's `name : type`, and reST's `:type name:`."""

import re

_SECTION = r"^[ \t]*(?:{names}):?[ \t]*\n(?:[ \t]*-+[ \t]*\n)?"
_RETURNS = re.compile(
    _SECTION.format(names="Returns?|Yields?")
    + r"[ \t]+(?P<type>[\w.\[\], |`]+?)(?::[ \t\n]|[ \t]*$)",
    re.MULTILINE,
)
_NUMPY_RETURNS = re.compile(
    r"^[ \t]*Returns?[ \t]*\n[ \t]*-+[ \t]*\n[ \t]*(?:\w+[ \t]*:[ \t]*)?(?P<type>[\w.\[\], |`]+)$",
    re.MULTILINE,
)
_REST_RETURNS = re.compile(r"^[ \t]*:rtype:[ \t]*(?P<type>[^\n]+)$", re.MULTILINE)
_OPTIONAL = re.compile(r",?[ \t]*(?:\(?optional\)?|default(?:s to)?\b.*|=.*)$", re.IGNORECASE)
_WORDS = {
    "boolean": "bool",
    "callable": "Callable",
    "dictionary": "dict",
    "function": "Callable",
    "integer": "int",
    "string": "str",
    "strings": "str",
    "ints": "int",
}
_OF = re.compile(r"\b(list|set|frozenset|Sequence|Iterable|Iterator)s? of (\w+)\b", re.IGNORECASE)


def parameter_type(docstring: str, name: str) -> str:
    """Return the type that a docstring gives a parameter, empty where it gives none."""
    word = re.escape(name)
    for pattern in (
        rf"^[ \t]*\*{{0,2}}{word}[ \t]*\((?P<type>[^()\n]+)\)[ \t]*:",
        rf"^[ \t]*:type[ \t]+{word}:[ \t]*(?P<type>[^\n]+)$",
        rf"^[ \t]*:param[ \t]+(?P<type>[^:\n]+?)[ \t]+{word}:",
        rf"^[ \t]*{word}[ \t]+:[ \t]+(?P<type>[^\n]+)$",
    ):
        found = re.search(pattern, docstring, re.MULTILINE)
        if found is not None:
            return plain_type(found["type"])
    return ""


def result_type(docstring: str) -> str:
    """Return the type that a docstring gives the result, empty where it gives none."""
    for pattern in (_REST_RETURNS, _NUMPY_RETURNS, _RETURNS):
        found = pattern.search(docstring)
        if found is not None:
            return plain_type(found["type"])
    return ""


def plain_type(words: str) -> str:
    """Return what stands in a docstring as Python writes it: `list of strings` as `list[str]`."""
    text = words.replace("`", "").replace("~", "").strip().rstrip(".")
    is_optional = re.search(r"\bor None\b", text) is not None
    text = _OPTIONAL.sub("", re.sub(r"[ \t]*\bor None\b", "", text)).strip()
    text = _OF.sub(lambda match: f"{match[1].lower()}[{_one(match[2])}]", text)
    text = " | ".join(_one(part) for part in re.split(r"\s+or\s+", text))
    return f"{text} | None" if is_optional and text else text


def _one(word: str) -> str:
    return _WORDS.get(word.lower(), word)
