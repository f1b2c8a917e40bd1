"""Where no change helps, the line that surprises the model most is the one that is shown."""

from collections.abc import Callable
from typing import Any

from qwen_lsp.engine.requests import GenerateRequest, Generation, Infill, TokenScore
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.review import functions_to_review, review_function
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import ReviewSettings
from qwen_lsp.text import Document

CODE = """\
def label(name, count):
    '''label('ant', 2) == '2 ants' '''
    what = name.strip()
    many = count + 0
    return what + many
"""


class SurprisedEngine:
    """Writes another line everywhere, and finds `unlikely` far less likely than any other."""

    facts = None

    def __init__(self, unlikely: str) -> None:
        self.unlikely = unlikely
        self.requests: list[GenerateRequest] = []

    async def generate(
        self, request: GenerateRequest, **_callbacks: Callable[[str], Any] | None
    ) -> Generation:
        self.requests.append(request)
        assert isinstance(request.prompt, Infill)
        assert request.scored
        log_probability = -30.0 if self.unlikely in request.reply_grammar else -2.0
        scores = (TokenScore("", log_probability),)
        return Generation("    raise ValueError(name)\n", "end", scores=scores)


async def found(unlikely: str, settings: ReviewSettings) -> list[str]:
    engine = SurprisedEngine(unlikely)
    (target,) = functions_to_review(Document("file:///a.py", "a.py", "python", 1, CODE))
    findings = await review_function(target, LocalModel(engine, Templates()), settings)
    assert all(finding.instead == "" for finding in findings)
    return [f"{finding.quote} | {finding.message}" for finding in findings]


async def test_it_is_the_line_that_surprises_most() -> None:
    said = "`label('ant', 2)` raises TypeError, but its documentation says '2 ants'."
    for line in ("what = name.strip()", "many = count + 0", "return what + many"):
        assert await found(line, ReviewSettings()) == [f"{line} | {said}"]


async def test_the_sentence_is_in_the_language_that_is_set() -> None:
    (german,) = await found("many", ReviewSettings(language="German"))
    assert german.endswith("löst TypeError aus, laut Dokumentation ergibt es '2 ants'.")
    (other,) = await found("many", ReviewSettings(language="Klingon"))
    assert "raises TypeError" in other
