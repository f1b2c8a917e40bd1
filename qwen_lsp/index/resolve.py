"""Follow names through the files of a workspace: imports, base classes, the types of attributes.

This is no type checker. What is not written down, in an annotation, an import or a call of a class,
is not known, and then the answer is that nothing is known.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Protocol

from qwen_lsp.languages.declarations import Import, Symbol

_DEEPEST = 6
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*")
# What stands around a type and says nothing of its members.
_AROUND = re.compile(
    r"(?:typing\.|t\.)?(?:Optional|Union|Annotated|Final|ClassVar|Required|NotRequired|ReadOnly|type"
    r"|Type|Awaitable)|None|null|undefined|Promise|Readonly|Partial|const|readonly|mut|dyn|ref|new"
    r"|Box|Rc|Arc|await"
)
# Bases that bring no members which anybody would write.
_EMPTY_BASES = re.compile(r"(?:abc\.|typing\.|t\.)?(?:object|ABC|Generic|Protocol|Object)")
_ENUM_BASES = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_ANY_MEMBER = frozenset({"__getattr__", "__getattribute__", "method_missing", "__get", "__call"})
# Where all of a class stands in one place; in Go, Rust, C#, Ruby and C++ parts may stand anywhere.
_CLOSED_CLASSES = (".py", ".pyi", ".pyw", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".java", ".php")
_SCRIPT_ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".d.ts", "/index.ts", "/index.js")
_STEP = re.compile(r"\s*(?:\?\.|\.|->|::)?\s*([A-Za-z_$][\w$]*)")


class Source(Protocol):
    """Where declarations come from. Paths are relative to the workspace, with forward slashes."""

    def symbols_of(self, path: str) -> list[Symbol]:
        """Return what a file declares."""
        ...

    def imports_of(self, path: str) -> list[Import]:
        """Return what a file imports."""
        ...

    def has_file(self, path: str) -> bool:
        """Say whether a file is known."""
        ...

    def files_named(self, suffix: str) -> list[str]:
        """Return the files whose path is `suffix` or ends with a slash and it."""
        ...

    def named(self, name: str) -> list[tuple[str, Symbol]]:
        """Return the symbols of this name with their files; not all where there are many."""
        ...


@dataclass(frozen=True)
class Target:
    """What an expression is: something a file declares, or the file itself (a module).

    With `is_instance` it is a value of the class `symbol`, and not the class.
    """

    path: str
    symbol: Symbol | None = None
    is_instance: bool = False


@dataclass
class Members:
    """What can stand behind the dot, each with its file; the nearest definition of a name counts.

    `is_complete` says whether there can be no others.
    """

    symbols: dict[str, tuple[str, Symbol]] = field(default_factory=dict[str, tuple[str, Symbol]])
    is_complete: bool = True


class Resolver:
    """Follows names. Cheap to make; keeps nothing but its source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def expression(
        self, path: str, text: str, names: Mapping[str, str], this: str = "", depth: int = 0
    ) -> Target | None:
        """Return what an expression of a file is, None where that is not known.

        `names` are the local variables with their types or values, `this` is the qualified name of
        the class that `self` and `this` stand for.
        """
        steps = _steps(text)
        if not steps or depth > _DEEPEST:
            return None
        (first, called), *rest = steps
        if first in {"self", "this", "cls"} and this:
            symbol = self._symbol(path, this)
            target = Target(path, symbol, first != "cls") if symbol else None
        elif first in names:
            others = {name: value for name, value in names.items() if name != first}
            value = names[first]
            target = self._given(path, value, others, this, depth)
        else:
            target = self.find(path, first)
        target = self._called(target, depth) if called else target
        for name, is_called in rest:
            if target is None:
                return None
            target = self._member(target, name, depth)
            target = self._called(target, depth) if is_called else target
        return target

    def find(self, path: str, name: str, depth: int = 0) -> Target | None:
        """Return what a name is at the top level of a file, followed through imports."""
        if depth > _DEEPEST:
            return None
        symbol = self._symbol(path, name)
        if symbol is not None:
            return Target(path, symbol)
        for found in self._source.imports_of(path):
            if found.name == name:
                target = self._imported(path, found, depth)
                return target or self._only_one(path, name)
        for found in self._source.imports_of(path):
            module = self._module(path, found.module) if found.member == "*" else None
            target = self.find(module, name, depth + 1) if module else None
            if target is not None:
                return target
        return self._only_one(path, name)

    def module(self, path: str, name: str) -> Target | None:
        """Return the file that an import in `path` names."""
        found = self._module(path, name)
        return Target(found) if found else None

    def type_named(self, path: str, text: str, depth: int = 0) -> Target | None:
        """Return the class that an annotation names, as a value of it."""
        for match in _IDENTIFIER.finditer(text.strip().strip("\"'")):
            name = match[0].replace("::", ".")
            if _AROUND.fullmatch(name):
                continue
            target = self._dotted(path, name, depth)
            return self._instance(target)
        return None

    def members(self, target: Target, depth: int = 0) -> Members:
        """Return what can stand behind a dot after `target`."""
        found = Members()
        if target.symbol is None:
            for symbol in self._source.symbols_of(target.path):
                if not symbol.scope:
                    found.symbols.setdefault(symbol.name, (target.path, symbol))
            imports = self._source.imports_of(target.path)
            # Names that a module only imports are mostly not meant to be used from there, but from
            # a package they are, and it has modules in it.
            is_package = target.path.endswith("__init__.py")
            found.is_complete = not is_package and all(one.member != "*" for one in imports)
            return found
        if target.symbol.kind != "class" or depth > _DEEPEST:
            found.is_complete = False
            return found
        found.is_complete = target.path.endswith(_CLOSED_CLASSES)
        scope = target.symbol.qualified_name
        for symbol in self._source.symbols_of(target.path):
            if symbol.scope == scope:
                found.symbols.setdefault(symbol.name, (target.path, symbol))
        for base in target.symbol.bases:
            self._add_base(found, target, base, depth)
        found.is_complete &= found.symbols.keys().isdisjoint(_ANY_MEMBER)
        return found

    def _add_base(self, found: Members, target: Target, base: str, depth: int) -> None:
        name = re.split(r"[\[<(]", base, maxsplit=1)[0].strip()
        if _EMPTY_BASES.fullmatch(name) or name.rpartition(".")[2] in _ENUM_BASES:
            return
        above = self._dotted(target.path, name, depth + 1)
        if above is None or above == target:
            found.is_complete = False
            return
        inherited = self.members(above, depth + 1)
        found.is_complete &= inherited.is_complete
        for member, place in inherited.symbols.items():
            found.symbols.setdefault(member, place)

    def _given(
        self, path: str, value: str, names: Mapping[str, str], this: str, depth: int
    ) -> Target | None:
        """Return what a local name is, whose type or value is written as `value`."""
        if "(" in value or (_steps(value) and value.partition(".")[0] in {*names, "self", "this"}):
            target = self.expression(path, value, names, this, depth + 1)
            if target is not None:
                return target
        return self.type_named(path, value, depth + 1)

    def _member(self, target: Target, name: str, depth: int) -> Target | None:
        place = self.members(target, depth).symbols.get(name)
        if place is None:
            if target.symbol is None:
                inner = self.find(target.path, name, depth + 1)
                return inner or self._module_below(target.path, name)
            return None
        path, symbol = place
        if symbol.kind in {"attribute", "variable"}:
            return self._value_of(path, symbol, depth)
        return Target(path, symbol)

    def _value_of(self, path: str, symbol: Symbol, depth: int) -> Target | None:
        if not symbol.type or depth > _DEEPEST:
            return None
        target = self._dotted(path, symbol.type, depth + 1) if _is_plain(symbol.type) else None
        if target is not None and target.symbol and target.symbol.kind in {"function", "method"}:
            return self._called(target, depth + 1)
        return self.type_named(path, symbol.type, depth + 1)

    def _called(self, target: Target | None, depth: int) -> Target | None:
        if target is None or target.symbol is None or depth > _DEEPEST:
            return None
        symbol = target.symbol
        if symbol.kind == "class":
            return Target(target.path, symbol, is_instance=True)
        if not symbol.type:
            return None
        if symbol.type.strip("\"'") in {"Self", "typing.Self", "this"} and symbol.scope:
            owner = self._symbol(target.path, symbol.scope)
            return Target(target.path, owner, is_instance=True) if owner else None
        return self.type_named(target.path, symbol.type, depth + 1)

    def _instance(self, target: Target | None) -> Target | None:
        if target is None or target.symbol is None or target.symbol.kind != "class":
            return None
        return Target(target.path, target.symbol, is_instance=True)

    def _dotted(self, path: str, name: str, depth: int) -> Target | None:
        first, *rest = name.split(".")
        target = self.find(path, first, depth + 1)
        for part in rest:
            target = self._member(target, part, depth + 1) if target else None
        return target

    def _symbol(self, path: str, qualified_name: str) -> Symbol | None:
        return next(
            (one for one in self._source.symbols_of(path) if one.qualified_name == qualified_name),
            None,
        )

    def _only_one(self, path: str, name: str) -> Target | None:
        """Return the one class of this name in files of the same kind."""
        ending = path.rpartition(".")[2]
        if ending == "py":
            return None  # where everything that is used is imported by name
        classes = [
            (where, symbol)
            for where, symbol in self._source.named(name)
            if symbol.kind == "class" and not symbol.scope and where.rpartition(".")[2] == ending
        ]
        return Target(*classes[0]) if len(classes) == 1 else None

    def _imported(self, path: str, found: Import, depth: int) -> Target | None:
        module = self._module(path, found.module)
        if not found.member:
            return Target(module) if module else None
        if module is not None:
            target = self.find(module, found.member, depth + 1)
            if target is not None:
                return target
        below = self._module(path, _joined(found.module, found.member))
        return Target(below) if below else None

    def _module_below(self, path: str, name: str) -> Target | None:
        if not path.endswith("/__init__.py"):
            return None
        for candidate in (f"{dirname(path)}/{name}.py", f"{dirname(path)}/{name}/__init__.py"):
            if self._source.has_file(candidate):
                return Target(candidate)
        return None

    def _module(self, path: str, module: str) -> str | None:
        """Return the file that an import of `path` means."""
        if path.endswith((".py", ".pyi", ".pyw")):
            return self._python_module(path, module)
        if module.startswith("."):
            base = normpath(join(dirname(path), module))
            stem = re.sub(r"\.[cm]?js$", "", base)
            names = [base, *(stem + ending for ending in _SCRIPT_ENDINGS)]
            return next((name for name in names if self._source.has_file(name)), None)
        return None

    def _python_module(self, path: str, module: str) -> str | None:
        dots = len(module) - len(module.lstrip("."))
        tail = module[dots:].replace(".", "/")
        if dots:
            folder = path
            for _ in range(dots):
                folder = dirname(folder)
            base = join(folder, tail) if tail else folder
            names = [f"{base}.py", f"{base}/__init__.py", f"{base}.pyi"] if base else []
            names = names if base else ["__init__.py"]
            return next((name for name in names if self._source.has_file(name)), None)
        for name in (f"{tail}.py", f"{tail}/__init__.py", f"{tail}.pyi"):
            files = self._source.files_named(name)
            if files:
                return min(files, key=lambda file: (_distance(file, path), len(file)))
        return None


def _joined(module: str, member: str) -> str:
    return module + member if module.endswith(".") else f"{module}.{member}"


def _distance(file: str, path: str) -> int:
    """Return how few folders two files share, as a number that is smaller for more."""
    shared = 0
    for one, other in zip(dirname(file).split("/"), dirname(path).split("/"), strict=False):
        if one != other:
            break
        shared += 1
    return -shared


def _is_plain(text: str) -> bool:
    return _IDENTIFIER.fullmatch(text) is not None


def _steps(text: str) -> list[tuple[str, bool]]:
    """Return the names of a chain such as `a.b(c).d`, each with whether it is called."""
    text = text.strip().removeprefix("await ").removeprefix("new ").strip()
    steps: list[tuple[str, bool]] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return []
        at = match.end()
        is_called = text.startswith("(", at)
        if is_called:
            at = _bracket_end(text, at)
        steps.append((match[1], is_called))
    return steps


def _bracket_end(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth == 0:
            return at + 1
    return len(text)
