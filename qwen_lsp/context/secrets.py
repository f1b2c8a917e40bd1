"""Keys, tokens and passwords stay out of prompts: they are found, and hidden behind a filler.

The filler is as long as what it hides, so that offsets and lines stay. docs/secrets.md says what is
found, and what is not. Nothing here depends on the language of the text: what is looked at is a
line and, for a value that stands below its name, whether the line before ends in such a name.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from qwen_lsp.context.secrets_names import Kind, named_values
from qwen_lsp.context.secrets_patterns import (
    CHECKSUM_BEFORE,
    IN_CONTEXT,
    KEY_BEGIN,
    KEY_END,
    KEY_LINE,
    TOKEN,
    TOKEN_RUN,
    URL_PASSWORD,
)
from qwen_lsp.context.secrets_values import (
    is_secret_bare,
    is_secret_in_url,
    is_secret_value,
    looks_random,
)
from qwen_lsp.text import Document, Span

_FILLER = "x"
_VISIBLE = re.compile(r"\S")
_LINE = re.compile(r"[^\r\n]+")
# Only lines with one of these are looked at closely: part of a name, a URL with a password, a run.
_WORDS = ("pass", "pwd", "secret", "token", "key", "credential", "bearer", "basic", "sig", "://")
_LONG_RUN = re.compile(r"(?<![\w+/=.:~-])[\w+/=.:~-]{20}", re.ASCII)
_RANDOM_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,3}")
_LONGEST_KEY = 20_000
# So far outside of what is shown a secret is looked for that begins or ends inside it.
_MARGIN = 2000

_Hidden = tuple[tuple[int, int], ...]


def redacted(text: str) -> str:
    """Return `text` with a filler in place of each secret: as long, with the same white space."""
    spans = secret_spans(text)
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += [text[position : span.start], _VISIBLE.sub(_FILLER, text[span.start : span.end])]
        position = span.end
    return "".join([*parts, text[position:]]) if spans else text


def holds_secret(text: str) -> bool:
    """Say whether something in `text` looks like a key, a token or a password."""
    return bool(secret_spans(text))


def without_secrets(document: Document, offset: int, most: int) -> Document:
    """Return the document with a filler in place of each secret near `offset`.

    Near is what lies at most `most` code points before or behind it. All offsets stay.
    """
    near = _near(document, offset, most)
    shown = document.slice(near)
    hidden = redacted(shown)
    if hidden == shown:
        return document
    text = document.text
    return replace(document, text=text[: near.start] + hidden + text[near.end :])


def stands_at_secret(document: Document, offset: int) -> bool:
    """Say whether `offset` lies in a secret or right behind it, or where one is being written.

    One is being written in any literal that is given to a name like `password` or `api_key`.
    """
    near = _near(document, offset, 0)
    place = offset - near.start
    if any(span.touches(place) for span in secret_spans(document.slice(near))):
        return True
    line = document.lines.line_of(offset)
    start = max(document.lines.start(line), near.start)
    values, _ = named_values(document.text[start : min(document.lines.end(line), near.end)], "")
    return any(
        value.is_quoted and value.kind != "token" and value.start <= offset - start <= value.end
        for value in values
    )


def secret_spans(text: str) -> list[Span]:
    """Return the spans of `text` that look like secrets, in order and apart from each other."""
    found = list(_private_keys(text))
    pending: Kind = ""
    for match in _LINE.finditer(text):
        spans, pending = _in_line(match[0], pending)
        found += [Span(match.start() + start, match.start() + end) for start, end in spans]
    return _merged(found)


def _near(document: Document, offset: int, most: int) -> Span:
    """Return whole lines around `offset`, and a private key that reaches into them."""
    lines, text = document.lines, document.text
    first, last = max(0, offset - most), min(len(text), offset + most)
    start = max(lines.start(lines.line_of(first)), first - _MARGIN)
    end = min(lines.end(lines.line_of(last)), last + _MARGIN)
    begin = text.rfind("-----BEGIN", max(0, start - _LONGEST_KEY), start)
    return Span(max(begin, 0) if begin >= 0 else start, end)


def _private_keys(text: str) -> Iterator[Span]:
    """Yield what stands in the private keys of a text, as far as they go where they do not end."""
    if "PRIVATE KEY" not in text:
        return
    position = 0
    while begin := KEY_BEGIN.search(text, position):
        end = KEY_END.search(text, begin.end(), begin.end() + _LONGEST_KEY)
        position = begin.end()
        if end is not None:
            position = end.start()
        else:
            for line in _LINE.finditer(text, begin.end()):
                if line.start() > begin.end() and not KEY_LINE.fullmatch(line[0]):
                    break
                position = line.end()
        yield Span(begin.end(), position)


@lru_cache(maxsize=8192)
def _in_line(line: str, pending: Kind) -> tuple[_Hidden, Kind]:
    """Return the secrets of one line, and the kind of a name whose value is on the next."""
    found: list[tuple[int, int]] = []
    if _LONG_RUN.search(line):
        found += _long_tokens(line)
    lowered = line.lower()
    if pending or any(word in lowered for word in _WORDS):
        found += [
            match.span("secret")
            for match in URL_PASSWORD.finditer(line)
            if is_secret_in_url(match["secret"])
        ]
        found += [
            match.span("secret")
            for pattern in IN_CONTEXT
            for match in pattern.finditer(line)
            if is_secret_value(match["secret"], of_password=True)
        ]
        values, pending = named_values(line, pending)
        for value in values:
            judge = is_secret_value if value.is_quoted else is_secret_bare
            if judge(line[value.start : value.end], of_password=value.kind == "password"):
                found.append((value.start, value.end))
    return tuple(found), pending


def _long_tokens(line: str) -> Iterator[tuple[int, int]]:
    """Yield where the tokens of a known form and the random runs of a line stand."""
    for run in TOKEN_RUN.finditer(line):
        for token in TOKEN.finditer(line, run.start(), run.end()):
            yield token.span()
    for run in _RANDOM_RUN.finditer(line):
        if looks_random(run[0]) and not CHECKSUM_BEFORE.search(line, 0, run.start()):
            yield run.span()


def _merged(spans: list[Span]) -> list[Span]:
    """Return the spans in order, those that overlap or touch as one."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        elif span.start < span.end:
            merged.append(span)
    return merged
