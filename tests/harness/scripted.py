"""An engine for the tests of features: it says what a case tells it to say."""

from collections.abc import Callable, Sequence

from qwen_lsp.engine.requests import Chat, Finish, GenerateRequest, Generation, Infill, ModelFacts
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates

_PIECE = 3


class ScriptedEngine:
    """Answers with `replies` in order, in small pieces, and keeps the requests.

    A request for which no reply is left fails the test. `finish` is why the last reply ended.
    """

    def __init__(
        self, replies: Sequence[str], finish: Finish = "end", facts: ModelFacts | None = None
    ) -> None:
        self.replies = list(replies)
        self.facts = facts
        self.requests: list[GenerateRequest] = []
        self._finish: Finish = finish

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        self.requests.append(request)
        assert self.replies, f"the script has no reply for request {len(self.requests)}"
        reply = self.replies.pop(0)
        for end in range(_PIECE, len(reply) + _PIECE, _PIECE):
            text = reply[:end]
            stop = min((at for at in map(text.find, request.stops) if at >= 0), default=-1)
            if stop >= 0:
                return Generation(text[:stop], "stop")
            if on_text is not None:
                on_text(text)
            if enough is not None and enough(text):
                return Generation(text, "enough")
        return Generation(reply, "end" if self.replies else self._finish)

    def prompt_text(self, number: int) -> str:
        """Return what the model was told in a request, without the reply's beginning."""
        prompt = self.requests[number].prompt
        if isinstance(prompt, Infill):
            return prompt.prefix + prompt.middle
        return "\n".join(message.text for message in prompt.messages)

    def reply_start(self, number: int) -> str:
        """Return how the reply was begun for the model."""
        prompt = self.requests[number].prompt
        return prompt.reply_start if isinstance(prompt, Chat) else prompt.middle


def scripted_model(engine: ScriptedEngine, *, explains: bool = False) -> LocalModel:
    return LocalModel(engine, Templates(), explains=explains)
