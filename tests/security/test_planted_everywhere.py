"""200 secrets in all places of a workspace, and every feature asked everywhere: none is shown.

Places are of two sorts. In files that may be shown, a secret has a form that can be found. Files
that may not be shown hold plain words, so that only the file's name or the rules keep them out.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.engine.requests import (
    Chat,
    GenerateRequest,
    Generation,
    Infill,
    ModelFacts,
    Priority,
    Speed,
)
from qwen_lsp.evaluation.hostile_replies import HostileEngine
from qwen_lsp.features.model import LocalModel
from qwen_lsp.index.build import build
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.server.app import create_server
from qwen_lsp.server.requests import sync
from qwen_lsp.settings import Settings
from tests.harness.lsp_client import EVERYTHING, Client, LspError, connect
from tests.harness.planted import KINDS, planted, unbroken
from tests.server.given_engine import weights_here

EXCLUDED = ["excluded/"]
IGNORED = "ignored/\n*_local.py\nnotes.ipynb\n"
SHOP = '''\
import os

from ignored.keys_{n} import Vault{n}
from excluded.keys_{n} import Store{n}
from settings_local import Local{n}
from other_{n} import Client{n}

{module}


def total(prices, vault: Vault{n}, store: Store{n}, local: Local{n}, client: Client{n}):
    """Add prices.

    >>> total([1, 2])
    3
    """
    count = 0
    for price in prices:
        count += price
    return client.


def connect(host):
    """Connect.

    {docstring}

    Args:
        host: Where to.
    """
    # {comment}
    {statement}
    return host


def last(names):
    for name in names:
        print(name)
    return names[-1]
'''
OTHER = '''\
class Client{n}:
    """A client.

    {docstring}
    """

    {attribute}
    def send(self, words={default!r}, retries=3):
        return words


def counted(names):
    return len(names)


counted([])  # {call}
'''
TESTS = """\
from shop_{n} import last


def test_last():
    {statement}
    assert last([1, 2]) == 2
"""
KEYS = """\
class {name}{n}:
    word = "{word}"

    def open(self, key="{word}"):
        return self.word + key
