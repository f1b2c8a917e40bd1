"""Lines of code inside a JSON schema become a grammar that llama.cpp reads."""

import ctypes
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_lsp.engine.backends.llama_cpp.grammar import grammar_of

llama: Any = llama_cpp

LINES = [
    'print("hello")',
    "path = 'C:\\\\temp'",
    "re.sub(r'\\d+', '\"', text)",
    "\tindented\r",
    "名前 = 'ü' # \U0001f642",
    "x = [a|b] * (c?) {1,2} <|im_end|>",
    "@1@",
    "@0@ @99@",
    "ends with a backslash \\",
    "\\n is not a line end, but this is:\n",
    "",
]


def schema(lines: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"line": {"type": "string", "enum": lines}, "sure": {"type": "boolean"}},
        "required": ["line", "sure"],
        "additionalProperties": False,
    }


def literals(grammar: str) -> list[str]:
    """Return the JSON texts that the rule of the enum lists, read as llama.cpp reads GBNF."""
    (rule,) = [line for line in grammar.split("\n") if line.startswith("line ::=")]
    found: list[str] = []
    rest = rule.removeprefix("line ::=").strip().removeprefix("(").strip()
    while rest.startswith('"'):
        text, place = "", 1
        while rest[place] != '"':
            if rest[place] == "\\":
                place += 1
                text += {"n": "\n", "r": "\r", "t": "\t"}.get(rest[place], rest[place])
            else:
                text += rest[place]
            place += 1
        found.append(text)
        rest = rest[place + 1 :].lstrip(" |")
    return found


@pytest.fixture(scope="module")
def vocab(model_path: Path) -> Iterator[Any]:
    """The vocabulary of the real model, without its weights."""
    params = llama.llama_model_default_params()
    params.vocab_only = True
    model = llama.llama_model_load_from_file(str(model_path).encode(), params)
    yield llama.llama_model_get_vocab(model)
    llama.llama_model_free(model)


def accepts(vocab: Any, grammar: str, text: str) -> bool:
    """Say whether llama.cpp, held to the grammar, could write exactly this text."""
    sampler = llama.llama_sampler_init_grammar(vocab, grammar.encode(), b"root")
    assert sampler, grammar
    data = text.encode()
    tokens = (llama.llama_token * (len(data) + 2))()
    count = llama.llama_tokenize(vocab, data, len(data), tokens, len(tokens), False, False)
    try:
        for token in [*tokens[:count], llama.llama_vocab_eos(vocab)]:
            one = llama.llama_token_data(token, 1.0, 0.0)
            array = llama.llama_token_data_array(ctypes.pointer(one), 1, -1, False)
            llama.llama_sampler_apply(sampler, ctypes.byref(array))
            if one.logit < 0:
                return False
            if token != llama.llama_vocab_eos(vocab):
                llama.llama_sampler_accept(sampler, token)
    finally:
        llama.llama_sampler_free(sampler)
    return True


def test_no_schema_is_no_grammar() -> None:
    assert grammar_of(None) is None


@given(st.lists(st.text(max_size=12), min_size=1, max_size=4, unique=True))
@settings(deadline=None)
def test_the_rule_lists_the_json_of_every_value(lines: list[str]) -> None:
    grammar = grammar_of(schema(lines))
    assert grammar is not None
    assert [json.loads(text) for text in literals(grammar)] == lines


def test_properties_come_in_the_order_of_the_schema() -> None:
    properties = {name: {"type": "boolean"} for name in ("zeta", "alpha", "middle")}
    grammar = grammar_of({"type": "object", "properties": properties, "required": [*properties]})
    assert grammar is not None
    (root,) = [line for line in grammar.split("\n") if line.startswith("root ::=")]
    assert root.index("zeta") < root.index("alpha") < root.index("middle")


@pytest.mark.model
@pytest.mark.parametrize("line", LINES)
def test_llama_cpp_can_write_each_value_and_no_other(vocab: Any, line: str) -> None:
    grammar = grammar_of(schema(LINES))
    assert grammar is not None
    reply = json.dumps({"line": line, "sure": True}, ensure_ascii=False, separators=(",", ": "))
    assert accepts(vocab, grammar, reply), reply
    assert not accepts(vocab, grammar, reply.replace('"line": "', '"line": "other'))
