"""What all servers share: the words of OpenAI's protocol, and a table of what a server can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from qwen_lsp.engine.endpoint.connection import Connection, Json
from qwen_lsp.engine.requests import GenerateRequest, Infill, Message, TokenScore

# As much as OpenAI's own API takes; more are heeded by us.
MOST_STOPS = 4

RawPrompt = str | list[int]


@dataclass(frozen=True)
class Call:
    """One POST request that is answered by a stream."""

    path: str
    body: Json


@dataclass(frozen=True)
class Piece:
    """What one object of a stream says. Counts that it does not tell are None."""

    text: str = ""
    ended: Literal["end", "length"] | None = None
    prompt_tokens: int | None = None
    reused_tokens: int | None = None
    generated_tokens: int | None = None
    scores: tuple[TokenScore, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What one server says of itself and of the model that is asked there.

    `chat_template` is the model's Jinja template where the server tells it. `context_tokens` is 0
    where it does not tell.
    """

    model: str
    version: str = ""
    context_tokens: int = 0
    chat_template: str = ""


class Server:
    """A server that speaks OpenAI's protocol and is not known closer.

    The attributes say what it can do, and a subclass is a server that can more.
    """

    title = "OpenAI-compatible server"
    # A prompt is taken as it is, special tokens and all.
    takes_raw_prompts = False
    # It fills holes by the model's own tokens, also where we do not know them.
    fills_holes = False
    # A reply can be held to a JSON schema, to a GBNF grammar, and to begin with given text.
    holds_raw_to_schema = False
    holds_chat_to_schema = True
    holds_to_grammar = False
    holds_to_beginning = False
    # It says how likely each token of a raw prompt's reply was.
    tells_scores = False
    # Several requests can be under way.
    answers_together = True
    # A prompt can be read without writing anything, for the request that comes next.
    reads_ahead = False
    # Samplers that are not OpenAI's are understood.
    more_samplers = False

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def raw_call(self, request: GenerateRequest, prompt: RawPrompt) -> Call:
        """Return the call that lets the model go on with a prompt as it is."""
        body = self._body(request, request.stops) | {"prompt": prompt} | self.raw_extras(request)
        return Call("/v1/completions", body)

    def chat_call(
        self, request: GenerateRequest, messages: Sequence[Message], stops: Sequence[str]
    ) -> Call:
        """Return the call that answers messages."""
        turns = [{"role": message.role, "content": message.text} for message in messages]
        body = self._body(request, stops) | {"messages": turns} | self.chat_extras(request)
        return Call("/v1/chat/completions", body)

    def hole_call(self, request: GenerateRequest, hole: Infill) -> Call:
        """Return the call that fills a hole, where `fills_holes`: the server knows the tokens."""
        body = self._body(request, request.stops) | self.raw_extras(request)
        return Call("/v1/completions", body | {"prompt": text_before(hole), "suffix": hole.suffix})

    def raw_extras(self, request: GenerateRequest) -> Json:
        """Return what this server wants beside the common words for a raw prompt."""
        return {"logprobs": 1} if request.scored else {}

    def chat_extras(self, request: GenerateRequest) -> Json:
        """Return what this server wants beside the common words for messages."""
        if request.reply_schema is None:
            return {}
        schema = {"name": "reply", "schema": request.reply_schema}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    async def tokens_of(self, connection: Connection, text: str, *, control: bool) -> list[int]:
        """Return the tokens of `text`, with special tokens in it where `control`.

        NotImplementedError where the server does not tell tokens, or takes none as a prompt.
        """
        raise NotImplementedError

    def read(self, data: Json) -> Piece:
        """Return what an object of the stream says."""
        choices: Any = data.get("choices")
        choice = table_of(choices[0] if isinstance(choices, list) and choices else None)
        delta = table_of(choice.get("delta"))
        text = delta.get("content", choice.get("text"))
        reason = choice.get("finish_reason")
        usage = table_of(data.get("usage"))
        details = table_of(usage.get("prompt_tokens_details"))
        return Piece(
            text if isinstance(text, str) else "",
            None if reason is None else "length" if reason == "length" else "end",
            count_of(usage.get("prompt_tokens")),
            count_of(details.get("cached_tokens")),
            count_of(usage.get("completion_tokens")),
            scores_of(table_of(choice.get("logprobs"))),
        )

    def _body(self, request: GenerateRequest, stops: Sequence[str]) -> Json:
        sampling = request.sampling
        body: Json = {
            "max_tokens": request.max_tokens,
            "temperature": sampling.temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if self.facts.model:
            body["model"] = self.facts.model
        if stops:
            body["stop"] = list(stops[:MOST_STOPS])
        if sampling.temperature > 0:
            body |= {"top_p": sampling.top_p, "seed": sampling.seed}
            if self.more_samplers:
                body |= {"top_k": sampling.top_k or -1, "min_p": sampling.min_p}
        if sampling.presence_penalty:
            body["presence_penalty"] = sampling.presence_penalty
        return body


def text_before(hole: Infill) -> str:
    """Return all that stands before the cursor, for servers that know no files."""
    return "".join((*(f"{file}\n" for file in hole.files), hole.prefix, hole.middle))


def table_of(value: Any) -> Json:
    """Return a JSON object, an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]  # json


def count_of(value: Any) -> int | None:
    """Return a count, None in place of anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def scores_of(logprobs: Json) -> tuple[TokenScore, ...]:
    """Return the scores in either of the shapes that servers use."""
    content: Any = logprobs.get("content")
    if isinstance(content, list):
        found: list[tuple[Any, Any]] = [
            (table_of(one).get("token"), table_of(one).get("logprob"))
            for one in content  # pyright: ignore[reportUnknownVariableType]  # json
        ]
    else:
        tokens, numbers = logprobs.get("tokens"), logprobs.get("token_logprobs")
        if not isinstance(tokens, list) or not isinstance(numbers, list):
            return ()
        found = list(zip(tokens, numbers, strict=False))  # pyright: ignore[reportUnknownArgumentType]  # json
    return tuple(
        TokenScore(token, float(number))
        for token, number in found
        if isinstance(token, str) and isinstance(number, int | float)
    )
