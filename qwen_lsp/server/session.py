"""What one language server knows besides its documents: settings, model, findings, project."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types

from qwen_lsp.engine.messages import LoadFailed, Loading, Ready
from qwen_lsp.engine.requests import EngineConnection, EngineError, EngineUnavailableError
from qwen_lsp.features import launch
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.features.review import Finding
from qwen_lsp.features.review.memory import ReviewMemory, memory_of
from qwen_lsp.models.download import gigabytes
from qwen_lsp.models.errors import ModelError
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.server.boundary import Server
from qwen_lsp.server.download import download
from qwen_lsp.server.indexing import Indexing
from qwen_lsp.server.status import State, Status
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

# Gives a model and, where there is a process behind it, its client; tests give a scripted one.
Connect = Callable[..., tuple[LocalModel, EngineConnection | None]]


class Session:
    """The state of one server. Handlers get it and keep nothing themselves."""

    def __init__(
        self,
        server: Server,
        connect: Connect = launch.connect,
        find_weights: Callable[[Settings], launch.Weights] = launch.find_weights,
    ) -> None:
        self.server = server
        self.settings = Settings()
        self.editor_section: dict[str, Any] = {}
        self.configured = asyncio.Event()
        self.told: set[str] = set()
        self.chosen_model: str | None = None
        self.templates = Templates()
        self.project = Project()
        self.findings: dict[str, list[Finding]] = {}
        self._review_memories: dict[Path | None, ReviewMemory] = {}
        self.paused = False
        # How often an item was accepted, by kind: all, word or line.
        self.accepted: Counter[str] = Counter()
        self.status = Status(server)
        self._connect = connect
        self._find_weights = find_weights
        self._model: LocalModel | None = None
        self._client: EngineConnection | None = None
        self._starting: asyncio.Task[LocalModel] | None = None
        self._background: set[asyncio.Task[Any]] = set()
        self._declined: set[str] = set()
        self.indexing = Indexing(server, self.project, self.configured, self.in_background)

    @property
    def last_model(self) -> LocalModel | None:
        """Return the model in use, None before the first request."""
        return self._model

    def review_memory(self, document: Document) -> ReviewMemory:
        """Return what the reviews of the document's workspace folder have found so far."""
        folder = self.server.documents.folder_of(document)
        if folder not in self._review_memories:
            self._review_memories[folder] = memory_of(folder)
        return self._review_memories[folder]

    async def model(self) -> LocalModel:
        """Return the model, ready to be asked; raises EngineError with a sentence for the user."""
        return await asyncio.shield(self._started())

    async def model_soon(self, deadline_ms: int) -> LocalModel | None:
        """Return the model if it is ready before the deadline; it goes on starting in any case."""
        started = self._started()
        await asyncio.wait({started}, timeout=deadline_ms / 1000)
        return started.result() if started.done() and not started.exception() else None

    def warm_up(self) -> None:
        """Start the model ahead of the first request; a failure shows in the status alone."""
        if self._starting is None:
            self._started()

    def use_settings(self, settings: Settings) -> None:
        """Take new settings; what runs with old ones is left and started anew when needed."""
        old, self.settings = self.settings, settings
        if old != settings:
            self.project.suggestions.clear()
        if _wanted_model(old) != _wanted_model(settings):
            # Whoever sets a model wants it, whatever was chosen or declined before.
            self.choose_model(None)
        self.indexing.use_settings(settings.context)
        self.use_rules()
        if old.prompts != settings.prompts:
            folder = Path(settings.prompts.dir).expanduser() if settings.prompts.dir else None
            self.templates = Templates(folder, settings.prompts.pin)
        if _launched_with(old) != _launched_with(settings) and self._starting is not None:
            self.in_background(self._change_model())

    def use_rules(self) -> None:
        """Hide from the model what git's rules and `context.exclude` leave out now."""
        for uri in self.server.documents.use_rules(self.settings.context.exclude):
            self.project.forget(uri)

    async def leave_model(self) -> None:
        """Let go of the model; the next request gets the one that is set then."""
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
        self.project.suggestions.clear()
        client, self._client, self._model, self._starting = self._client, None, None, None
        if client is not None:
            await client.close()

    async def _change_model(self) -> None:
        await self.leave_model()
        self.warm_up()

    def choose_model(self, name: str | None) -> None:
        """Use a model until another is set, also one whose download was declined before.

        None is the model of the settings.
        """
        self.chosen_model = name
        self._declined.clear()

    async def restart_engine(self) -> None:
        """End the engine process and start it again; one that has not started is tried again."""
        if self._client is None:
            await self.model()
        else:
            self.status.set(State.STARTING, "The engine is started again.")
            await self._client.restart()
            await self._client.start()

    def in_background(self, work: Coroutine[Any, Any, _Result]) -> "asyncio.Task[_Result]":
        """Run a coroutine beside the requests; it is cancelled when the session is closed."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def close(self) -> None:
        """End background work and hang up."""
        for task in list(self._background):
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        self.project.indexes.change({})
        await self.leave_model()

    def _started(self) -> "asyncio.Task[LocalModel]":
        """Return the one task that starts the model; a failed one is tried again."""
        task = self._starting
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._starting = self.in_background(self._start())
            # The failure is in the status; nobody may be waiting for it.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

    async def _start(self) -> LocalModel:
        try:
            self._model = await self._find_and_start()
        except (EngineError, ModelError) as error:
            _log.warning("%s", error)
            self.status.set(State.ERROR, str(error))
            raise EngineUnavailableError(str(error)) from error
        except OSError as error:
            said = f"The model cannot be started: {error.strerror or error}."
            _log.warning("%s", said)
            self.status.set(State.ERROR, said)
            raise EngineUnavailableError(said) from error
        return self._model

    async def _find_and_start(self) -> LocalModel:
        # A model that is started before the editor has told its settings may be the wrong one.
        await self.configured.wait()
        self.status.set(State.STARTING, "Looking for a model.")
        settings = self.settings
        if self.chosen_model is not None:
            settings = launch.with_model(settings, self.chosen_model)
        if settings.backend == "openai":
            model = await self._reach_endpoint(settings)
        else:
            model = await self._start_engine(settings)
        model.on_answer = self.status.note_answer
        self._tell_ready()
        return model

    async def _reach_endpoint(self, settings: Settings) -> LocalModel:
        self.status.use_backend(settings.backend, settings.endpoint)
        self.status.model = settings.endpoint_model
        model, client = await launch.connect_endpoint(settings, self.templates, self._note_state)
        self._client = client
        self.status.use_backend(settings.backend, client.where)
        self.status.model = model.name
        return model

    async def _start_engine(self, settings: Settings) -> LocalModel:
        self.status.use_backend(settings.backend)
        weights = await asyncio.to_thread(self._find_weights, settings)
        self.status.model = weights.name
        if weights.path is None:
            await self._permit_download(weights)
            await download(self.server, self.status, weights)
            weights = await asyncio.to_thread(self._find_weights, settings)
        _log.info("using %s: %s", weights.name, weights.reason)
        model, self._client = self._connect(weights, settings, self.templates, self._note_state)
        if self._client is not None:
            await self._client.start()
        return model

    async def _permit_download(self, weights: launch.Weights) -> None:
        """Return where the weights may be downloaded; raises ModelError where not."""
        name, pull = weights.name, self.settings.model_pull
        if weights.card is None or pull == "never":
            raise weights.missing()
        if pull == "auto":
            return
        declined = weights.missing("was not downloaded, select it to be asked again")
        if name in self._declined:
            raise declined
        size = gigabytes(weights.card.size_bytes)
        question = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=f"qwen-lsp needs the model {name} ({size}, {weights.card.licence}). "
            "It is downloaded once and stays on this machine.",
            actions=[types.MessageActionItem("Download"), types.MessageActionItem("Not now")],
        )
        answer = await self.server.window_show_message_request_async(question)
        if answer is None or answer.title != "Download":
            self._declined.add(name)
            raise declined

    def _tell_ready(self) -> None:
        self.status.set(State.PAUSED if self.paused else State.READY, "Ready.")

    def _note_state(self, state: Loading | Ready | LoadFailed) -> None:
        match state:
            case Loading(fraction=fraction):
                # In steps of tens: a file that is in memory already brings each percent at once.
                self.status.set(State.LOADING, f"Loading: {int(fraction * 10) * 10}%.")
            case Ready():
                self._tell_ready()
            case LoadFailed(reason=reason):
                self.status.set(State.ERROR, reason)


def _wanted_model(settings: Settings) -> tuple[str, ...]:
    """Return what says which model is wanted."""
    return settings.backend, settings.model, settings.endpoint, settings.endpoint_model


def _launched_with(settings: Settings) -> tuple[object, ...]:
    """Return what a running model depends on."""
    own = settings.api_key_env, settings.lora, settings.engine, settings.prompts
    return *_wanted_model(settings), *own
