"""What a review is compared with: the same model, asked plainly for findings as JSON.

The file is shown with numbers of lines, and the reply may be as long as all replies of a review of
it together. Nothing is checked: a finding is what the reply says in a line that is there.
"""

import json
import re
from typing import Any

from qwen_lsp.engine.requests import Chat, Engine, GenerateRequest, Generation, Message, Priority
from qwen_lsp.text import Document, Span

NAME = "bare plain"
_MOST_TOKENS = 256
_SYSTEM = "You are a careful code reviewer."
_QUESTION = """Review this {language} code and report its bugs.

```
{code}
```

Reply with JSON only: {{"findings": [{{"line": <number>, "message": "<what is wrong>"}}]}}. \
Give an empty list if there is no bug."""
_JSON = re.compile(r"\{.*\}", re.DOTALL)


async def ask_plainly(engine: Engine, document: Document) -> tuple[list[Span], Generation]:
    """Return the lines that the model finds fault with, its first one first; raises EngineError."""
    lines = document.lines
    code = "\n".join(f"{number + 1}: {lines.text(number)}" for number in range(lines.count))
    question = _QUESTION.format(language=document.language_id, code=code)
    chat = Chat((Message("system", _SYSTEM), Message("user", question)))
    generation = await engine.generate(GenerateRequest(chat, _MOST_TOKENS, Priority.REVIEW))
    numbers = [number - 1 for number in _numbers(generation.text)]
    found = [number for number in numbers if 0 <= number < lines.count]
    return [Span(lines.start(number), lines.end(number)) for number in found], generation


def _numbers(text: str) -> list[int]:
    """Return the numbers of lines in a reply, none where it is no such JSON."""
    match = _JSON.search(text)
    try:
        raw: Any = json.loads(match[0]) if match else {}
        return [int(finding["line"]) for finding in raw["findings"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
