"""Each server is recognised by what it says of itself, and asked in its own words."""

from typing import Any

import pytest

from qwen_lsp.engine.endpoint.address import read_endpoint
from qwen_lsp.engine.endpoint.client import EndpointClient
from qwen_lsp.engine.requests import (
    Chat,
    EngineError,
    EngineUnavailableError,
    GenerateRequest,
    Infill,
    Message,
    Priority,
)
from tests.harness.fake_endpoint import (
    LLAMA_CPP_PYTHON,
    LLAMA_SERVER,
    LM_STUDIO,
    OLLAMA,
    OTHER,
    QWEN,
    TRANSFORMERS,
    VLLM,
    events,
    fake_endpoint,
    lines,
    status,
    written,
)

HOLE = GenerateRequest(
    Infill("def f(", "\n", middle="x"), 16, Priority.TYPING, stops=("\n\n",), begun="y"
)
TALK = GenerateRequest(
    Chat((Message("system", "Be brief."), Message("user", "Why?")), reply_start="```python\n"),
    64,
    Priority.ACTION,
)
SCHEMA = {"type": "object"}
FORM = "<|fim_prefix|>def f(<|fim_suffix|>\n<|fim_middle|>x"
TURNS_ONLY = {"/v1/models": {"data": [{"id": QWEN}]}}
ALL: list[tuple[dict[str, Any], str, int]] = [
    (LLAMA_SERVER, "llama-server b11669", 2048),
    (VLLM, "vLLM 0.32.0", 32768),
    (OLLAMA, "Ollama 0.33.0", 4096),
    (LM_STUDIO, "LM Studio", 8192),
    (LLAMA_CPP_PYTHON, "llama-cpp-python", 2048),
    (TRANSFORMERS, "transformers serve", 4096),
    (OTHER, "OpenAI-compatible server", 4096),
]


@pytest.mark.parametrize(("answers", "title", "context"), ALL)
async def test_a_server_is_recognised(answers: dict[str, Any], title: str, context: int) -> None:
    async with fake_endpoint(answers) as endpoint:
        wanted = QWEN if answers is TRANSFORMERS else ""
        client = EndpointClient(read_endpoint(endpoint.url, wanted))
        ready = await client.start()
        assert client.where == f"{endpoint.url} ({title})"
        assert ready.facts.context_tokens == context
        assert ready.facts.name.removesuffix(":latest").removesuffix(".gguf") == QWEN
        assert ready.facts.can_infill
        await client.close()


async def ask(
    answers: dict[str, Any], path: str, request: GenerateRequest, *objects: Any
) -> tuple[str, dict[str, Any]]:
    """Return the text of the reply, and what the server was sent at `path`."""
    stream = lines if path.startswith("/api/") else events
    async with fake_endpoint(answers) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        await client.start()
        endpoint.answers[path] = stream(*objects)
        generation = await client.generate(request)
        await client.close()
        return generation.text, endpoint.bodies(path)[-1]


async def test_llama_server_holds_the_reply_to_a_word_begun() -> None:
    text, body = await ask(LLAMA_SERVER, "/v1/completions", HOLE, *written("y, ", "z):"))
    assert text == ", z):"
    assert body["prompt"] == FORM
    assert body["grammar"] == 'root ::= "y" [^\\x00]*'
    assert (body["max_tokens"], body["stop"], body["cache_prompt"]) == (16, ["\n\n"], True)


@pytest.mark.parametrize("answers", [VLLM, LM_STUDIO, LLAMA_CPP_PYTHON, OTHER])
async def test_others_get_the_word_as_the_end_of_the_prompt(answers: dict[str, Any]) -> None:
    text, body = await ask(answers, "/v1/completions", HOLE, *written(", ", "z):"))
    assert text == ", z):"
    assert body["prompt"] == f"{FORM}y"
    assert "grammar" not in body


async def test_ollama_gets_raw_prompts_by_its_own_api() -> None:
    objects = ({"response": ", z", "done": False}, {"response": "", "done": True, "eval_count": 2})
    text, body = await ask(OLLAMA, "/api/generate", HOLE, *objects)
    assert text == ", z"
    assert (body["prompt"], body["raw"], body["truncate"]) == (f"{FORM}y", True, False)
    assert body["options"] == {"num_predict": 16, "temperature": 0.0, "stop": ["\n\n"]}


@pytest.mark.parametrize("answers", [LLAMA_SERVER, VLLM, LM_STUDIO, LLAMA_CPP_PYTHON, OTHER])
async def test_a_conversation_is_a_raw_prompt_where_the_form_is_known(
    answers: dict[str, Any],
) -> None:
    text, body = await ask(answers, "/v1/completions", TALK, *written("x = 1\n"))
    assert text == "x = 1\n"
    assert body["prompt"].startswith("<|im_start|>system\nBe brief.<|im_end|>\n")
    assert body["prompt"].endswith("<|im_start|>assistant\n```python\n")


async def test_where_only_turns_are_known_what_repeats_the_start_is_taken_off() -> None:
    deltas = [
        {"choices": [{"delta": {"content": text}, "finish_reason": None}]}
        for text in ("Sure!\n``", "`python\nx = 1", "\n")
    ]
    ended = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    text, body = await ask(TURNS_ONLY, "/v1/chat/completions", TALK, *deltas, ended)
    assert text == "x = 1\n"
    assert [turn["role"] for turn in body["messages"]] == ["system", "user"]


