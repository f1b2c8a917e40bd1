"""Where a type ends that a model writes, and whether a file can use it."""

import ast
import builtins
import re
import warnings

from qwen_lsp.features.actions.base import Target
from qwen_lsp.features.type_hints.names import (
    TYPESCRIPT_GLOBALS,
    TYPING_NAMES,
    defined_types,
    imported_names,
    later_names,
)
from qwen_lsp.features.type_hints.patterns import optional
from qwen_lsp.features.type_hints.style import Style
from qwen_lsp.languages.slots import Slot

_OPENING = "([{<"
_CLOSING = ")]}>"
_TYPE_NODES = (
    ast.Expression,
    ast.Name,
    ast.Attribute,
    ast.Subscript,
    ast.Tuple,
    ast.List,
    ast.BinOp,
    ast.BitOr,
    ast.Constant,
    ast.Load,
)
_BUILTIN_TYPES = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type)
)
_GENERIC_BUILTINS = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
# How many arguments the names of TYPING_NAMES take; those that take any number are not here.
_ARGUMENTS = {
    name: count
    for count, names in {
        0: "Any Hashable NoReturn Sized",
        1: """
    AsyncIterable AsyncIterator Awaitable ClassVar Collection Container Deque Final FrozenSet
    Iterable Iterator List MutableSequence MutableSet Optional Reversible Sequence Set Type
    """,
        2: "AsyncGenerator Callable DefaultDict Dict Mapping MutableMapping OrderedDict",
        3: "Coroutine Generator",
    }.items()
    for name in re.findall(r"\w+", names)
}
_ALLOWS_NONE = re.compile(r"\b(?:None|Optional|Any|object)\b")
_TYPESCRIPT_TYPE = re.compile(r"[\w$\s.<>\[\]|&(),:;?{}=\"'-]+")
_TYPESCRIPT_NAME = re.compile(r"(?<![\w$.\"'])[A-Z][\w$]*")
_ASYNC_RESULTS = ("Promise<", "AsyncGenerator<", "AsyncIterable<", "AsyncIterableIterator<")


def type_end(text: str) -> int:
    """Return where the type expression at the start of `text` ends."""
    depth = 0
    for index, letter in enumerate(text):
        before = text[:index].strip()
        if letter in _OPENING:
            if letter == "{" and not depth and before and not before.endswith(("|", "&", "=>")):
                return index  # the body of a TypeScript function
            depth += 1
        elif letter in _CLOSING:
            if letter == ">" and text[index - 1 : index] == "=":
                continue
            depth -= 1
            if depth < 0:
                return index
        elif depth == 0 and letter in ",=;:#\n" and before:
            # The arrow belongs to a function type of TypeScript.
            if text.startswith("=>", index) and before.endswith(")"):
                continue
            return index
    return len(text)


def usable_type(written: str, slot: Slot, target: Target, style: Style) -> str:
    """Return the annotation for a type, empty where the file cannot use it."""
    if not written or "\n" in written:
        return ""
    if target.language.id != "python":
        is_result_of_async = target.function.is_async and not slot.name
        if is_result_of_async and not written.startswith(_ASYNC_RESULTS):
            return ""
        return written if _is_typescript(written, target) else ""
    if "Literal" not in written:  # Quotes around a part are put around the whole where needed.
        written = re.sub("[\"']", "", written)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(written, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    imported = imported_names(target.tree)
    later = later_names(target.tree, target.function.span)
    known = _BUILTIN_TYPES | TYPING_NAMES | imported | later
    known |= defined_types(target.document.text).keys()
    is_literal = "Literal" in written
    parts = list(ast.walk(tree))
    if not names <= known or not all(_is_of_a_type(node, is_literal) for node in parts):
        return ""
    is_value = isinstance(tree.body, ast.Tuple | ast.List) or written == "..."
    if is_value or not all(_can_be_defined(node, imported) for node in parts):
        return ""
    default = target.document.text[slot.span.end :] if slot.closing else ""
    if re.match(r"None\b", default) and not _ALLOWS_NONE.search(written):
        written = style.write(optional(written), TYPING_NAMES)
    quote = "'" if '"' in written else '"'
    return f"{quote}{written}{quote}" if names & later else written


def _is_of_a_type(node: ast.AST, is_literal: bool) -> bool:
    if isinstance(node, ast.Constant):
        return is_literal or node.value is None or node.value is Ellipsis
    return isinstance(node, _TYPE_NODES)


def _can_be_defined(node: ast.AST, imported: set[str]) -> bool:
    """Say whether Python takes a part of an annotation when it defines the function.

    Judged by looking, since what a model wrote is never evaluated: `str.A` has no such attribute,
    `int[str]` takes no arguments, and `Mapping[str]` too few.
    """
    if isinstance(node, ast.Attribute):
        return not isinstance(node.value, ast.Name) or node.value.id in imported
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        name = node.value.id
        if name in _BUILTIN_TYPES:
            return name in _GENERIC_BUILTINS
        given = len(node.slice.elts) if isinstance(node.slice, ast.Tuple) else 1
        return name in imported or _ARGUMENTS.get(name, given) == given
    return True


def _is_typescript(written: str, target: Target) -> bool:
    if not _TYPESCRIPT_TYPE.fullmatch(written):
        return False
    known = TYPESCRIPT_GLOBALS | set(re.findall(r"[\w$]+", target.document.text))
    return set(_TYPESCRIPT_NAME.findall(written)) <= known
