"""How a Python file writes its types: `str | None` or `Optional[str]`, `list` or `List`."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from qwen_lsp.features.type_hints.patterns import arguments, base, members

_FUTURE = re.compile(r"^from __future__ import .*\bannotations\b", re.MULTILINE)
_TYPING = re.compile(r"^import typing(?: as (\w+))?[ \t]*(?:#.*)?$", re.MULTILINE)
_OLD_NAMES = {
    "dict": "Dict",
    "frozenset": "FrozenSet",
    "list": "List",
    "set": "Set",
    "tuple": "Tuple",
    "type": "Type",
}
_OLD_GENERIC = re.compile(r"\b(?:Dict|FrozenSet|List|Set|Tuple|Type)\[")
_NEW_GENERIC = re.compile(r"\b(?:dict|frozenset|list|set|tuple|type)\[[\w\"']")
_NEW_UNION = re.compile(r"\| ?None\b|\bNone ?\|")
_OLD_UNION = re.compile(r"\b(?:Optional|Union)\[")
_VERSION = re.compile(r"(?:>=|~=|==|>|\^)\s*3\.(\d+)")
_FIRST_WITH_UNIONS = 10  # Python 3.10


@dataclass(frozen=True)
class Style:
    """`typing` is what stands before the names of typing, such as `t.`, or empty."""

    has_unions: bool = True
    has_builtin_generics: bool = True
    typing: str = ""

    def write(self, kind: str, typing_names: frozenset[str]) -> str:
        """Return a type, which may have holes, as the file writes it."""
        parts = [self._member(one, typing_names) for one in members(kind)]
        if len(parts) == 1 or self.has_unions:
            return " | ".join(parts)
        is_optional = "None" in parts
        others = [part for part in parts if part != "None"]
        inner = others[0] if len(others) == 1 else f"{self.typing}Union[{', '.join(others)}]"
        return f"{self.typing}Optional[{inner}]" if is_optional else inner

    def _member(self, kind: str, typing_names: frozenset[str]) -> str:
        name, given = base(kind), arguments(kind)
        if given and not self.has_builtin_generics and name in _OLD_NAMES:
            name = self.typing + _OLD_NAMES[name]
        elif self.typing and name in typing_names:
            name = self.typing + name
        if kind.startswith("["):  # the parameters of a Callable
            inner = ", ".join(self.write(one, typing_names) for one in arguments(f"x{kind}") if one)
            return f"[{inner}]"
        if not given:
            return name if name != base(kind) else kind
        return f"{name}[{', '.join(self.write(one, typing_names) for one in given)}]"


def style_of(text: str, folder: Path | None) -> Style:
    """Return the style of a file; `folder` is that of its workspace.

    What the file does counts first, then the versions of Python that its project runs on.
    """
    is_future = _FUTURE.search(text) is not None
    has_unions = _NEW_UNION.search(text) is not None or (
        _OLD_UNION.search(text) is None
        and (is_future or _least_minor(folder) >= _FIRST_WITH_UNIONS)
    )
    has_generics = _NEW_GENERIC.search(text) is not None or _OLD_GENERIC.search(text) is None
    module = _TYPING.search(text)
    typing = f"{module[1] or 'typing'}." if module is not None else ""
    if re.search(r"^from typing import ", text, re.MULTILINE):
        typing = ""
    return Style(has_unions, has_generics, typing)


def _least_minor(folder: Path | None) -> int:
    """Return the 10 of `requires-python = ">=3.10"`, 0 where nothing is said."""
    if folder is None:
        return 0
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        found = _VERSION.search(str(project["project"]["requires-python"]))
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return int(found[1]) if found is not None else 0
