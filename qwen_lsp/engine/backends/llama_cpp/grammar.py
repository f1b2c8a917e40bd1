"""A JSON schema as a llama.cpp grammar.

llama-cpp-python converts the schema, but it does not escape quotes and backslashes in `enum`
values, and we put lines of code there. So each value is converted under a plain name and put in
afterwards, escaped for JSON and then for GBNF (llama.cpp's grammars/README.md).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from llama_cpp.llama_grammar import json_schema_to_gbnf


def grammar_of(schema: dict[str, Any] | None) -> str | None:
    """Return the grammar of replies that satisfy `schema`, None for no schema.

    Properties are written in the schema's order, so that evidence can precede a verdict.
    """
    if schema is None:
        return None
    values: list[str] = []
    plain = _with_names(schema, values)
    order = list(dict.fromkeys(_property_names(schema)))
    grammar = json_schema_to_gbnf(json.dumps(plain), prop_order=order)
    # In one pass, since a value may itself look like such a name.
    return re.sub(r"@(\d+)@", lambda name: _escaped(values[int(name[1])]), grammar)


def _escaped(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)[1:-1]
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _with_names(part: Any, values: list[str]) -> Any:
    """Return a copy in which the texts of every `enum` are replaced by `@number@`."""
    if isinstance(part, list):
        return [_with_names(item, values) for item in cast("list[Any]", part)]
    if not isinstance(part, dict):
        return part
    copy: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", part).items():
        if key == "enum" and all(isinstance(choice, str) for choice in value):
            copy[key] = [f"@{len(values) + index}@" for index in range(len(value))]
            values += value
        else:
            copy[key] = _with_names(value, values)
    return copy


def _property_names(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in cast("dict[str, Any]", part).items():
            if key == "properties":
                yield from value
            yield from _property_names(value)
