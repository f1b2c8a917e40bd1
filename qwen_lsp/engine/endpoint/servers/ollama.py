"""Ollama, by its own API, which takes prompts as they are; its OpenAI paths apply a template.

Source: docs/api.md of Ollama. Each line of a stream is one JSON object.
"""

from collections.abc import Sequence

from qwen_lsp.engine.endpoint.connection import Json
from qwen_lsp.engine.endpoint.servers.base import (
    Call,
    Facts,
    Piece,
    RawPrompt,
    Server,
    count_of,
    scores_of,
    table_of,
    text_before,
)
from qwen_lsp.engine.requests import GenerateRequest, Infill, Message


class Ollama(Server):
    """Knows schemas but no grammars, and no tokens."""

    title = "Ollama"
    takes_raw_prompts = True
    holds_raw_to_schema = True
    tells_scores = True

    def __init__(self, facts: Facts, *, fills_holes: bool = False) -> None:
        super().__init__(facts)
        self.fills_holes = fills_holes

    def raw_call(self, request: GenerateRequest, prompt: RawPrompt) -> Call:
        body = self._own_body(request, request.stops) | {"prompt": prompt, "raw": True}
        return Call("/api/generate", body)

    def hole_call(self, request: GenerateRequest, hole: Infill) -> Call:
        body = self._own_body(request, request.stops)
        return Call("/api/generate", body | {"prompt": text_before(hole), "suffix": hole.suffix})

    def chat_call(
        self, request: GenerateRequest, messages: Sequence[Message], stops: Sequence[str]
    ) -> Call:
        turns = [{"role": message.role, "content": message.text} for message in messages]
        body = self._own_body(request, stops) | {"messages": turns, "think": False}
        return Call("/api/chat", body)

    def read(self, data: Json) -> Piece:
        text = data.get("response") or table_of(data.get("message")).get("content")
        ended = "length" if data.get("done_reason") == "length" else "end"
        return Piece(
            text if isinstance(text, str) else "",
            ended if data.get("done") else None,
            count_of(data.get("prompt_eval_count")),
            None,
            count_of(data.get("eval_count")),
            scores_of({"content": data.get("logprobs")}),
        )

    def _own_body(self, request: GenerateRequest, stops: Sequence[str]) -> Json:
        sampling = request.sampling
        options: Json = {
            "num_predict": request.max_tokens,
            "temperature": sampling.temperature,
            "stop": list(stops),
        }
        if sampling.temperature > 0:
            options |= {
                "top_p": sampling.top_p,
                "top_k": sampling.top_k or 40,
                "min_p": sampling.min_p,
                "seed": sampling.seed,
            }
        if sampling.presence_penalty:
            options["presence_penalty"] = sampling.presence_penalty
        body: Json = {"model": self.facts.model, "stream": True, "options": options}
        # A prompt that was cut in its middle would be answered as if nothing were missing.
        body |= {"truncate": False, "shift": False}
        if request.reply_schema is not None:
            body["format"] = request.reply_schema
        if request.scored:
            body["logprobs"] = True
        return body
