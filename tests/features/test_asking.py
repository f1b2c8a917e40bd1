"""What of other files reaches the model, with which budget and settings."""

from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.engine.requests import Infill
from qwen_lsp.features.complete import complete
from qwen_lsp.features.project import Project
from qwen_lsp.index.build import build
from qwen_lsp.index.database import Index
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document
from tests.harness.scripted import ScriptedEngine, scripted_model

CLIENT = "class Client:\n    limit: int = 3\n\n    def order(self): ...\n"
CODE = "from client import Client\n\n\ndef f(client: Client):\n    x = 1\n    return client."


@pytest.fixture
def project(tmp_path: Path, module_home: Path) -> Project:
    assert module_home.is_dir()
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "client.py").write_text(CLIENT)
    (folder / "app.py").write_text(CODE)
    build(folder)
    project = Project()
    project.indexes.change({folder: Index.open(folder)})
    return project


async def asked(project: Project, *, tokens: int, cross_file: bool = True) -> ScriptedEngine:
    engine = ScriptedEngine(["limit"])
    context = replace(Settings().context, max_tokens=tokens, cross_file=cross_file)
    document = Document("file:///app.py", "app.py", "python", 1, CODE)
    settings = replace(Settings(), context=context)
    found = await complete(document, len(CODE), scripted_model(engine), settings, project)
    assert [one.text for one in found] == ["limit"]
    return engine


def files_of(engine: ScriptedEngine) -> tuple[str, ...]:
    prompt = engine.requests[0].prompt
    assert isinstance(prompt, Infill)
    return prompt.files


async def test_members_hold_the_first_word_and_outlines_stand_in_front(project: Project) -> None:
    engine = await asked(project, tokens=2048)
    assert set(engine.requests[0].first_words) == {"limit", "order"}
    (file,) = files_of(engine)
    assert file.startswith("client.py\nclass Client:\n")


async def test_a_small_budget_is_for_the_file_at_hand(project: Project) -> None:
    engine = await asked(project, tokens=512)
    assert set(engine.requests[0].first_words) == {"limit", "order"}
    assert files_of(engine) == ()


async def test_other_files_can_be_switched_off(project: Project) -> None:
    engine = await asked(project, tokens=2048, cross_file=False)
    assert engine.requests[0].first_words == {}
    assert files_of(engine) == ()
