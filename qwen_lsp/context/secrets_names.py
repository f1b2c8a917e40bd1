"""Values that are given to a name like `password` or `api_key`, in a line of any language.

Whether such a value is a secret is for `secrets_values.py` to say.
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["", "password", "token", "key"]

_PASS = (
    r"passw(?:or)?ds?|passphrase|passwd|pwd"  # noqa: S105 - a pattern
    r"|(?<![a-z])pass(?=[\"'\]]*\s*(?:=|:[ =]))"
)
# Before `key` there must be another word: a key alone is one of a dictionary.
_KEY = (
    r"secret|credential|(?:private|secret|api|access|auth|encryption|signing|account|master|session"
    r"|client|shared|storage|license|ssh|admin|service|consumer|app|bot|webhook|hmac|jwt|crypto?)"
    r"[_-]?key"
)
_SUFFIX = (
    r"(?:[_-]?(?:\d+|id|prod(?:uction)?|dev|test|staging|live|val(?:ue)?|str(?:ing)?|base64|b64|hex"
    r"|raw|plain|default|old|new))?"
)
_NAME = rf"(?i:(?:(?P<password>{_PASS})|(?P<token>token)|{_KEY}){_SUFFIX})(?!\w|-\w)"
_QUOTE = r"(?:[rRbBuUfF@$]{0,2}|(?:new )?String(?:\.raw)?\(?)(?P<quote>\"\"\"|'''|[\"'`])"
# A name, what may stand behind it (`"]`, `()`, a type), a sign that gives or compares a value, and
# the value: in quotes, bare, or on the next line.
_NAMED = re.compile(
    rf"{_NAME}(?:\(\))?[\"'`\])]{{0,2}}\s*"
    r"(?:(?::\s*[\w.&\[\]|'<>?* ]{1,40}?)?(?:=>|:=|===?|!==?|\|\|=|\?\?=|=|:)"
    r"|(?<=[\"'`]),|(?:\[\])?\s*[({])\s*"
    rf"(?:[\[({{]\s*)?(?:{_QUOTE}|(?P<bare>[^\s\"'`,;(){{}}\[\]<>$]{{6,}})(?![(\[\"'`$])|(?P<open>\\?)$)"
)
_HEADER_END = re.compile(r"[\w)\]]\s*:\s*\\?\Z")
_FIRST_VALUE = re.compile(rf"\s*{_QUOTE}")
# A line of a shell script or a Dockerfile: all behind the sign is the value.
_SETTING = re.compile(
    rf"\s*(?:export\s+|ENV\s+|set\s+)?[A-Z0-9_]*?{_NAME}(?<![a-z])="
    r"(?P<value>[^\s\"'`$;,(){}\[\]]{4,})\s*$"
)
_QUOTED = {
    quote: re.compile(rf"(?:\\.|(?!{quote})[^\\])*\\?", re.DOTALL)
    for quote in ('"""', "'''", '"', "'", "`")
}


@dataclass(frozen=True)
class NamedValue:
    """A value in a line from `start` to `end`, in code points of the line, and what it is of."""

    start: int
    end: int
    kind: Kind
    is_quoted: bool


def named_values(line: str, pending: Kind) -> tuple[list[NamedValue], Kind]:
    """Return the values in `line`, and the kind of a name at its end whose value is still to come.

    `pending` is that of the line before.
    """
    found: list[NamedValue] = []
    position = 0
    if pending and (first := _FIRST_VALUE.match(line)):
        found.append(_quoted(line, first, pending))
        position = found[-1].end
    pending = ""
    if setting := _SETTING.match(line, position):
        return [NamedValue(*setting.span("value"), _kind(setting), is_quoted=True)], ""
    while match := _NAMED.search(line, position):
        kind = _kind(match)
        if match["quote"]:
            found.append(_quoted(line, match, kind))
            position = max(found[-1].end, position + 1)
        elif match["bare"]:
            found.append(NamedValue(*match.span("bare"), kind, is_quoted=False))
            # The value may be the name of the next one: `token = password = "..."`.
            position = match.start("bare")
        else:
            # A colon may end the header of a function or a condition as well.
            return found, "" if _HEADER_END.search(match[0]) else kind
    return found, ""


def _kind(match: re.Match[str]) -> Kind:
    if match["password"]:
        return "password"
    return "token" if match["token"] else "key"


def _quoted(line: str, match: re.Match[str], kind: Kind) -> NamedValue:
    start = match.end("quote")
    end = _QUOTED[match["quote"]].match(line, start)
    return NamedValue(start, end.end() if end else start, kind, is_quoted=True)
