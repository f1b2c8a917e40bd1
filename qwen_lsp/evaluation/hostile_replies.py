"""Replies that are made up to do harm: what small models get wrong, and worse."""

import random
from collections.abc import Callable

from qwen_lsp.engine.requests import Chat, GenerateRequest, Generation, ModelFacts

_MOST_PIECE = 40
_WORDS = (
    "Sure! Here is the function:\n\n```\n",
    "\n```\n\nThis version is simpler.\n",
    "```python\n",
    "    ```\n",
    '"""',
    "*/",
    "/*",
    "}\n",
    "{\n",
    "end\n",
    "\treturn x\n",
    "  return x\n",
    "return x",
    "    pass\n",
    "def other(a):\n    return a\n",
    "function other(a) { return a; }\n",
    "int | None",
    "list[str]",
    "Dict[str,",
    "",
    "\n\n",
    "\r\n",
    "\0",
    "é\u2028",
)


class HostileEngine:
    """Answers with pieces of the prompt's own code, cut, shifted and mixed with other text.

    The same for the same seed. It respects stops, as an engine does.
    """

    facts: ModelFacts | None = None

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - replies, no secret

    async def generate(
        self,
        request: GenerateRequest,
        *,
        enough: Callable[[str], bool] | None = None,
        on_text: Callable[[str], None] | None = None,
    ) -> Generation:
        """Return a reply that is made up; see `requests.Engine`."""
        text = self._reply(request)
        stop = min((at for at in map(text.find, request.stops) if at >= 0), default=-1)
        if stop >= 0:
            return Generation(text[:stop], "stop")
        if on_text is not None:
            on_text(text)
        if enough is not None:
            for end in range(1, len(text) + 1):
                if enough(text[:end]):
                    return Generation(text[:end], "enough")
        return Generation(text, self._chance.choice(("end", "end", "length")))

    def _reply(self, request: GenerateRequest) -> str:
        """Return what a model might: the code again, spoilt in one way or in several."""
        prompt = request.prompt
        if not isinstance(prompt, Chat):
            return self._chance.choice(_WORDS)
        code = _fenced(prompt.messages[-1].text)
        text = code.removeprefix(prompt.reply_start.partition("\n")[2])
        for _ in range(self._chance.randint(0, 2)):
            text = self._chance.choice(_WAYS)(text, self._chance)
        return text


def _cut(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


def _without_a_line(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def _shifted(text: str, chance: random.Random) -> str:
    by = chance.choice((" ", "  ", "    ", "\t"))
    lines = text.split("\n")
    start = chance.randrange(len(lines))
    return "\n".join(by + line if number >= start else line for number, line in enumerate(lines))


def _dedented(text: str, _: random.Random) -> str:
    return "\n".join(line.removeprefix("    ").removeprefix("\t") for line in text.split("\n"))


def _with_words(text: str, chance: random.Random) -> str:
    place = chance.choice((0, len(text), chance.randint(0, len(text))))
    return text[:place] + chance.choice(_WORDS) + text[place:]


def _without_a_piece(text: str, chance: random.Random) -> str:
    start = chance.randint(0, len(text))
    return text[:start] + text[start + chance.randint(1, _MOST_PIECE) :]


def _twice(text: str, _: random.Random) -> str:
    return f"{text}\n{text}"


def _only_words(_: str, chance: random.Random) -> str:
    return "".join(chance.choices(_WORDS, k=chance.randint(1, 3)))


_WAYS: tuple[Callable[[str, random.Random], str], ...] = (
    _cut,
    _without_a_line,
    _shifted,
    _dedented,
    _with_words,
    _without_a_piece,
    _twice,
    _only_words,
)


def _fenced(text: str) -> str:
    """Return the last code block of a message."""
    pieces = text.split("```")
    return pieces[-2].partition("\n")[2] if len(pieces) > 2 else text
