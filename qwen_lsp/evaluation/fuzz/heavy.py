"""Documents that are too long, too wide or too deep for what looks at every part of a text."""

import random
from collections.abc import Callable

from qwen_lsp.evaluation.fuzz.edits import random_position, random_text
from qwen_lsp.evaluation.fuzz.requests import code_action, inline_completion, random_request
from qwen_lsp.evaluation.fuzz.session import Session
from qwen_lsp.evaluation.fuzz.texts import ClientText, Json

_FUNCTION = "def total_{0}(prices):\n    # é 😀\n    return sum(prices) + {0}\n\n\n"


def heavy_document(session: Session) -> None:
    """Open a heavy document, ask about it, change it, and close it again."""
    chance, connection = session.chance, session.connection
    text = chance.choice(_TEXTS)()
    document = session.open(text, chance.choice(("python", "typescript", "c", "ruby", "plaintext")))
    for _ in range(3):
        for make in (inline_completion, code_action, random_request):
            method, params = make(chance, _near(chance, document), session.encoding)
            connection.send_request(method, params)
        change = _insertion(chance, document, session.encoding)
        session.change(document, [change])
        document = session.documents[document.uri]
    session.close(document.uri)


def _near(chance: random.Random, document: ClientText) -> ClientText:
    """Return the document as if it ended early, so that places are quickly found."""
    shown = document.text[: chance.choice((100, 5000))]
    return ClientText(document.uri, document.language_id, document.version, shown)


def _insertion(chance: random.Random, document: ClientText, encoding: str) -> Json:
    place = random_position(chance, document.text, encoding)
    return {"range": {"start": place, "end": place}, "text": random_text(chance, 1)}


def _five_megabytes() -> str:
    return "".join(_FUNCTION.format(number) for number in range(80_000))[:4_900_000]


def _above_the_limit() -> str:
    return "x = 1\r\n" * 750_000


def _long_line() -> str:
    return "total = [" + "'é', '😀', " * 20_000 + "]\nprint(total)\n"


def _long_expression() -> str:
    return "total = " + "a + " * 50_000 + "b\n"


def _deep_brackets() -> str:
    return "total = " + "(" * 50_000 + ")" * 49_000 + "\n"


def _deep_mixed() -> str:
    return "f(" + "[{(" * 5_000 + "'" + "\n"


def _deep_blocks() -> str:
    return "".join(f"{' ' * depth}if a:\n" for depth in range(1500)) + " " * 1500 + "pass\n"


def _deep_functions() -> str:
    return "".join(f"{' ' * depth}def f{depth}(a):\n" for depth in range(1500))


def _deep_braces() -> str:
    return "function f() " + "{ if (a) " * 10_000 + "}" * 10_000 + "\n"


def _line_ends() -> str:
    return "\r" * 100_000 + "\n\r" * 50_000


_TEXTS: tuple[Callable[[], str], ...] = (
    _five_megabytes,
    _above_the_limit,
    _long_line,
    _long_expression,
    _deep_brackets,
    _deep_mixed,
    _deep_blocks,
    _deep_functions,
    _deep_braces,
    _line_ends,
)
