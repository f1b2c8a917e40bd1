"""What the program knows about one programming language, as plain values.

Nothing here runs a parser; `qwen_lsp.languages.syntax` does. A language is one value in one file,
and languages do not know each other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, cast

BlockStyle = Literal["indent", "braces", "end"]
DocStyle = Literal["docstring", "jsdoc", "slashes", "line"]


@dataclass(frozen=True, eq=False)
class Language:
    """One language. The node types are those of its tree-sitter grammar.

    `id` is our name for it and also the language identifier of the protocol; `lsp_ids` are all
    identifiers it answers to. `extensions` are lower case and start with a dot.

    A *binding* is a node that gives an otherwise nameless function its name and belongs to the
    definition (`const f = ...`); a *wrapper* stands around a definition without being part of it
    (a decorated definition, `export`); an *attribute* is a decorator or annotation that stands
    before a definition as its sibling or as its first child.

    `scoping` says by which rules names are bound, empty where we do not know them.

    `annotated` names the nodes that can carry type annotations, and what such a node is called
    once they are gone; an empty name says that only its content is left.

    `error_handling` says in words for a prompt how its programs deal with errors, and is empty
    where there is no usual way. Where a function hands errors on in its result, `error_result` is
    the word that says so in its signature.
    """

    id: str
    title: str
    lsp_ids: frozenset[str]
    extensions: frozenset[str]
    fence: str
    grammar: Callable[[], object]

    functions: frozenset[str]
    containers: Mapping[str, str]
    imports: frozenset[str]
    comments: frozenset[str]
    strings: frozenset[str]
    blocks: frozenset[str]

    line_comment: str
    block_style: BlockStyle
    doc_style: DocStyle
    doc_prefix: str
    block_comment: tuple[str, str] | None = None

    import_calls: frozenset[str] = frozenset()
    interpolations: frozenset[str] = frozenset()
    bindings: frozenset[str] = frozenset()
    wrappers: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    type_hints: bool = False
    scoping: Literal["", "python", "ecmascript"] = ""
    annotated: Mapping[str, str] = field(default_factory=dict[str, str])
    error_handling: str = ""
    error_result: str = ""


def grammar_of(wheel: str, function: str = "language") -> Callable[[], object]:
    """Return a function that loads a grammar from its wheel, and only imports it when called."""

    def load() -> object:
        return cast("Callable[[], object]", getattr(import_module(wheel), function))()

    return load
