"""What one side encodes the other side decodes, and garbage is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.engine.messages import (
    AskStatus,
    Cancel,
    Done,
    EngineMessage,
    Failed,
    Generate,
    LoadFailed,
    Loading,
    Ready,
    Status,
    Stop,
    Text,
    decode,
    encode,
)
from qwen_lsp.engine.requests import (
    Chat,
    GenerateRequest,
    Generation,
    Infill,
    Message,
    ModelFacts,
    Priority,
    Sampling,
)

# Every code point, lone surrogates too: editors do send halves of pairs.
texts = st.text(st.characters(categories=None, exclude_categories=()), max_size=20)
numbers = st.integers(0, 2**53)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
infills = st.builds(Infill, texts, texts, texts)
turns = st.builds(Message, st.sampled_from(["system", "user", "assistant"]), texts)
chats = st.builds(Chat, st.lists(turns, max_size=4).map(tuple), texts)
requests = st.builds(
    GenerateRequest,
    prompt=infills | chats,
    max_tokens=numbers,
    priority=st.sampled_from(Priority),
    stops=st.lists(texts, max_size=3).map(tuple),
    sampling=st.builds(Sampling, finite, finite, numbers, finite, finite, numbers),
    reply_schema=st.none() | st.dictionaries(texts, json_values, max_size=3),
    reply_grammar=texts,
    scored=st.booleans(),
    deadline_ms=st.none() | numbers,
    supersedes=texts,
)


@given(numbers, requests)
def test_a_request_arrives_as_it_was_sent(number: int, request: GenerateRequest) -> None:
    sent = Generate(number, request)
    assert decode(encode(sent)) == sent


@given(texts)
def test_a_written_text_arrives_as_it_was_sent(text: str) -> None:
    assert decode(encode(Text(1, text))) == Text(1, text)


@pytest.mark.parametrize(
    "message",
    [
        Cancel(7),
        Cancel(7, had_enough=True),
        AskStatus(3),
        Stop(),
        Loading(0.25),
        Ready(ModelFacts("m", "qwen2", 5, 4096, can_infill=True, can_roll_back=False), 12.5),
        LoadFailed("Es fehlt völlig alles."),
        Done(2, Generation("x", "superseded", 1, 2, 3, 4, 5, 6.5, 7.5)),
        Failed(2, "no", too_long=True),
        Status(1, {"pid": 4, "state": "ready", "nested": {"a": [1, None]}}),
    ],
)
def test_every_other_message_arrives_as_it_was_sent(message: EngineMessage) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=200))
def test_bytes_that_are_no_message_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode(data)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"message": "Unknown"},
        {"message": "Cancel"},
        {"message": "Generate", "id": 1, "request": {"prompt": {"kind": "Poem"}}},
        {"message": "Done", "id": 1, "generation": {"text": "x", "finish": "exploded"}},
        {"message": "Cancel", "id": "seven"},
    ],
)
def test_json_that_is_no_message_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match="not a message"):
        decode(json.dumps(value).encode())


def test_a_cut_message_and_a_deep_one_are_value_errors() -> None:
    data = encode(Text(1, "hello"))
    for bad in (data[:-1], data + b"x", b"[" * 100_000):
        with pytest.raises(ValueError, match="not a message"):
            decode(bad)
