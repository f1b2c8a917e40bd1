"""llama-server, llama.cpp's own: the one that can nearly everything.

Source: tools/server/README.md of llama.cpp.
"""

from typing import Any

from qwen_lsp.engine.endpoint.connection import Connection, Json
from qwen_lsp.engine.endpoint.servers.base import Call, Facts, Piece, Server, count_of, table_of
from qwen_lsp.engine.requests import GenerateRequest, Infill


class LlamaServer(Server):
    """Knows grammars, the tokens of a text, and the holes of models that we do not know."""

    title = "llama-server"
    takes_raw_prompts = True
    fills_holes = True
    holds_raw_to_schema = True
    holds_to_grammar = True
    holds_to_beginning = True
    tells_scores = True
    reads_ahead = True
    more_samplers = True

    def raw_extras(self, request: GenerateRequest) -> Json:
        extras: Json = {"cache_prompt": True} | super().raw_extras(request)
        if request.reply_schema is not None:
            extras["json_schema"] = request.reply_schema
        elif request.reply_grammar:
            extras["grammar"] = request.reply_grammar
        return extras

    def chat_extras(self, request: GenerateRequest) -> Json:
        return super().chat_extras(request) | {
            "cache_prompt": True,
            "chat_template_kwargs": {"enable_thinking": False},
        }

    def hole_call(self, request: GenerateRequest, hole: Infill) -> Call:
        split = (file.partition("\n") for file in hole.files)
        body = self._body(request, request.stops) | self.raw_extras(request)
        return Call(
            "/infill",
            body
            | {
                "n_predict": request.max_tokens,
                "input_prefix": hole.prefix,
                "input_suffix": hole.suffix,
                "input_extra": [{"filename": name, "text": text} for name, _, text in split],
                "prompt": hole.middle,
            },
        )

    async def tokens_of(self, connection: Connection, text: str, *, control: bool) -> list[int]:
        body = {"content": text, "add_special": False, "parse_special": control}
        return list(table_of(await connection.post("/tokenize", body)).get("tokens", []))

    def read(self, data: Json) -> Piece:
        if "content" not in data:
            return super().read(data)
        # What `/infill` answers is llama.cpp's own form.
        timings = table_of(data.get("timings"))
        ended = "length" if data.get("stop_type") == "limit" else "end"
        return Piece(
            str(data["content"]),
            ended if data.get("stop") else None,
            count_of(data.get("tokens_evaluated")),
            count_of(timings.get("cache_n")),
            count_of(data.get("tokens_predicted")),
        )


def facts_of(props: Json, models: list[Json], wanted: str) -> Facts:
    """Return the facts in the answer of `/props`; `wanted` is the model to ask for."""
    settings = table_of(props.get("default_generation_settings"))
    template: Any = props.get("chat_template")
    trained = table_of(models[0].get("meta")).get("n_ctx_train") if models else None
    return Facts(
        wanted,
        str(props.get("build_info") or ""),
        count_of(settings.get("n_ctx")) or count_of(trained) or 0,
        template if isinstance(template, str) else "",
    )
