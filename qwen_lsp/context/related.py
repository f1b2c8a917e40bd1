"""What the rest of the project says about the place of the cursor.

Two things come of it. *Members*: behind `client.` only the members of the client's class can stand,
and the model is held to them; this costs nothing to read. *Snippets*: the outlines of the classes
and modules that the function uses, at the front of the prompt. They are chosen from the other
lines, never the cursor's own, so that they stay as they are while one types in a line.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from qwen_lsp.context.other_lines import imports_above, other_lines
from qwen_lsp.index.resolve import Members, Resolver, Source, Target
from qwen_lsp.languages import LONG_TEXT, Language, SyntaxTree
from qwen_lsp.languages.declarations import Declarations, Import, Symbol
from qwen_lsp.text import Document

# A chain of names and calls that ends with a dot, and the half-typed name behind it.
_RECEIVER = re.compile(r"((?:[A-Za-z_$][\w$]*(?:\([^()\n]*\))?(?:\.|->|::))+)(\w*)\Z")
_FROM_IMPORT = re.compile(r"\s*from\s+([\w.]+)\s+import\s+(?:\w+\s*,\s*)*\w*\Z")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_OWN = re.compile(r"\b(?:self|this)\.(\w+)\b(?=\s*[.(\[])")
_PRIVATE_WEIGHT = 0.1
# Of all names that a class may have from a base that is not in the workspace.
_OTHERS_WEIGHT = 2.0
_NEAR_CODE_POINTS = 2000
_MOST_MEMBERS = 40
_MOST_SNIPPETS = 6
_LONGEST_SNIPPET = 900


@dataclass(frozen=True)
class Snippet:
    """Code from elsewhere, for the front of a prompt."""

    path: str
    text: str


@dataclass(frozen=True)
class Related:
    """What a prompt gets from elsewhere.

    `members` are what can stand behind the dot at the cursor, with how likely each is; the empty
    name stands for all that are not known.
    """

    snippets: tuple[Snippet, ...] = ()
    members: Mapping[str, float] = field(default_factory=dict[str, float])


def related(
    document: Document, language: Language, offset: int, source: Source, path: str, *, room: int
) -> Related:
    """Return what `source` says about the cursor; `path` is the document's there.

    The snippets have at most `room` code points.
    """
    line_start = document.lines.start(document.lines.line_of(offset))
    around = _surroundings(*other_lines(document, language, offset), source, path)
    members = around.members(document.text[line_start:offset])
    return Related(around.snippets(room) if room > 0 else (), members)


@lru_cache(maxsize=2)
def _surroundings(tree: SyntaxTree, place: int, source: Source, path: str) -> "_Surroundings":
    """Keep what was found while somebody types in one line, since the other lines stay."""
    return _Surroundings(tree, place, source, path)


@dataclass(eq=False)
class _Surroundings:
    """What the other lines say: `tree` is theirs, `place` the cursor's in them."""

    tree: SyntaxTree
    place: int
    source: Source
    path: str

    @cached_property
    def _source(self) -> "_WithDocument":
        is_small = len(self.tree.text) < LONG_TEXT
        # Of a longer file the index is asked, which knows it as it was saved last.
        own = self.tree.declarations() if is_small else None
        return _WithDocument(self.source, self.path, own)

    @cached_property
    def _resolver(self) -> Resolver:
        return Resolver(self._source)

    @cached_property
    def _names(self) -> dict[str, str]:
        return self.tree.bindings_at(self.place)

    @cached_property
    def _this(self) -> str:
        around = self.tree.containers_at(self.place)
        return ".".join(one.name for one in around if one.kind != "function")

    def members(self, before: str) -> dict[str, float]:
        """Return what can stand behind `before`, the line up to the cursor; empty if unknown."""
        target = self._before_cursor(before)
        if target is None or target.path == self.path:
            # What is missing in the file at hand may be about to be added there.
            return {}
        found = self._resolver.members(target)
        members = {
            name: _PRIVATE_WEIGHT if name.startswith("_") else 1.0
            for name in found.symbols
            if not name.startswith("__")
        }
        return members if found.is_complete or not members else {**members, "": _OTHERS_WEIGHT}

    def snippets(self, room: int) -> tuple[Snippet, ...]:
        """Return outlines of what the function uses, in the order in which it names them."""
        if room not in self._snippets:
            self._snippets[room] = tuple(self._outlines(room))
        return self._snippets[room]

    @cached_property
    def _snippets(self) -> dict[int, tuple[Snippet, ...]]:
        return {}

    def _outlines(self, room: int) -> Iterator[Snippet]:
        seen: set[tuple[str, str]] = set()
        for target in self._used():
            key = (target.path, target.symbol.qualified_name if target.symbol else "")
            if key in seen or target.path == self.path or len(seen) >= _MOST_SNIPPETS:
                continue
            seen.add(key)
            text = self._outline(target, min(room - len(target.path), _LONGEST_SNIPPET))
            if text:
                room -= len(target.path) + len(text)
                yield Snippet(target.path, text)

    def _before_cursor(self, before: str) -> Target | None:
        match = _RECEIVER.search(before)
        if match is not None:
            receiver = re.sub(r"(?:\.|->|::)\Z", "", match[1])
            return self._resolver.expression(self.path, receiver, self._names, self._this)
        match = _FROM_IMPORT.match(before)
        return self._resolver.module(self.path, match[1]) if match else None

    def _used(self) -> Iterator[Target]:
        for name in self._names:
            target = self._resolver.expression(self.path, name, self._names, self._this)
            if target is not None:
                yield target
        near = self._near
        expressions = [f"self.{name}" for name in dict.fromkeys(_OWN.findall(near))]
        imported = {one.name for one in self._source.imports_of(self.path)}
        expressions += [name for name in dict.fromkeys(_NAME.findall(near)) if name in imported]
        for expression in expressions:
            target = self._resolver.expression(self.path, expression, {}, self._this)
            if target is not None:
                yield target

    @cached_property
    def _near(self) -> str:
        """Return the text around the cursor without import statements, which use nothing."""
        above = imports_above(self.tree.text, self.tree.language, self.place)
        start = max([0, self.place - _NEAR_CODE_POINTS, *(span.end for span in above)])
        return self.tree.text[start : self.place + _NEAR_CODE_POINTS // 4]

    def _outline(self, target: Target, room: int) -> str:
        symbol = target.symbol
        if symbol is not None and symbol.kind in {"attribute", "variable"}:
            return ""
        if symbol is not None and symbol.kind != "class":
            return _fitting([_declared(symbol, self.tree.language)], room)
        members = self._resolver.members(target)
        head = [] if symbol is None else [_declared(symbol, self.tree.language)]
        if symbol is not None and symbol.doc:
            head.append(_indented(_documentation(symbol.doc, self.tree.language)))
        lines = [
            _indented(line) if symbol is not None else line
            for line in _member_lines(members, self.tree.language)
        ]
        return _fitting([*head, *lines], room)


class _WithDocument:
    """The source, with the declarations of the open document in place of the saved ones."""

    def __init__(self, source: Source, path: str, own: Declarations | None) -> None:
        self._source = source
        self._path = path
        self._symbols: dict[str, list[Symbol]] = {path: list(own.symbols)} if own else {}
        self._imports: dict[str, list[Import]] = {path: list(own.imports)} if own else {}

    def symbols_of(self, path: str) -> list[Symbol]:
        if path not in self._symbols:
            self._symbols[path] = self._source.symbols_of(path)
        return self._symbols[path]

    def imports_of(self, path: str) -> list[Import]:
        if path not in self._imports:
            self._imports[path] = self._source.imports_of(path)
        return self._imports[path]

    def has_file(self, path: str) -> bool:
        return path == self._path or self._source.has_file(path)

    def files_named(self, suffix: str) -> list[str]:
        return self._source.files_named(suffix)

    def named(self, name: str) -> list[tuple[str, Symbol]]:
        return self._source.named(name)


def _member_lines(members: Members, language: Language) -> list[str]:
    public = [symbol for name, (_, symbol) in members.symbols.items() if not name.startswith("_")]
    return [_declared(symbol, language) for symbol in public[:_MOST_MEMBERS]]


def _declared(symbol: Symbol, language: Language) -> str:
    if language.block_style != "indent":
        return symbol.signature
    ending = {"class": ":", "function": ": ...", "method": ": ..."}.get(symbol.kind, "")
    return symbol.signature + ending


def _documentation(text: str, language: Language) -> str:
    if language.doc_style == "docstring":
        return f'"""{text}"""'
    return f"{language.line_comment} {text}"


def _indented(line: str) -> str:
    return f"    {line}"


def _fitting(lines: list[str], room: int) -> str:
    """Return the first lines that fit, each with its line end."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > room:
            break
        text += f"{line}\n"
    return text
