"""The server that llama-cpp-python brings. Source: llama_cpp/server/app.py and types.py there."""

from qwen_lsp.engine.endpoint.connection import Json
from qwen_lsp.engine.endpoint.servers.base import Server
from qwen_lsp.engine.requests import GenerateRequest

# It tells nobody how much it holds; this is what it holds unless it is started with more.
DEFAULT_CONTEXT_TOKENS = 2048


class LlamaCppPython(Server):
    """Takes prompts as text, and grammars; answers one request at a time."""

    title = "llama-cpp-python"
    takes_raw_prompts = True
    fills_holes = True
    holds_to_grammar = True
    tells_scores = True
    # A second request would end the stream of the first.
    answers_together = False
    more_samplers = True

    def raw_extras(self, request: GenerateRequest) -> Json:
        extras = super().raw_extras(request)
        return extras | ({"grammar": request.reply_grammar} if request.reply_grammar else {})

    def chat_extras(self, request: GenerateRequest) -> Json:
        if request.reply_schema is None:
            return {}
        return {"response_format": {"type": "json_object", "schema": request.reply_schema}}
