"""No secret reaches the model: not in ghost text, not in an action, not in a review."""

import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.engine.requests import Infill, ModelFacts
from qwen_lsp.features.actions import ACTIONS, RefusalError, find_site, resolve
from qwen_lsp.features.complete import complete, read_ahead
from qwen_lsp.features.explain import explain
from qwen_lsp.features.project import Project
from qwen_lsp.features.review import functions_to_review, review_function
from qwen_lsp.settings import ContextSettings, ReviewSettings, Settings
from qwen_lsp.text import Document, Span
from tests.harness.planted import KINDS, planted, unbroken
from tests.harness.scripted import ScriptedEngine, scripted_model

SOURCES = [
    path.read_text(encoding="utf-8")
    for path in sorted(Path(__file__).parents[2].glob("qwen_lsp/*/*.py"))
    if path.stat().st_size > 2000
]
CHAT = ModelFacts("scripted", "none", 0, 8192, can_infill=False, can_roll_back=True)


def document(text: str, path: str = "a.py") -> Document:
    return Document(f"file:///{path}", path, "python", 1, text)


def told(engine: ScriptedEngine) -> str:
    """Return everything that the model was told."""
    texts: list[str] = []
    for request in engine.requests:
        prompt = request.prompt
        if isinstance(prompt, Infill):
            texts += [prompt.prefix, prompt.suffix, prompt.middle]
        else:
            texts += [*(message.text for message in prompt.messages), prompt.reply_start]
        texts.append(request.begun)
    return "\n".join(texts)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 39),
    source=st.sampled_from(SOURCES),
    where=st.floats(0, 1),
    distance=st.integers(-40, 40),
    ahead=st.booleans(),
    infills=st.booleans(),
)
async def test_no_planted_secret_reaches_a_prompt(  # noqa: PLR0917
    kind: str, seed: int, source: str, where: float, distance: int, ahead: bool, infills: bool
) -> None:
    line, secret = planted(kind, seed)
    lines = source.split("\n")
    at = int(where * (len(lines) - 1))
    whole = document("\n".join([*lines[:at], *line.split("\n"), *lines[at:]]))
    cursor = min(max(0, at + distance), whole.lines.count - 1)
    engine = ScriptedEngine(["pass"] * 8, facts=None if infills else CHAT)
    options = Settings(context=ContextSettings(max_tokens=1500))
    offset, model, project = whole.lines.end(cursor), scripted_model(engine), Project()
    if ahead:
        await read_ahead(whole, offset, model, options, project)
    else:
        await complete(whole, offset, model, options, project, explicit=True)
    for part in secret.split("\n" if "\n" in secret else "\\n"):
        assert len(part) < 8 or unbroken(part) not in unbroken(told(engine))


async def test_a_secret_in_a_header_above_the_window_is_hidden() -> None:
    text = (
        'class Client(Base, api_key="k3y5ecret4711"):\n    def run(self):\n'
        + "        x = 1\n" * 900
    )
    engine = ScriptedEngine(["x = 1"] * 8)
    await complete(
        document(text), len(text) - 1, scripted_model(engine), Settings(), Project(), explicit=True
    )
    assert 'class Client(Base, api_key="xxxxxxxxxxxxx"):' in told(engine)


@pytest.mark.parametrize(
    ("marked", "path"),
    [
        ('key = "ghp_abcdefghijklmnopqrstuvwxyz0123456789|"\n', "a.py"),
        ('password = "hun|"\n', "a.py"),
        ("x = 1\ny = |\n", ".env"),
        ("x = 1\ny = |\n", "deploy/secrets.yaml"),
    ],
)
@pytest.mark.parametrize("explicit", [True, False])
async def test_nothing_is_asked_at_a_secret_or_in_its_file(
    marked: str, path: str, explicit: bool
) -> None:
    before, after = marked.split("|")
    engine = ScriptedEngine([])
    model = scripted_model(engine)
    whole = document(before + after, path)
    found = await complete(whole, len(before), model, Settings(), Project(), explicit=explicit)
    assert found == []
    await read_ahead(whole, len(before), model, Settings(), Project())
    assert engine.requests == []


FUNCTION = """def connect(host):
    password = "hunter2"
    for _ in range(3):
        host.open(password)
"""


@pytest.mark.parametrize("action", [action.id for action in ACTIONS if action.asks_model])
async def test_an_action_on_a_function_with_a_secret_is_refused(action: str) -> None:
    engine = ScriptedEngine([])
    for whole in (document(FUNCTION), document(FUNCTION.replace("hunter2", ""), ".env")):
        site = find_site(whole, Span(0, 0), None, "Make it shorter.")
        assert site is not None
        with pytest.raises(RefusalError, match=r"key or token|kept from the model"):
            await resolve(site, action, scripted_model(engine))
        with pytest.raises(RefusalError, match=r"key or token|kept from the model"):
            await explain(site, scripted_model(engine), "English")
    assert engine.requests == []


async def test_a_function_with_a_secret_is_not_reviewed(caplog: pytest.LogCaptureFixture) -> None:
    engine = ScriptedEngine([])
    (target,) = functions_to_review(document(FUNCTION))
    with caplog.at_level(logging.INFO):
        assert await review_function(target, scripted_model(engine), ReviewSettings()) == []
    assert "connect is not reviewed" in caplog.text
    assert "hunter2" not in caplog.text
    assert engine.requests == []
