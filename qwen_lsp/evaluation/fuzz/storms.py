"""What is thrown at a server between its beginning and its end."""

from collections.abc import Callable
from typing import Any

from qwen_lsp.evaluation.fuzz.edits import random_changes, random_text
from qwen_lsp.evaluation.fuzz.heavy import heavy_document
from qwen_lsp.evaluation.fuzz.nonsense import mutated, random_json, random_nonsense
from qwen_lsp.evaluation.fuzz.requests import random_notification, random_request
from qwen_lsp.evaluation.fuzz.session import Session
from qwen_lsp.evaluation.fuzz.texts import ClientText, Json

_MOST_DOCUMENTS = 8
_BURSTS = (1, 3, 10, 30, 60)
# Of what is still going on at the end of a burst, as people do who type on.
_CANCELLED_SHARE = 0.8


async def storm_of_edits(session: Session, count: int) -> None:
    """Change documents `count` times, and compare the texts after each."""
    for _ in range(count):
        if not session.documents or session.chance.random() < 0.02:
            session.open()
        document = _any_document(session)
        session.change(document)
        await session.compare_texts()
        if session.chance.random() < 0.02:
            session.close(document.uri)


async def storm_of_messages(session: Session, count: int) -> None:
    """Send `count` messages or a few more; in between all that is owed is waited for."""
    books, chance = session.place.books, session.chance
    last = books.messages + count
    session.open()
    while books.messages < last:
        for _ in range(chance.choice(_BURSTS)):
            chance.choices(_STEPS, _WEIGHTS)[0](session)
        for message_id in session.connection.outstanding():
            if chance.random() < _CANCELLED_SHARE:
                session.connection.notify("$/cancelRequest", {"id": message_id})
        await session.connection.settle(session.place.seconds)
        await session.compare_texts()


def before_initialize(session: Session) -> None:
    """Ask and tell what may be asked and told only later."""
    document = ClientText("file:///early.py", "python", 1, random_text(session.chance))
    for _ in range(session.chance.randrange(6)):
        method, params = random_request(session.chance, document, "utf-16")
        if method != "initialize":
            session.connection.send_request(method, params)
        session.connection.notify(*random_notification(session.chance, document))


def _any_document(session: Session) -> ClientText:
    return session.chance.choice(list(session.documents.values()))


def _open(session: Session) -> None:
    if len(session.documents) < _MOST_DOCUMENTS:
        session.open()
    else:
        session.reopen(_any_document(session))  # A second didOpen, which LSP forbids.


def _change(session: Session) -> None:
    session.change(_any_document(session))


def _close(session: Session) -> None:
    if len(session.documents) > 1:
        session.close(_any_document(session).uri)
    else:
        session.close("file:///never-opened.py")


def _request(session: Session) -> None:
    method, params = random_request(session.chance, _any_document(session), session.encoding)
    session.connection.send_request(method, params)


def _mutated_request(session: Session) -> None:
    method, params = random_request(session.chance, _any_document(session), session.encoding)
    session.connection.send_request(method, mutated(session.chance, params))


def _odd_request(session: Session) -> None:
    """Send a request with an id that is unusual, or one that is going on, or without a version."""
    chance = session.chance
    method, params = random_request(chance, _any_document(session), session.encoding)
    going_on = session.connection.outstanding()
    ids: tuple[Any, ...] = ("", "x", "😀", "\ude00", 0, -1, 2**31, 10**30, "1", "a" * 1000)
    message_id = chance.choice(going_on or ids) if chance.random() < 0.5 else chance.choice(ids)
    version = chance.choice(("2.0", "1.0", 2, None))
    session.connection.send_request(method, params, message_id, jsonrpc=version, odd=[[]])


def _cancel(session: Session) -> None:
    chance = session.chance
    going_on = session.connection.outstanding()
    odd: tuple[Any, ...] = ("none", 10**9, None, [], {}, True, "😀")
    message_id = (
        chance.choice(going_on) if going_on and chance.random() < 0.9 else chance.choice(odd)
    )
    session.connection.notify("$/cancelRequest", {"id": message_id})


def _notification(session: Session) -> None:
    session.connection.notify(*random_notification(session.chance, _any_document(session)))


def _mutated_notification(session: Session) -> None:
    method, params = random_notification(session.chance, _any_document(session))
    if method != "workspace/didChangeConfiguration":
        session.connection.notify(method, mutated(session.chance, params))


def _mutated_change(session: Session) -> None:
    """Send a change of the wrong shape; whatever it did to the text, it is set right at once."""
    document = _any_document(session)
    item = {"uri": document.uri, "version": document.version + 1}
    changes = random_changes(session.chance, document.text, session.encoding)
    params = {"textDocument": item, "contentChanges": changes}
    session.connection.notify("textDocument/didChange", mutated(session.chance, params))
    session.connection.notify(
        "textDocument/didOpen", mutated(session.chance, {"textDocument": item})
    )
    session.reopen(document)


def _nonsense(session: Session) -> None:
    method, params = random_request(session.chance, _any_document(session), session.encoding)
    message: Json = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    session.connection.send_nonsense(random_nonsense(session.chance, message))


def _odd_frame(session: Session) -> None:
    method, params = random_notification(session.chance, _any_document(session))
    message: Json = {"jsonrpc": "2.0", "method": method, "params": params}
    session.connection.send_oddly(session.chance, message)


def _response(session: Session) -> None:
    """Answer what was never asked, or was answered before."""
    chance = session.chance
    message_id = chance.choice(("nobody's", 1, 10**9, "00000000-0000-0000-0000-000000000000"))
    answer = chance.choice(({"result": random_json(chance)}, {"error": random_json(chance)}, {}))
    session.connection.send_oddly(chance, {"jsonrpc": "2.0", "id": message_id, **answer})


def _restart_engine(session: Session) -> None:
    params: Json = {"command": "qwenLsp.restartEngine", "arguments": []}
    session.connection.send_request("workspace/executeCommand", params)


_WEIGHTED: tuple[tuple[Callable[[Session], None], float], ...] = (
    (_change, 25),
    (_request, 30),
    (_cancel, 12),
    (_mutated_request, 10),
    (_nonsense, 8),
    (_notification, 6),
    (_open, 6),
    (_mutated_notification, 5),
    (_odd_frame, 4),
    (_close, 4),
    (_odd_request, 3),
    (_response, 3),
    (_mutated_change, 3),
    (heavy_document, 0.15),
    (_restart_engine, 0.03),
)
_STEPS = [step for step, _ in _WEIGHTED]
_WEIGHTS = [weight for _, weight in _WEIGHTED]
