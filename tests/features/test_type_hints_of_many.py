"""Type hints for several functions at once: progress, what is left out, and when it is offered."""

from dataclasses import replace

import pytest

from qwen_lsp.engine.requests import GenerateRequest, Generation, TokenScore
from qwen_lsp.features.actions import RefusalError, Site, find_offers, find_site, resolve
from qwen_lsp.features.actions.function_hints import certainty
from qwen_lsp.text import Document, Span, apply_edits
from tests.harness.scripted import ScriptedEngine, scripted_model

CODE = """def first(a):
    return a.b


class Shop:
    def second(self, key="x"):
        return self.load()


def third(z: int) -> None:
    print(z)
"""
KEY = "sk-proj-" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA"


def site(text: str, start: int = 0, end: int = 0) -> Site:
    found = find_site(Document("file:///a.py", "a.py", "python", 1, text), Span(start, end))
    assert found is not None
    return found


class ScoredEngine(ScriptedEngine):
    """An engine that finds each of its replies as likely as it is told."""

    def __init__(self, reply: str, log_probability: float) -> None:
        super().__init__([])
        self._generation = Generation(reply, "enough", scores=(TokenScore(reply, log_probability),))

    async def generate(self, request: GenerateRequest, **_: object) -> Generation:
        self.requests.append(request)
        return self._generation


def test_a_file_and_a_selection_are_offered_from_two_functions_on() -> None:
    titles = [offer.title for offer in find_offers(site(CODE, 0, len(CODE)))]
    assert titles[:2] == ["Add type hints in the selection", "Add type hints in this file"]
    alone = [offer.title for offer in find_offers(site(CODE, 0, 5))]
    assert "Add type hints in the selection" not in alone
    assert (
        find_offers(site(CODE[CODE.index("def third") :]), ("refactor.rewrite.addTypeHints",)) == []
    )


async def test_each_function_is_reported_before_it_is_done() -> None:
    reported: list[tuple[str, float]] = []
    watched = replace(site(CODE), report=lambda what, share: reported.append((what, share)))
    model = scripted_model(ScriptedEngine([" int):", " str:", " bytes:"]))
    rewrite = await resolve(watched, "add_type_hints_in_file", model)
    after = apply_edits(CODE, rewrite.edits)
    assert reported == [("first", 0.0), ("Shop.second", 0.5)]
    assert "def first(a: int) -> str:" in after
    assert 'def second(self, key: str = "x") -> bytes:' in after


async def test_a_function_with_a_key_in_it_is_left_out_and_not_shown() -> None:
    text = CODE.replace("return self.load()", f'return self.load("{KEY}")')
    engine = ScriptedEngine([" int):", " str:"])
    rewrite = await resolve(site(text), "add_type_hints_in_file", scripted_model(engine))
    after = apply_edits(text, rewrite.edits)
    assert "def first(a: int) -> str:" in after
    assert 'def second(self, key="x"):' in after
    assert all(KEY not in engine.prompt_text(number) for number in range(2))


@pytest.mark.parametrize(("log_probability", "is_kept"), [(-0.1, True), (-3.0, False)])
async def test_a_type_that_the_model_is_not_sure_of_is_not_written(
    log_probability: float, is_kept: bool
) -> None:
    text = "def keep(thing) -> None:\n    STORE.append(thing)\n"
    engine = ScoredEngine(" int)", log_probability)
    if not is_kept:
        with pytest.raises(RefusalError, match="no type of keep"):
            await resolve(site(text), "add_type_hints", scripted_model(engine))
        return
    rewrite = await resolve(site(text), "add_type_hints", scripted_model(engine))
    assert "thing: int" in apply_edits(text, rewrite.edits)
    assert engine.requests[0].reply_grammar.startswith("root ::=")


async def test_of_a_type_that_is_half_known_the_rest_may_be_anything() -> None:
    text = 'def load(path: str):\n    return {"path": read(path)}\n'
    engine = ScoredEngine(" dict[str, int]:", -3.0)
    rewrite = await resolve(site(text), "add_type_hints", scripted_model(engine))
    assert "-> dict[str, Any]:" in apply_edits(text, rewrite.edits)


@pytest.mark.parametrize(
    ("pattern", "log_probabilities", "sure"),
    [
        ("?", [-1.0, 0.0, 0.0, -1.0, -9.0], 2.0),
        ("dict[str, ?]", [-9.0, -9.0, 0.0, -1.0, -9.0], 1.0),
    ],
)
def test_only_what_stands_in_the_holes_counts(
    pattern: str, log_probabilities: list[float], sure: float
) -> None:
    pieces = [" dict", "[str", ", ", "int", "]:"]
    scores = tuple(map(TokenScore, pieces, log_probabilities))
    found = certainty(Generation("", "end", scores=scores), "".join(pieces), pattern)
    extra = 9.0 if pattern == "?" else 0.0  # The closing bracket is a part of the type.
    assert found == pytest.approx(2.718281828 ** -(sure + extra))
