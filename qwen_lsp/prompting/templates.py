"""Template files: `prompts/<id>/<version>.md`, the built-in ones and a user's own.

A file has TOML front matter between two lines of `+++` and then Jinja blocks. A chat template has
the blocks `system`, `user` and, where the reply should begin with given words, `reply`; an infill
template has `prefix`, `suffix` and `middle`. What code a block is given can never become a special
token of the model: blocks are tokenised as plain text, and the special tokens stand between them.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from qwen_lsp.folders import shipped_folder

if TYPE_CHECKING:
    import jinja2

_BLOCKS = {"chat": ("system", "user"), "infill": ("prefix", "suffix", "middle")}
_FILE = re.compile(r"\s*\+\+\+\n(?P<front>.*?)^\+\+\+\n(?P<body>.*)", re.DOTALL | re.MULTILINE)


class TemplateFileError(Exception):
    """A template cannot be used. The text is one sentence for its author."""


@dataclass(frozen=True)
class Template:
    """One version of one wording. `hash` is the start of the SHA-256 of its text."""

    id: str
    version: int
    title: str
    kind: Literal["chat", "infill"]
    max_tokens: int
    stops: tuple[str, ...]
    text: str
    hash: str
    body: str

    @cached_property
    def blocks(self) -> "jinja2.Template":
        """Return the compiled body; raises jinja2.TemplateError where it is no template."""
        return _environment().from_string(self.body)

    @property
    def shows_other_files(self) -> bool:
        """Say whether the wording has a place for parts of other files."""
        return "file" in self.blocks.blocks or "related" in self.text

    @property
    def name(self) -> str:
        """Return `id@version`, which stands in logs and reports."""
        return f"{self.id}@{self.version}"


class Templates:
    """All templates that can be used, with the versions that a user has pinned."""

    def __init__(
        self, user_folder: Path | None = None, pinned: Mapping[str, int] | None = None
    ) -> None:
        """Read the built-in templates and the user's.

        A user's file that is broken, or that would replace a built-in version, is left out and
        named in `problems`.
        """
        self.problems: list[str] = []
        self._pinned = dict(pinned or {})
        self._all: dict[str, dict[int, Template]] = {}
        for template in builtin_templates():
            self._all.setdefault(template.id, {})[template.version] = template
        if user_folder is not None:
            self._add_user_folder(user_folder)
        for key, version in self._pinned.items():
            if version not in self._all.get(key, {}):
                self.problems.append(f"prompts.pin asks for {key}@{version}, which does not exist.")

    def current(self, template_id: str) -> Template:
        """Return the pinned version of a template, or the newest that is not held back."""
        versions = self._all[template_id]
        usual = [one for one, each in versions.items() if each.name not in held_back()]
        return versions.get(self._pinned.get(template_id, -1), versions[max(usual)])

    def find(self, name: str) -> Template:
        """Return the template called `id` or `id@version`; raises TemplateFileError."""
        template_id, _, version = name.partition("@")
        versions = self._all.get(template_id)
        if versions is None:
            known = ", ".join(sorted(self._all))
            raise TemplateFileError(f"There is no prompt {template_id}; there are {known}.")
        if not version:
            return self.current(template_id)
        if not version.isdecimal() or int(version) not in versions:
            known = ", ".join(map(str, sorted(versions)))
            raise TemplateFileError(f"{template_id} has no version {version}; it has {known}.")
        return versions[int(version)]

    def all(self) -> list[Template]:
        """Return every version of every template, by name."""
        return [
            versions[version]
            for _, versions in sorted(self._all.items())
            for version in sorted(versions)
        ]

    def _add_user_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            self.problems.append(f"prompts.dir is not a folder: {folder}.")
            return
        for path in sorted(folder.rglob("*.md")):
            try:
                template = read_template(path, folder)
            except TemplateFileError as error:
                self.problems.append(str(error))
                continue
            versions = self._all.setdefault(template.id, {})
            if template.version in versions:
                self.problems.append(
                    f"{path} would replace {template.name}; give it a version of its own."
                )
            else:
                versions[template.version] = template


def builtin_folder() -> Path:
    """Return the folder of the built-in templates, in a wheel or in a checkout."""
    return shipped_folder("prompts", "prompts")


@cache
def builtin_templates() -> tuple[Template, ...]:
    """Return the templates that come with the program."""
    folder = builtin_folder()
    # They are compiled when they are used: all of them at the start would take 0.05 s.
    return tuple(_read(path, folder) for path in sorted(folder.rglob("*.md")))


def released_hashes() -> dict[str, str]:
    """Return the hash that each released version must have, by `id@version`."""
    return {name: told for name, told in _released().items() if isinstance(told, str)}


def held_back() -> frozenset[str]:
    """Return the versions, by `id@version`, that are only used where they are pinned.

    They were measured and are not better than the one that is used.
    """
    return frozenset(_released().get("held_back", ()))


def measured() -> list[dict[str, Any]]:
    """Return what was measured of versions beside each other, for docs/prompts.md."""
    text = (builtin_folder() / "measured.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["measured"]


@cache
def _released() -> dict[str, Any]:
    return tomllib.loads((builtin_folder() / "released.toml").read_text(encoding="utf-8"))


def read_template(path: Path, folder: Path) -> Template:
    """Return the template in `path` below `folder`; raises TemplateFileError."""
    from jinja2 import TemplateError  # noqa: PLC0415 - see _environment

    template = _read(path, folder)
    try:
        blocks = template.blocks.blocks
    except (ValueError, TemplateError) as error:
        raise TemplateFileError(f"{path} is not a prompt template: {error}.") from error
    missing = [name for name in _BLOCKS[template.kind] if name not in blocks]
    if missing:
        raise TemplateFileError(f"{path} lacks the block {missing[0]}.")
    return template


@cache
def _environment() -> "jinja2.Environment":
    from jinja2 import StrictUndefined  # noqa: PLC0415 - no server needs it to start
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )


def _read(path: Path, folder: Path) -> Template:
    """Return the template without a look at its body."""
    if not path.stem.isdecimal() or path.parent == folder:
        raise TemplateFileError(f"{path} must be named by its id and version, as in <id>/1.md.")
    try:
        text = path.read_text(encoding="utf-8")
        parts = _FILE.fullmatch(text)
        meta = tomllib.loads(parts["front"]) if parts else {}
    except (OSError, ValueError) as error:
        raise TemplateFileError(f"{path} is not a prompt template: {error}.") from error
    kind = meta.get("kind")
    if kind not in tuple(_BLOCKS):
        raise TemplateFileError(
            f'{path} needs a front matter between two lines of +++, with kind = "chat" or "infill".'
        )
    max_tokens, given = meta.get("max_tokens", 256), meta.get("stops", [])
    if type(max_tokens) is not int or max_tokens < 1:
        raise TemplateFileError(f"{path} needs a whole number as its max_tokens.")
    stops = tuple(cast("list[Any]", given)) if isinstance(given, list) else ("",)
    if not all(stop and isinstance(stop, str) for stop in stops):
        raise TemplateFileError(f"{path} needs a list of texts as its stops.")
    return Template(
        id=path.parent.relative_to(folder).as_posix(),
        version=int(path.stem),
        title=_text(meta, "title", path),
        kind=cast("Literal['chat', 'infill']", kind),
        max_tokens=max_tokens,
        stops=stops,
        text=text,
        hash=hashlib.sha256(text.encode("utf-8")).hexdigest()[:12],
        body=parts["body"] if parts else "",
    )


def _text(meta: Mapping[str, Any], key: str, path: Path) -> str:
    value = meta.get(key)
    if not isinstance(value, str) or not value:
        raise TemplateFileError(f"{path} needs a {key} in its front matter.")
    return value
