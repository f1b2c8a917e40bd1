"""The server that llama-cpp-python brings. Source: llama_cpp/server/app.py and types.py there."""

from qwen_lsp.engine.endpoint.connection import Json
from qwen_lsp.engine.endpoint.servers.base import Server
from qwen_lsp.engine.requests import GenerateRequest


class LlamaCppPython(Server):
    """Takes prompts as text, and grammars. It tells scores only where it keeps all logits."""

    title = "llama-cpp-python"
    takes_raw_prompts = True
    fills_holes = True
    holds_to_grammar = True
    more_samplers = True

    def raw_extras(self, request: GenerateRequest) -> Json:
        return {"grammar": request.reply_grammar} if request.reply_grammar else {}

    def chat_extras(self, request: GenerateRequest) -> Json:
        if request.reply_schema is None:
            return {}
        return {"response_format": {"type": "json_object", "schema": request.reply_schema}}