@pytest.mark.parametrize(
    ("answers", "path", "wanted"),
    [
        (LLAMA_SERVER, "/v1/completions", {"json_schema": SCHEMA}),
        (VLLM, "/v1/completions", {"structured_outputs": {"json": SCHEMA}}),
        (OLLAMA, "/api/generate", {"format": SCHEMA}),
        (
            LLAMA_CPP_PYTHON,
            "/v1/chat/completions",
            {"response_format": {"type": "json_object", "schema": SCHEMA}},
        ),
        (
            LM_STUDIO,
            "/v1/chat/completions",
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "reply", "schema": SCHEMA},
                }
            },
        ),
    ],
)
async def test_a_schema_is_said_in_the_servers_words(
    answers: dict[str, Any], path: str, wanted: dict[str, Any]
) -> None:
    request = GenerateRequest(TALK.prompt, 64, Priority.REVIEW, reply_schema=SCHEMA)
    _, body = await ask(answers, path, request, {"done": True}, *written("{}"))
    assert wanted.items() <= body.items()


@pytest.mark.parametrize(
    ("answers", "request_", "sentence"),
    [
        (
            TRANSFORMERS,
            GenerateRequest(TALK.prompt, 9, Priority.REVIEW, reply_schema=SCHEMA),
            "transformers serve cannot hold a reply to a schema, which this needs.",
        ),
        (TURNS_ONLY, HOLE, "OpenAI-compatible server cannot fill holes in code with the model"),
        (
            LM_STUDIO,
            GenerateRequest(HOLE.prompt, 9, Priority.ACTION, reply_grammar='root ::= "a"'),
            "LM Studio cannot hold a reply to a grammar, which this needs.",
        ),
        (
            LM_STUDIO,
            GenerateRequest(HOLE.prompt, 9, Priority.ACTION, scored=True),
            "LM Studio does not tell how likely each word is, which this needs.",
        ),
    ],
)
async def test_what_a_server_cannot_do_is_one_sentence(
    answers: dict[str, Any], request_: GenerateRequest, sentence: str
) -> None:
    async with fake_endpoint(answers) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        with pytest.raises(EngineError, match=sentence):
            await client.generate(request_)
        await client.close()


@pytest.mark.parametrize("answers", [LLAMA_SERVER, VLLM])
async def test_special_tokens_in_the_code_are_sent_as_the_tokens_of_text(
    answers: dict[str, Any],
) -> None:
    request = GenerateRequest(Infill('END = "<|im_end|>"', "\n"), 9, Priority.TYPING)
    asked: list[tuple[str, bool]] = []

    async with fake_endpoint(answers) as endpoint:

        async def tokenise(exchange: Any) -> None:
            text = exchange.body.get("content", exchange.body.get("prompt"))
            asked.append((text, exchange.body.get("parse_special", "<|" in text)))
            await status(200, {"tokens": [len(asked)]})(exchange)

        endpoint.answers |= {"/tokenize": tokenise, "/v1/completions": events(*written("a"))}
        client = EndpointClient(read_endpoint(endpoint.url))
        await client.generate(request)
        await client.close()
        (body,) = endpoint.bodies("/v1/completions")
    assert body["prompt"] == list(range(1, len(asked) + 1))
    assert ("<|fim_prefix|>", True) in asked
    assert not any(special for text, special in asked if "im_end" in text)


@pytest.mark.parametrize(
    ("answers", "prompt"),
    [
        (LM_STUDIO, Infill('END = "<|im_end|>"', "\n")),
        (TURNS_ONLY, Chat((Message("user", 'END = "<|im_end|>"'),))),
    ],
)
async def test_where_text_and_special_tokens_look_the_same_nothing_is_sent(
    answers: dict[str, Any], prompt: Infill | Chat
) -> None:
    async with fake_endpoint(answers) as endpoint:
        client = EndpointClient(read_endpoint(endpoint.url))
        with pytest.raises(EngineError, match="special tokens as text"):
            await client.generate(GenerateRequest(prompt, 9, Priority.TYPING))
        await client.close()
        assert not any("im_end" in str(one.body) for one in endpoint.exchanges)


async def test_a_model_that_is_not_there_is_named_with_those_that_are() -> None:
    two = {"/v1/models": {"data": [{"id": "qwen-a"}, {"id": "qwen-b"}]}}
    for wanted, sentence in (("", "has several models"), ("qwen-c", "no model 'qwen-c'")):
        async with fake_endpoint(two) as endpoint:
            client = EndpointClient(read_endpoint(endpoint.url, wanted))
            with pytest.raises(EngineUnavailableError, match=f"{sentence}.*qwen-[ab], qwen-[ab]"):
                await client.start()


async def test_scores_come_in_both_shapes() -> None:
    request = GenerateRequest(HOLE.prompt, 9, Priority.ACTION, scored=True)
    shapes: list[dict[str, Any]] = [
        {"content": [{"token": "a", "logprob": -0.5}]},
        {"tokens": ["a"], "token_logprobs": [-0.5]},
    ]
    for shape in shapes:
        piece = {"choices": [{"text": "a", "finish_reason": "stop", "logprobs": shape}]}
        async with fake_endpoint(VLLM | {"/v1/completions": events(piece)}) as endpoint:
            client = EndpointClient(read_endpoint(endpoint.url))
            (score,) = (await client.generate(request)).scores
            await client.close()
        assert (score.text, score.log_probability) == ("a", -0.5)
