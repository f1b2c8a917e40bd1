"""Grammars and compiled queries, loaded once a language and shared by all threads."""

from functools import cache

import tree_sitter

from qwen_lsp.languages.base import Language


@cache
def load_grammar(language: Language) -> tree_sitter.Language:
    """Return the grammar of `language`, importing its wheel on the first call."""
    return tree_sitter.Language(language.grammar())


@cache
def outline_query(language: Language) -> tree_sitter.Query:
    """Return the query for everything that definitions are made of."""
    return _alternatives(
        language,
        {
            "entry": (
                language.functions
                | language.containers.keys()
                | language.bindings
                | language.wrappers
            ),
            "attribute": language.attributes,
            "comment": language.comments,
        },
    )


@cache
def import_query(language: Language) -> tree_sitter.Query:
    """Return the query for import statements."""
    return _alternatives(language, {"import": language.imports})


@cache
def string_query(language: Language) -> tree_sitter.Query:
    """Return the query for strings."""
    return _alternatives(language, {"string": language.strings})


def _alternatives(
    language: Language, captures: dict[str, frozenset[str] | set[str]]
) -> tree_sitter.Query:
    lines = [
        f"[{' '.join(f'({node})' for node in sorted(nodes))}] @{name}"
        for name, nodes in captures.items()
        if nodes
    ]
    return tree_sitter.Query(load_grammar(language), "\n".join(lines))
