"""What other files say about the cursor: members that can stand there, outlines for the prompt."""

import pytest

from qwen_lsp.context.related import Related, related
from qwen_lsp.languages import language_for_path
from qwen_lsp.text import Document
from tests.harness.sources import Sources

CLIENT = (
    "class Client:\n"
    '    """Talks to the shop."""\n\n'
    "    limit: int = 3\n\n"
    "    def order(self, name: str) -> int: ...\n"
    "    def _retry(self): ...\n"
    "    def __enter__(self): ...\n"
)
FILES = {
    "shop/client.py": CLIENT,
    "shop/open.py": "from ctypes import Structure\n\n\nclass Open(Structure):\n    size: int\n",
}
HEAD = "from shop.client import Client\nfrom shop.open import Open\n\n\n"


def found(code: str, path: str = "app.py", room: int = 2000) -> Related:
    language = language_for_path(path)
    assert language is not None
    offset = code.index("$0")
    text = code.replace("$0", "")
    source = Sources({**FILES, path: text})
    document = Document(f"file:///{path}", path, language.id, 1, text)
    return related(document, language, offset, source, path, room=room)


@pytest.mark.parametrize("typed", ["client.", "client.or", "return client.", "f(x, client."])
def test_behind_a_dot_the_members_of_the_class_can_stand(typed: str) -> None:
    members = found(f"{HEAD}def f(client: Client):\n    {typed}$0\n").members
    assert set(members) == {"limit", "order", "_retry"}
    assert members["_retry"] < members["order"]


def test_where_a_base_is_unknown_others_can_stand_there_too() -> None:
    members = found(f"{HEAD}def f(it: Open):\n    it.$0\n").members
    assert set(members) == {"size", ""}


@pytest.mark.parametrize(
    "code",
    [
        "def f(client):\n    client.$0\n",
        "def f(client: Client):\n    client$0\n",
        "def f(client: Client):\n    other.$0\n",
        "class Own:\n    def f(self):\n        self.$0\n",
    ],
)
def test_nothing_is_said_of_what_is_not_known_or_in_the_same_file(code: str) -> None:
    assert found(HEAD + code).members == {}


def test_behind_from_import_the_names_of_the_module_can_stand() -> None:
    assert "Client" in found("from shop.client import $0\n").members


def test_the_outline_of_a_parameters_class_is_shown() -> None:
    (snippet,) = found(f"{HEAD}def f(client: Client):\n    x = 1\n    $0\n").snippets
    assert snippet.path == "shop/client.py"
    assert snippet.text == (
        "class Client:\n"
        '    """Talks to the shop."""\n'
        "    limit: int = 3\n"
        "    def order(self, name: str) -> int: ...\n"
    )


def test_the_outlines_stay_while_the_line_is_typed() -> None:
    lines = ["", "c", "client", "client.", "client.order(Open", "client.order(Open())"]
    code = f"{HEAD}def f(client: Client):\n    {{}}$0\n    return 1\n"
    assert len({found(code.format(line)).snippets for line in lines}) == 1


@pytest.mark.parametrize("room", [0, 30, 60, 120])
def test_the_outlines_fit_into_their_room(room: int) -> None:
    snippets = found(f"{HEAD}def f(client: Client, it: Open):\n    $0\n", room=room).snippets
    assert sum(len(one.path) + len(one.text) for one in snippets) <= room
    assert all(one.text.endswith("\n") for one in snippets)


def test_the_function_whose_only_line_is_typed_keeps_its_names() -> None:
    assert "order" in found(f"{HEAD}def f(client: Client):\n    client.$0").members
