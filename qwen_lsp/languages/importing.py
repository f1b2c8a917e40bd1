"""Reading the text of an import statement, in each language.

An import is short and regular, so its text is enough; that it is no string or comment, the syntax
tree has said. What binds no name (`import "./style.css"`) gives nothing. Files that are included
as a whole give all their names: `*`.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from qwen_lsp.languages.declarations import Import

_QUOTED = re.compile(r"""["'<]([^"'<>]+)["'>]""")
_PYTHON_FROM = re.compile(r"from\s*(\.*\s*[\w.]*)\s*import\s*(.*)", re.DOTALL)
_COMMENT = re.compile(r"#.*")
_AS = re.compile(r"\s+as\s+")
_SCRIPT_FROM = re.compile(
    r"""(?:import|export)\s+(?:type\s+)?(.*?)\s*from\s*["']([^"']+)["']""", re.DOTALL
)
_SCRIPT_REQUIRE = re.compile(
    r"""(?:import\s+)?(?:([\w$]+)|\{([^}]*)\})\s*=\s*(?:await\s+)?(?:require|import)\s*\(\s*["']([^"']+)["']"""
)
_BRACES = re.compile(r"\{([^}]*)\}", re.DOTALL)
_GO = re.compile(r"""(?:([\w.]+)\s+)?["`]([^"`]+)["`]""")
_GO_VERSION = re.compile(r"v\d+")
_RUST_USE = re.compile(r"(?:pub(?:\s*\([^)]*\))?\s+)?use\s+(.*?);?\s*", re.DOTALL)
_JAVA = re.compile(r"import\s+(?:static\s+)?([\w.]+?)\.(\w+|\*)\s*;")
_CSHARP = re.compile(r"(?:global\s+)?using\s+(static\s+)?(?:(\w+)\s*=\s*)?([\w.]+)")
_PHP_USE = re.compile(r"use\s+(?:function\s+|const\s+)?([^;{]*)(?:\{([^}]*)\})?", re.DOTALL)
_LUA = re.compile(r"""(?:local\s+)?(\w+)?\s*=?\s*require\s*\(?\s*["']([^"']+)["']""")


def read_import(language_id: str, text: str) -> list[Import]:
    """Return the names that an import statement, given as text, brings into its file."""
    reader = _READERS.get(language_id)
    return list(reader(text)) if reader else []


def _python(text: str) -> Iterator[Import]:
    text = _COMMENT.sub("", text).replace("\\\n", " ")
    match = _PYTHON_FROM.match(text)
    if match is None:
        # `import a.b` binds `a`, but is used as `a.b`: the whole path is its name.
        for name, alias in _names(text.removeprefix("import")):
            yield Import(alias or name, name)
        return
    module = "".join(match[1].split())
    for name, alias in _names(match[2].strip("() \t\r\n")):
        yield Import(alias or name, module, name)


def _names(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the alias of each of `a, b as c`."""
    for part in text.split(","):
        name, *alias = _AS.split(part.strip())
        if name:
            yield name.strip(), alias[0].strip() if alias else ""


def _script(text: str) -> Iterator[Import]:
    required = _SCRIPT_REQUIRE.search(text)
    match = _SCRIPT_FROM.match(text)
    if required is not None:
        yield from _required(required)
        return
    if match is None:
        return
    what, module = match[1], match[2]
    for part in _BRACES.sub("", what).split(","):
        name = part.strip()
        if name == "*":
            yield Import("*", module, "*")
        elif name.startswith("*"):
            yield Import(name.rpartition(" ")[2], module)
        elif name:
            yield Import(name, module, "default")
    if braces := _BRACES.search(what):
        for name, alias in _names(braces[1]):
            member = name.removeprefix("type ").strip()
            yield Import(alias or member, module, member)


def _required(match: re.Match[str]) -> Iterator[Import]:
    name, members, module = match.groups()
    if name:
        yield Import(name, module)
    for part in (members or "").split(","):
        member, _, alias = (half.strip() for half in part.partition(":"))
        if member:
            yield Import(alias or member, module, member)


def _go(text: str) -> Iterator[Import]:
    match = _GO.search(text)
    if match is None or match[1] == "_":
        return
    path = match[2].split("/")
    name = path[-2] if len(path) > 1 and _GO_VERSION.fullmatch(path[-1]) else path[-1]
    if match[1] == ".":
        yield Import("*", match[2], "*")
    else:
        yield Import(match[1] or name, match[2])


def _rust(text: str) -> Iterator[Import]:
    match = _RUST_USE.fullmatch(text)
    waiting = [("", match[1])] if match else []
    while waiting:
        prefix, tree = waiting.pop(0)
        tree = tree.strip()
        if tree.endswith("}"):
            before, _, inside = tree[:-1].partition("{")
            path = prefix + before.strip()
            waiting = [(path, part) for part in _parts(inside)] + waiting
            continue
        name, alias = next(_names(tree), ("", ""))
        module, _, member = (prefix + name).rpartition("::")
        if member == "self":
            yield Import(alias or module.rpartition("::")[2], module)
        elif member and alias != "_":
            yield Import(alias or member, module or member, member if module else "")


def _parts(text: str) -> list[str]:
    """Return what commas outside of braces separate."""
    parts, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def _java(text: str) -> Iterator[Import]:
    if match := _JAVA.match(text):
        yield Import(match[2], match[1], match[2])


def _csharp(text: str) -> Iterator[Import]:
    match = _CSHARP.match(text)
    if match is None:
        return
    if match[2]:
        module, _, member = match[3].rpartition(".")
        yield Import(match[2], module, member)
    else:
        yield Import("*", match[3], "*")


def _php(text: str) -> Iterator[Import]:
    match = _PHP_USE.match(text)
    if match is None:
        yield from _whole_file(text)
        return
    in_group = match[2] is not None
    prefix = match[1].strip() if in_group else ""
    for name, alias in _names(match[2] if in_group else match[1]):
        module, _, member = (prefix + name).lstrip("\\").rpartition("\\")
        yield Import(alias or member, module, member)


def _lua(text: str) -> Iterator[Import]:
    if match := _LUA.match(text):
        yield Import(match[1] or "*", match[2], "" if match[1] else "*")


def _whole_file(text: str) -> Iterator[Import]:
    if match := _QUOTED.search(text):
        yield Import("*", match[1], "*")


def _ruby(text: str) -> Iterator[Import]:
    for found in _whole_file(text):
        is_relative = text.startswith("require_relative") and not found.module.startswith(".")
        yield Import("*", f"./{found.module}", "*") if is_relative else found


def _shell(text: str) -> Iterator[Import]:
    words = text.split()
    if len(words) > 1:
        yield Import("*", words[1].strip("\"'"), "*")


_READERS: dict[str, Callable[[str], Iterable[Import]]] = {
    "python": _python,
    "javascript": _script,
    "typescript": _script,
    "typescriptreact": _script,
    "go": _go,
    "rust": _rust,
    "java": _java,
    "c": _whole_file,
    "cpp": _whole_file,
    "csharp": _csharp,
    "ruby": _ruby,
    "php": _php,
    "lua": _lua,
    "shellscript": _shell,
}