"""


class Listening:
    """Answers with replies that are made up to do harm, and keeps all that the model was told."""

    def __init__(self, facts: ModelFacts | None) -> None:
        self.facts = facts
        self._hostile = HostileEngine(1)
        self.told: list[str] = []

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        prompt = request.prompt
        if isinstance(prompt, Infill):
            self.told += [prompt.prefix, prompt.suffix, prompt.middle, *prompt.files]
            self.told += [prompt.repository, prompt.here]
        else:
            assert isinstance(prompt, Chat)
            self.told += [*(message.text for message in prompt.messages), prompt.reply_start]
        self.told += [request.begun, *request.first_words, request.reply_grammar, *request.stops]
        self.told.append(json.dumps(request.reply_schema))
        if request.priority == Priority.AHEAD and not request.max_tokens:
            return Generation("", "length")
        return await self._hostile.generate(request, enough=enough, on_text=on_text)


@dataclass
class Planting:
    """Secrets that are given out one after the other, each of another kind."""

    count: int = 0
    lines: int = 0

    def __post_init__(self) -> None:
        self.secrets: dict[str, str] = {}

    def line(self, place: str) -> str:
        """Return a line of code with a secret that can be found by its form."""
        while True:
            kind, seed = KINDS[self.lines % len(KINDS)], self.lines // len(KINDS)
            self.lines += 1
            code, secret = planted(kind, seed)
            if place == "statement" or "\n" not in code:
                self.secrets[secret] = f"{place}: {kind}"
                return code.strip()

    def word(self, place: str) -> str:
        """Return a word that nothing but its place makes a secret."""
        word = f"marker{chr(97 + self.count // 26)}{chr(97 + self.count % 26)}rose"
        self.count += 1
        self.secrets[word] = place
        return word


def plant(folder: Path) -> Planting:
    """Write a workspace with 200 secrets."""
    planting = Planting()

    def put(path: str, text: str) -> None:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    (folder / ".git").mkdir(parents=True)
    put(".gitignore", IGNORED)
    for n in range(16):
        line = planting.line
        fields = ("module", "docstring", "comment", "statement")
        put(f"shop_{n}.py", SHOP.format(n=n, **{one: line(one) for one in fields}))
        put(
            f"other_{n}.py",
            OTHER.format(
                n=n,
                docstring=line("docstring elsewhere"),
                attribute=line("attribute elsewhere"),
                default=line("default elsewhere"),
                call=line("call"),
            ),
        )
        put(f"tests/test_shop_{n}.py", TESTS.format(n=n, statement=line("test")))
    for n in range(16):
        for path, name in (("ignored", "Vault"), ("excluded", "Store")):
            put(f"{path}/keys_{n}.py", KEYS.format(n=n, name=name, word=planting.word(path)))
    keys = "\n".join(
        KEYS.format(n=n, name="Local", word=planting.word("ignored by name")) for n in range(8)
    )
    put("settings_local.py", keys)
    put(".env", f"WORDS={planting.word('.env')}\n")
    put("deploy/secrets.yaml", f"words: {planting.word('secrets.yaml')}\n")
    put("notes.ipynb", f"def note():\n    return '{planting.word('notebook')}'\n")
    put("id_rsa", f"{planting.word('id_rsa')}\n")
    (folder / "linked.py").symlink_to(folder / ".env")
    return planting


class Walk:
    """An editor that opens files and asks for everything everywhere."""

    def __init__(self, client: Client, engine: Listening) -> None:
        self.client = client
        self.engine = engine
        self.refused: list[str] = []

    async def ask(self, method: str, params: Any) -> Any:
        """Return a result, None where that is refused; the last prompt counts as told."""
        try:
            return await self.client.request(method, params)
        except LspError as error:
            self.refused.append(error.message)
            return None
        finally:
            self.engine.told.append(await self.client.command("qwenLsp.showPrompt"))

    async def command(self, name: str, **argument: Any) -> None:
        params = {"command": f"qwenLsp.{name}", "arguments": [argument]}
        await self.ask("workspace/executeCommand", params)

    async def through(self, uri: str) -> None:
        """Ask for all features at places all over a file."""
        text = self.client.text(uri)
        places = [at for at in range(len(text)) if text.startswith(("\n\n\n", ":\n", ".\n"), at)]
        for at in [*places[:8], len(text)]:
            for trigger in (1, 2):
                params = self.client.at(uri, at) | {"context": {"triggerKind": trigger}}
                await self.ask("textDocument/inlineCompletion", params)
        whole = self.range(uri, 0, len(text))
        defined = [at for at in range(len(text)) if text.startswith("def ", at)]
        for span in [*(self.range(uri, at, at) for at in defined), whole]:
            await self.actions(uri, span)
            await self.command("rewrite", uri=uri, range=span, instruction="Make it shorter.")
            await self.command("explain", uri=uri, range=span)
        await self.command("review", uri=uri)

    async def actions(self, uri: str, span: Any, *messages: str) -> None:
        """Take every action that is offered."""
        said = [{"range": span, "message": message, "source": "other"} for message in messages]
        params = {"textDocument": {"uri": uri}, "range": span, "context": {"diagnostics": said}}
        for action in await self.ask("textDocument/codeAction", params) or []:
            if action.get("data") is not None:
                await self.ask("codeAction/resolve", action)

    async def type(self, uri: str, text: str) -> None:
        """Type at the end of a file, which lets the model read ahead, and ask somewhere else."""
        end = len(self.client.text(uri))
        self.client.change(uri, (end, end, text))
        params = self.client.at(uri, end + len(text)) | {"context": {"triggerKind": 2}}
        await self.ask("textDocument/inlineCompletion", params)

    def range(self, uri: str, start: int, end: int) -> Any:
        return {
            name: self.client.at(uri, at)["position"]
            for name, at in (("start", start), ("end", end))
        }


@pytest.mark.parametrize("infills", [True, False])
async def test_none_of_200_secrets_reaches_a_prompt_of_any_feature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, infills: bool
) -> None:
    monkeypatch.setenv("QWEN_LSP_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(sync, "has_spare_power", lambda: True)
    folder = tmp_path / "shop"
    planting = plant(folder)
    build(folder, EXCLUDED)
    speed = Speed(100_000.0, 1.0, 1.0, 9)
    engine = Listening(ModelFacts("listening", "none", 0, 32768, infills, True, speed))

    def connection(
        _weights: object, _settings: Settings, templates: Templates, _on_state: object
    ) -> tuple[LocalModel, None]:
        return LocalModel(engine, templates), None

    server, _ = create_server(connect=connection, find_weights=lambda _settings: weights_here())
    options = {"context": {"exclude": EXCLUDED}, "checks": {"workspaceTools": "off"}}
    async with connect(
        server, capabilities=EVERYTHING, workspace=folder, options=options
    ) as client:
        client.ignored |= {"textDocument/publishDiagnostics", "qwenLsp/explanation"}
        client.ignored |= {"window/showMessage"}
        walk = Walk(client, engine)
        for n in range(16):
            uri = client.open(folder / f"shop_{n}.py")
            other = client.open(folder / f"other_{n}.py")
            at = client.text(other).index("def counted")
            await walk.actions(other, walk.range(other, at, at))
            if n < 6:
                message = planting.line("diagnostic of another tool")
                at = client.text(uri).index("def last") + 30
                await walk.actions(uri, walk.range(uri, at, at), message)
            if n < 6:
                await walk.type(uri, f"\n\n{planting.line('typed')}\n\n\nx = ")
            await walk.through(uri)
        shop = (folder / "shop_0.py").as_uri()
        hidden = ["settings_local.py", ".env", "deploy/secrets.yaml", "id_rsa", "linked.py"]
        hidden += [f"{name}/keys_{n}.py" for n in range(3) for name in ("ignored", "excluded")]
        uris = [client.open(folder / name) for name in hidden]
        notebook = (folder / "notes.ipynb").as_uri().removeprefix("file:")
        text = (folder / "notes.ipynb").read_text()
        uris.append(client.open(f"vscode-notebook-cell:{notebook}#W1", text))
        dotenv = (folder / ".env").as_uri().removeprefix("file:")
        uris.append(client.open(f"git:{dotenv}?ref=HEAD", (folder / ".env").read_text()))
        for uri in uris:
            asked = len(engine.told)
            await walk.type(uri, "\ndef other(key):\n    return key\n\n\n")
            await walk.through(uri)
            # Nothing was asked: what was told is the last prompt of another file, shown again.
            assert set(engine.told[asked:]) <= set(engine.told[:asked]), uri
            # What was worked on there is not shown elsewhere.
            await walk.type(shop, "\ny = ")
    assert len(planting.secrets) == 200
    told = unbroken("\n".join(engine.told))
    found = [
        place
        for secret, place in planting.secrets.items()
        for part in secret.replace("\\n", "\n").split("\n")
        if len(part) >= 8 and unbroken(part) in told
    ]
    assert found == []
    # The rest was told, or nothing would have been tested.
    for shown in (
        "Client0",
        "def last",
        "def send",
        "def counted",
        "Args:",
        "count += price",
        "Make it shorter.",
    ):
        assert unbroken(shown) in told
