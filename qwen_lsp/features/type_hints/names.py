"""The names that a file can use in its types, and those that exist only later."""

import re

from qwen_lsp.features.type_hints.style import Style
from qwen_lsp.languages import SyntaxTree
from qwen_lsp.text import Span

TYPING_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    Any AnyStr AsyncGenerator AsyncIterable AsyncIterator Awaitable BinaryIO Callable ClassVar
    Collection Container Coroutine DefaultDict Deque Dict Final FrozenSet Generator Generic
    Hashable IO Iterable Iterator List Literal Mapping MutableMapping MutableSequence MutableSet
    NamedTuple NoReturn Optional OrderedDict Pattern Protocol Reversible Sequence Set Sized
    SupportsFloat SupportsIndex SupportsInt TextIO Tuple Type TypedDict Union
    """,
    )
)
# Those that the newest style takes from collections.abc.
ABSTRACT_NAMES = frozenset(
    re.findall(
        r"\w+",
        """
    AsyncGenerator AsyncIterable AsyncIterator Awaitable Callable Collection Container Coroutine
    Generator Hashable Iterable Iterator Mapping MutableMapping MutableSequence MutableSet
    Reversible Sequence Sized
    """,
    )
)
_BUILTIN_TYPES = re.findall(
    r"\w+", "bool bytes dict float frozenset int list object set str tuple type"
)
_OFTEN = re.findall(r"\w+", "Any Awaitable Callable Iterable Iterator Mapping Sequence")
_OLD_UNIONS, _OLD_GENERICS = ["Optional", "Union"], ["Dict", "List", "Set", "Tuple", "Type"]
_TYPE_NAME = re.compile(r"_?[A-Z](?:[A-Z0-9]{0,3}|\w*[a-z]\w*)")
_DEFINED = re.compile(
    r"^(?:class[ \t]+(\w+)|type[ \t]+(\w+)|([A-Z]\w*)[ \t]*(?::[^=\n]+)?=(?!=))", re.MULTILINE
)
_FUTURE = re.compile(r"^from __future__ import .*\bannotations\b", re.MULTILINE)
_TYPESCRIPT_NAME = re.compile(r"(?<![\w$.\"'])[A-Z][\w$]*")
# The types that every TypeScript program knows and that a small function may want.
TYPESCRIPT_GLOBALS = frozenset(
    re.findall(
        r"\w+",
        """
    Array ArrayLike AsyncGenerator AsyncIterable AsyncIterableIterator AsyncIterator Awaited Date
    Error Exclude Extract Function Generator Iterable IterableIterator Iterator Map NonNullable
    Omit Parameters Partial Pick Promise PromiseLike Readonly ReadonlyArray ReadonlyMap ReadonlySet
    Record RegExp Required ReturnType Set URL Uint8Array WeakMap WeakSet
    """,
    )
)
_TYPESCRIPT_OFTEN = re.findall(r"\w+", "Array Date Error Map Promise Record RegExp Set URL")


def imported_names(tree: SyntaxTree) -> set[str]:
    """Return every word of the file's import statements."""
    return {
        name
        for span in tree.imports()
        for name in re.findall(r"\w+", tree.text[span.start : span.end])
    }


def defined_types(text: str) -> dict[str, int]:
    """Return the classes and aliases that stand at the top of a Python file, and where."""
    return {
        match[1] or match[2] or match[3]: match.start()
        for match in reversed(list(_DEFINED.finditer(text)))
    }


def later_names(tree: SyntaxTree, function: Span) -> set[str]:
    """Return the names that exist only after the function is defined, so that they need quotes.

    These are the class it stands in, the classes below it, and what is imported in a block (for
    the type checker only).
    """
    text, start = tree.text, function.start
    if _FUTURE.search(text):
        return set()
    around = {one.name for one in tree.containers_at(start) if not one.indent}
    defined = {
        name for name, place in defined_types(text).items() if place > start or name in around
    }
    imported = {
        name
        for span in tree.imports()
        if text[span.start - 1 : span.start] in {" ", "\t"}
        for name in re.findall(r"\w+", text[span.start : span.end].rpartition("import")[2])
    }
    return defined | imported


def python_names(tree: SyntaxTree, style: Style) -> list[str]:
    """Return the names that the model may use for types in a Python file."""
    text = tree.text
    imports = tree.declarations().imports
    members = {one.name for one in imports if one.member}
    modules = {one.name for one in imports if not one.member}
    found = {name for name in members if _TYPE_NAME.fullmatch(name)}
    found |= {name for name in defined_types(text) if _TYPE_NAME.fullmatch(name)}
    found |= {
        f"{module}.{name}"
        for module, name in re.findall(r"(?<![\w.])(\w+)\.([A-Z]\w*)\b", text)
        if module in modules and _TYPE_NAME.fullmatch(name)
    }
    found |= set(_BUILTIN_TYPES) | {style.typing + name for name in _OFTEN if name not in found}
    if not style.has_unions:
        found |= {style.typing + name for name in _OLD_UNIONS}
    if not style.has_builtin_generics:
        found |= {style.typing + name for name in _OLD_GENERICS}
    return sorted(found - {"None", "TYPE_CHECKING"})


def typescript_names(tree: SyntaxTree) -> list[str]:
    """Return the names that the model may use for types in a TypeScript file."""
    declared = tree.declarations()
    found = {one.name for one in declared.imports}
    found |= {one.name for one in declared.symbols if one.kind == "class"}
    found |= set(_TYPESCRIPT_NAME.findall(tree.text)) & TYPESCRIPT_GLOBALS
    return sorted(
        {name for name in found if re.fullmatch(r"[A-Z][\w$]*", name)} | set(_TYPESCRIPT_OFTEN)
    )
