"""Reads one model card from TOML and says in one sentence what is wrong with a bad one."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.model_card import (
    Advice,
    HubSource,
    MirrorPart,
    MirrorSource,
    ModelCard,
    Sampling,
)

_T = TypeVar("_T", str, int, bool)


@dataclass
class _Table:
    """A TOML table from which every key is taken exactly once."""

    card: str
    path: str
    entries: dict[str, Any]

    def complain(self, problem: str) -> ModelError:
        return ModelError(f"The model card {self.card} is wrong: {problem}.")

    def take(self, key: str, kind: type[_T]) -> _T:
        value = self.entries.pop(key, None)
        if type(value) is not kind or value == "":
            raise self.complain(f"{self.path}{key} must be given as {kind.__name__}")
        return cast("_T", value)

    def take_count(self, key: str) -> int:
        value = self.take(key, int)
        if value < 0:
            raise self.complain(f"{self.path}{key} must not be negative")
        return value

    def take_number(self, key: str) -> float:
        value = self.entries.pop(key, None)
        if type(value) not in {int, float}:
            raise self.complain(f"{self.path}{key} must be given as a number")
        return float(value)

    def take_optional_count(self, key: str) -> int | None:
        return self.take_count(key) if key in self.entries else None

    def take_table(self, key: str) -> "_Table":
        value = self.entries.pop(key, None)
        if not isinstance(value, dict):
            raise self.complain(f"{self.path}{key} must be a table")
        return _Table(self.card, f"{self.path}{key}.", cast("dict[str, Any]", value))

    def take_optional_table(self, key: str) -> "_Table | None":
        return self.take_table(key) if key in self.entries else None

    def take_list(self, key: str) -> list[Any]:
        value = self.entries.pop(key, None)
        if not isinstance(value, list) or not value:
            raise self.complain(f"{self.path}{key} must be a list that is not empty")
        return cast("list[Any]", value)

    def finish(self) -> None:
        if self.entries:
            names = ", ".join(f"{self.path}{key}" for key in self.entries)
            raise self.complain(f"nothing reads {names}")


def read_card(text: str, name: str) -> ModelCard:
    """Return the card written in `text`; `name` is the card's file, which is `<id>.toml`."""
    try:
        table = _Table(name, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"The model card {name} is wrong: {error}.") from error
    sampling, source = table.take_table("sampling"), table.take_table("source")
    hub = source.take_optional_table("hub")
    mirror = source.take_optional_table("mirror")
    result = ModelCard(
        id=table.take("id", str),
        title=table.take("title", str),
        parameters=table.take_count("parameters"),
        licence=table.take("licence", str),
        licence_url=table.take("licence_url", str),
        architecture=table.take("architecture", str),
        hybrid=table.take("hybrid", bool),
        file=table.take("file", str),
        size_bytes=table.take_count("size_bytes"),
        size_is_approximate=table.take("size_is_approximate", bool),
        sha256=table.take("sha256", str) if "sha256" in table.entries else None,
        ram_bytes=table.take_count("ram_bytes"),
        vram_bytes=table.take_count("vram_bytes"),
        context_limit_tokens=table.take_count("context_limit_tokens"),
        fim_style=table.take("fim_style", str),
        fim_anchored=table.take("fim_anchored", bool),
        outlines=table.take("outlines", bool),
        explains=table.take("explains", bool),
        finds_bugs=table.take("finds_bugs", bool),
        chat_template_options=_options(table.take_table("chat_template_options")),
        stops=tuple(map(str, table.take_list("stops"))),
        sampling_infill=_sampling(sampling.take_table("infill")),
        sampling_chat=_sampling(sampling.take_table("chat")),
        advice=_advice(table.take_table("advice")),
        hub=_hub(hub) if hub else None,
        mirror=_mirror(mirror) if mirror else None,
    )
    for each in (table, sampling, source):
        each.finish()
    _check(table, result)
    return result


def _sampling(table: _Table) -> Sampling:
    result = Sampling(
        temperature=table.take_number("temperature"),
        top_p=table.take_number("top_p"),
        top_k=table.take_count("top_k"),
        min_p=table.take_number("min_p"),
        presence_penalty=table.take_number("presence_penalty"),
    )
    table.finish()
    if result.temperature < 0 or not 0 < result.top_p <= 1 or not 0 <= result.min_p <= 1:
        raise table.complain(f"{table.path[:-1]} is out of range")
    return result


def _options(table: _Table) -> dict[str, bool | int | float | str]:
    if not all(isinstance(value, bool | int | float | str) for value in table.entries.values()):
        raise table.complain(f"{table.path[:-1]} must hold plain values only")
    return dict(table.entries)


def _advice(table: _Table) -> Advice:
    result = Advice(
        gpu_free_bytes=table.take_optional_count("gpu_free_bytes"),
        cpu_free_bytes=table.take_optional_count("cpu_free_bytes"),
        cpu_cores=table.take_optional_count("cpu_cores"),
    )
    table.finish()
    return result


def _hub(table: _Table) -> HubSource:
    result = HubSource(
        repo=table.take("repo", str),
        file=table.take("file", str),
        revision=table.take("revision", str),
    )
    table.finish()
    return result


def _mirror(table: _Table) -> MirrorSource:
    parts: list[MirrorPart] = []
    for entries in table.take_list("parts"):
        part = _Table(table.card, f"{table.path}parts.", dict(entries))
        parts.append(MirrorPart(part.take("package", str), part.take("member", str)))
        part.finish()
    result = MirrorSource(
        version=table.take("version", str),
        download_bytes=table.take_count("download_bytes"),
        parts=tuple(parts),
    )
    table.finish()
    return result


def _check(table: _Table, card: ModelCard) -> None:
    if f"{card.id}.toml" != table.card:
        raise table.complain(f"its id is {card.id}, which is not the name of the file")
    if not re.fullmatch(r"[\w.-]+\.gguf", card.file):
        raise table.complain("file must be the plain name of a .gguf file")
    if card.sha256 is not None and not re.fullmatch(r"[0-9a-f]{64}", card.sha256):
        raise table.complain("sha256 must be 64 lower-case hexadecimal digits")
    if card.sha256 is None and not card.size_is_approximate:
        raise table.complain("a file without sha256 must have size_is_approximate = true")
    if card.fim_style != "psm":
        raise table.complain("fim_style must be 'psm', the only order that is built")
    if min(card.ram_bytes, card.vram_bytes) < card.size_bytes:
        raise table.complain("ram_bytes and vram_bytes must be at least size_bytes")
    if card.hub is None and card.mirror is None:
        raise table.complain("it has no source")
    if card.mirror and card.sha256 is None:
        raise table.complain("a mirror needs sha256, because nobody else vouches for its parts")
