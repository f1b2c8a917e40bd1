"""Servers that need few words of their own."""

from qwen_lsp.engine.endpoint.servers.base import Facts, Server


class LmStudio(Server):
    """LM Studio. Source: lmstudio.ai/docs, "OpenAI Compatibility API"."""

    title = "LM Studio"
    takes_raw_prompts = True
    more_samplers = True


class TransformersServe(Server):
    """`transformers serve`: prompts as they are, and nothing to hold a reply to.

    It refuses a request with a word that it does not know.
    """

    title = "transformers serve"
    takes_raw_prompts = True
    holds_chat_to_schema = False


class OtherServer(Server):
    """None of those that we know; whether it takes raw prompts was tried."""

    def __init__(self, facts: Facts, *, takes_raw_prompts: bool) -> None:
        super().__init__(facts)
        self.takes_raw_prompts = takes_raw_prompts
