"""vLLM's server. Source: docs.vllm.ai, "OpenAI-Compatible Server" and "Structured Outputs"."""

from collections.abc import Sequence

from qwen_lsp.engine.endpoint.connection import Connection, Json
from qwen_lsp.engine.endpoint.servers.base import Call, Server, table_of
from qwen_lsp.engine.requests import GenerateRequest, Message


class Vllm(Server):
    """Takes prompts as text or tokens, and knows grammars; holes only by the model's own tokens."""

    title = "vLLM"
    takes_raw_prompts = True
    holds_raw_to_schema = True
    holds_to_grammar = True
    tells_scores = True
    more_samplers = True

    def raw_extras(self, request: GenerateRequest) -> Json:
        extras = super().raw_extras(request)
        if request.reply_schema is not None:
            extras["structured_outputs"] = {"json": request.reply_schema}
        elif request.reply_grammar:
            extras["structured_outputs"] = {"grammar": request.reply_grammar}
        return extras

    def chat_call(
        self, request: GenerateRequest, messages: Sequence[Message], stops: Sequence[str]
    ) -> Call:
        call = super().chat_call(request, messages, stops)
        call.body["chat_template_kwargs"] = {"enable_thinking": False}
        return call

    async def tokens_of(self, connection: Connection, text: str, *, control: bool) -> list[int]:
        # It takes special tokens wherever it sees them, so plain text is cut within each.
        pieces = [text] if control else text.replace("<|", "<\0|").split("\0")
        tokens: list[int] = []
        for piece in pieces:
            body = {"model": self.facts.model, "prompt": piece, "add_special_tokens": False}
            tokens += table_of(await connection.post("/tokenize", body)).get("tokens", [])
        return tokens
