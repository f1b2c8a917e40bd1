"""What the server notes of edits and requests, for prompts elsewhere."""

from typing import Any

import pytest

from qwen_lsp.features.project import Project
from qwen_lsp.server import session as server_session
from qwen_lsp.text import Document
from tests.server.given_engine import GivenEngine
from tests.server.test_read_ahead import settle
from tests.server.test_requests import complete, editor

TEXT = "import os\n\n\ndef first():\n    return os.sep\n"
HERE = Document("file:///c.py", "c.py", "python", 1, "")


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the project of the server that the test starts."""
    given = Project()
    monkeypatch.setattr(server_session, "Project", lambda: given)
    return given


def shown(project: Project) -> list[Any]:
    return [(one.path.rpartition("/")[2], one.text) for one in project.recent.snippets(HERE, 0)]


async def test_edits_are_noted_and_dropped_with_their_document(project: Project) -> None:
    async with editor(GivenEngine()) as client:
        first = client.open("file:///a.py", TEXT)
        second = client.open("file:///b.py", TEXT)
        assert shown(project) == []
        client.change(first, (len(TEXT), len(TEXT), "\n\nA = 1\n"))
        client.change(second, (0, 0, "B = 1\n"))
        await settle(client, second)
        assert [(path, "A = 1" in text) for path, text in shown(project)] == [
            ("a.py", True),
            ("b.py", False),
        ]
        client.close(first)
        await settle(client, second)
        assert [path for path, _ in shown(project)] == ["b.py"]


async def test_a_request_is_a_visit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 20.0])
    noted = project.recent.note_visit
    monkeypatch.setattr(
        project.recent, "note_visit", lambda text, offset, _: noted(text, offset, next(times))
    )
    async with editor(GivenEngine("x", "y")) as client:
        uri = client.open("file:///a.py", TEXT)
        await complete(client, uri, TEXT.index("\n\ndef"))
        await complete(client, uri, TEXT.index("\ndef"))
    assert [path for path, _ in shown(project)] == ["a.py"]
