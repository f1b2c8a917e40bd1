"""The catalogue: one TOML card for each model that qwen-lsp knows by name.

A card says what a model is, what it needs, how it likes to be sampled and where its file can be
had. Adding a model is adding a card. Loading and choosing models is left to other rooms.
"""

import difflib
import re
from functools import cache
from importlib import resources

from qwen_lsp.models.card_file import read_card
from qwen_lsp.models.errors import ModelError
from qwen_lsp.models.model_card import ModelCard, Sampling

__all__ = ["ModelCard", "Sampling", "all_cards", "card", "card_named_in"]


@cache
def all_cards() -> tuple[ModelCard, ...]:
    """Return every card, the largest model first."""
    folder = resources.files("qwen_lsp.models") / "cards"
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    cards = [read_card(file.read_text("utf-8"), file.name) for file in files]
    return tuple(sorted(cards, key=lambda card: (-card.parameters, card.id)))


def card(model_id: str) -> ModelCard:
    """Return the card called `model_id`; ModelError names the near matches."""
    known = {each.id: each for each in all_cards()}
    if found := known.get(model_id.strip().lower()):
        return found
    near = difflib.get_close_matches(model_id.lower(), known, n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}."
    raise ModelError(f"There is no model called {model_id!r}; {hint}")


def card_named_in(name: str) -> ModelCard | None:
    """Return the card of the model that another program calls `name`, such as a server.

    Names of one model differ in case, signs and what stands around: Qwen/Qwen2.5-Coder-7B-Instruct.
    """
    found = [card for card in all_cards() if _letters(card.id) in _letters(name)]
    return max(found, key=lambda card: len(card.id), default=None)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
