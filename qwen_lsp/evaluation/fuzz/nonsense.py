"""Breaking messages: JSON of the wrong shape, and frames that are none."""

import copy
import json
import random
from dataclasses import dataclass
from typing import Any, cast

from qwen_lsp.evaluation.fuzz.texts import Json

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31 - 1, 2**31, 2**63, -(2**64), 10**400, 0.5, 1e308),
    *("", "x", "0", "😀", "\ude00", "\x00", "a" * 5000, "file:///", "file://[", "file:///%zz%00"),
    *("http://[::1", "untitled:Untitled-1", "://", "file:///C:/a.py", "\\\\host\\share\\a.py"),
    *([], {}, [[]], [None], {"": {}}, {"uri": 3}, {"line": 0, "character": 0}),
)
_ODD_IDS: tuple[Any, ...] = (None, True, 1.5, [], [1], {}, {"id": 1})
_ODD_METHODS: tuple[Any, ...] = (None, 3, [], {})
_NO_LENGTHS = (b"", b"-5", b"many", b"0x10", b"1e3", b"9" * 5000, b"99999999999", b"12 34")


def random_json(chance: random.Random, depth: int = 3) -> Any:
    """Return a random value."""
    kind = chance.random()
    if depth == 0 or kind < 0.6:
        return copy.deepcopy(chance.choice(_VALUES))
    size = chance.randrange(4)
    if kind < 0.8:
        return [random_json(chance, depth - 1) for _ in range(size)]
    keys = ("uri", "range", "text", "id", "textDocument", "position", "", "😀")
    return {chance.choice(keys): random_json(chance, depth - 1) for _ in range(size)}


def mutated(chance: random.Random, value: Any) -> Any:
    """Return a copy of JSON in which one to three places are other than they were."""
    changed = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        changed = _mutated_once(chance, changed)
    return changed


def _mutated_once(chance: random.Random, value: Any) -> Any:
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(cast("Json", value))
    elif isinstance(value, list):
        keys = list(range(len(cast("list[Any]", value))))
    if keys and chance.random() < 0.8:
        key = chance.choice(keys)
        if chance.random() < 0.25:
            del value[key]
        else:
            value[key] = _mutated_once(chance, value[key])
        return cast("Any", value)
    return random_json(chance)


@dataclass(frozen=True)
class Nonsense:
    """Bytes that hold no request, and how many errors without an id they must bring."""

    data: bytes
    errors: int


def framed(body: bytes) -> bytes:
    """Return a body with its header."""
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def oddly_framed(chance: random.Random, body: bytes) -> bytes:
    """Return a body in a frame that is unusual but right."""
    size = len(body)
    return (
        chance.choice(
            (
                b"content-length: %d\r\n\r\n" % size,
                b"CONTENT-LENGTH:%d\r\n\r\n" % size,
                b"Content-Length:   %d  \r\n\r\n" % size,
                b"Content-Length: %d\n\n" % size,
                b"Content-Length: %08d\r\n\r\n" % size,
                b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n"
                b"Content-Length: %d\r\n\r\n" % size,
                b"Content-Length: %d\r\nX-Odd: \xff\xfe\r\n\r\n" % size,
                b"\r\n\r\n\nContent-Length: %d\r\n\r\n" % size,
            )
        )
        + body
    )


def random_nonsense(chance: random.Random, message: Json) -> Nonsense:
    """Return a message broken beyond use, or bytes that never were one."""
    body = encoded(message)
    kind = chance.randrange(8)
    if kind == 0:
        return Nonsense(framed(_no_json(chance, body)), 1)
    if kind == 1:
        return Nonsense(framed(encoded(_no_message(chance, message))), 1)
    if kind == 2:  # A length that is none: header and body are skipped.
        length = chance.choice(_NO_LENGTHS)
        return Nonsense(b"Content-Length: %s\r\n\r\n%s" % (length, body[:50_000]), 0)
    if kind == 3:  # No length at all.
        return Nonsense(b"Content-Size: 7\r\n\r\n" + body[:50_000] + b"\r\n", 0)
    if kind == 4:  # Too short a length: the rest of the body is skipped.
        short = chance.randrange(len(body))
        return Nonsense(b"Content-Length: %d\r\n\r\n%s" % (short, body[:50_000].ljust(short)), 1)
    if kind == 5:  # Too long a length: what follows is taken for the end of the body.
        return Nonsense(framed(body + b"Content-"), 1)
    if kind == 6:
        return Nonsense(bytes(chance.choices(range(128, 256), k=chance.randrange(200))), 0)
    return Nonsense(b"x" * 100_000 + b"\r\n", 0)


def encoded(value: Any) -> bytes:
    """Return JSON in ASCII, in which half a surrogate pair passes."""
    return json.dumps(value).encode("ascii")


def _no_json(chance: random.Random, body: bytes) -> bytes:
    return chance.choice(
        (
            b"",
            body[: chance.randrange(len(body))],
            body.replace(b"{", b"{{", 1),
            body[:-1] + b"\xff}",
            b"\xff\xfe" + body,
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"id": ' + b"9" * 5000 + b', "method": "x"}',
        )
    )


def _no_message(chance: random.Random, message: Json) -> Any:
    choices: tuple[Any, ...] = (
        [],
        [message, message],
        7,
        "x",
        None,
        {},
        {"jsonrpc": "2.0"},
        {**message, "method": chance.choice(_ODD_METHODS)},
        {**message, "id": chance.choice(_ODD_IDS)},
        {"method": "shutdown", "id": chance.choice(_ODD_IDS)},
    )
    return chance.choice(choices)
