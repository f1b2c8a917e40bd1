"""From the settings to a model that can be asked: which weights, which engine, which wording."""

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qwen_lsp.engine.address import EngineOptions, running_engines
from qwen_lsp.engine.build_info import build_info
from qwen_lsp.engine.client import CRASHES_ALLOWED, EngineClient, OnState
from qwen_lsp.engine.endpoint.address import read_endpoint
from qwen_lsp.engine.pace import default_threads
from qwen_lsp.engine.requests import Engine, EngineConnection, Sampling
from qwen_lsp.features.model import LocalModel
from qwen_lsp.models import catalogue, files
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.hardware import Hardware, detect
from qwen_lsp.models.model_card import ModelCard
from qwen_lsp.models.recommend import Recommendation, choose
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings

if TYPE_CHECKING:
    from qwen_lsp.engine.endpoint.client import EndpointClient

# A private engine is named after this process, so nobody else ever comes back to it.
_PRIVATE_IDLE_MINUTES = 0.05


@dataclass(frozen=True)
class Weights:
    """The model to use. `path` is None while it is not on this machine; `reason` says why it."""

    card: ModelCard | None
    path: Path | None
    reason: str

    @property
    def name(self) -> str:
        """Return what to call the model."""
        if self.card is not None:
            return self.card.id
        return self.path.name if self.path is not None else "?"

    def missing(self, what: str = "is not on this machine") -> ModelError:
        """Return the error for weights that cannot be used, which says how to get them."""
        command = f"`qwen-lsp models pull {self.name}`"
        return ModelError(f"The model {self.name} {what}; get it with {command}.")


def find_weights(settings: Settings) -> Weights:
    """Return the weights that the settings ask for; raises ModelError. Slow: call in a thread."""
    if settings.model != "auto":
        reason = f"The setting model names {settings.model}."
        if files.is_path(settings.model):
            return Weights(*files.resolve(settings.model), reason)
        card = catalogue.card(settings.model)
        return Weights(card, files.find(card), reason)
    chosen = recommendation()
    return Weights(chosen.card, files.find(chosen.card), chosen.reason)


def find_weights_here(settings: Settings) -> Weights:
    """Return weights that are on this machine; raises ModelError that says how to get them."""
    weights = find_weights(settings)
    if weights.path is None:
        raise weights.missing()
    return weights


def with_model(settings: Settings, model: str) -> Settings:
    """Return the settings with another model, of the server where one is used."""
    if settings.backend == "openai":
        return replace(settings, endpoint_model=model)
    return replace(settings, model=model)


def recommendation(*, join_running: bool = True) -> Recommendation:
    """Return the model for `model = "auto"` on this machine; raises ModelError.

    A model that an engine holds already is joined, unless one wants to know what would be best.
    """
    running = running_engines() if join_running else []
    loaded = next((card for card in map(_card_of, running) if card), None)
    return choose(usable_hardware(), files.on_disk(), loaded)


def usable_hardware() -> Hardware:
    """Return the hardware as far as the installed llama.cpp can use it."""
    hardware = detect()
    return detect(build_info().gpu_offload) if hardware.gpus else hardware


def connect(
    weights: Weights,
    settings: Settings,
    templates: Templates,
    on_state: OnState | None = None,
    *,
    crashes_allowed: int = CRASHES_ALLOWED,
) -> tuple[LocalModel, EngineClient]:
    """Return the model of these weights; nothing is started yet.

    Raises ModelError where the weights are not on this machine.
    """
    if weights.path is None:
        raise weights.missing()
    options = engine_options(weights, settings)
    client = EngineClient(options, on_state, crashes_allowed=crashes_allowed)
    return _model(client, weights.card, templates), client


async def connect_endpoint(
    settings: Settings, templates: Templates, on_state: OnState | None = None
) -> tuple[LocalModel, "EndpointClient"]:
    """Return the model of the server that the settings name, which is asked what it is.

    Raises EngineError where it must not be used or does not answer.
    """
    from qwen_lsp.engine.endpoint.client import EndpointClient  # noqa: PLC0415 - few need it

    endpoint = read_endpoint(settings.endpoint, settings.endpoint_model, settings.api_key_env)
    client = EndpointClient(endpoint, on_state)
    try:
        ready = await client.start()
    except BaseException:
        await client.close()
        raise
    name = ready.facts.name
    model = _model(client, catalogue.card_named_in(name), templates)
    model.name = name
    return model, client


async def open_model(
    settings: Settings, templates: Templates
) -> tuple[LocalModel, EngineConnection]:
    """Return the model that the settings ask for, ready, and what is to be closed afterwards.

    Raises EngineError, and ModelError where the weights are not on this machine.
    """
    if settings.backend == "openai":
        return await connect_endpoint(settings, templates)
    weights = find_weights_here(settings)
    model, client = connect(weights, settings, templates)
    model.name = weights.name
    try:
        await client.start()
    except BaseException:
        await client.close()
        raise
    return model, client


def _model(engine: Engine, card: ModelCard | None, templates: Templates) -> LocalModel:
    """Return an engine with its templates, and with what the card says of the model."""
    if card is None:
        return LocalModel(engine, templates)
    model = LocalModel(
        engine,
        templates,
        Sampling(**asdict(card.sampling_infill)),
        Sampling(**asdict(card.sampling_chat)),
        card.stops,
        explains=card.explains,
        outlines=card.outlines,
    )
    model.finds_bugs = card.finds_bugs
    return model


def engine_options(weights: Weights, settings: Settings) -> EngineOptions:
    """Return how the engine of these weights is started; raises ModelError without a file."""
    if weights.path is None:
        raise weights.missing()
    engine = settings.engine
    limit = weights.card.context_limit_tokens if weights.card else engine.context_tokens
    return EngineOptions(
        model_path=weights.path,
        context_tokens=min(engine.context_tokens, limit),
        threads=engine.threads or default_threads(),
        gpu_layers=engine.gpu_layers,
        idle_minutes=engine.idle_minutes if engine.shared else _PRIVATE_IDLE_MINUTES,
        chat_options=_chat_options(weights.card),
        lora=tuple(Path(path).expanduser().absolute() for path in settings.lora),
        kv_cache=engine.kv_cache,
        checkpoint_mib=engine.checkpoint_mib,
        drafts=engine.drafts,
        private_to="" if engine.shared else str(os.getpid()),
    )


def _card_of(path: str) -> ModelCard | None:
    try:
        return files.resolve(path)[0]
    except ModelError:
        return None


def _chat_options(card: ModelCard | None) -> tuple[tuple[str, bool], ...]:
    # A model without a card is asked not to think aloud, which others ignore.
    options = card.chat_template_options if card else {"enable_thinking": False}
    return tuple((name, bool(value)) for name, value in options.items())
