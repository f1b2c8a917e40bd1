"""A prompt as tokens, and the places in it that are worth a checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from qwen_lsp.engine.backends.llama_cpp.checkpoints import Kind
from qwen_lsp.engine.backends.llama_cpp.weights import Weights
from qwen_lsp.engine.chat import render_chat
from qwen_lsp.engine.requests import Chat, EngineError, Infill


@dataclass(frozen=True)
class TokenPrompt:
    """`places` maps how many tokens stand before a place to what kind of place it is."""

    tokens: list[int]
    places: dict[int, int] = field(default_factory=dict[int, int])


def infill_prompt(weights: Weights, prompt: Infill) -> TokenPrompt:
    """Return the files, prefix, suffix, middle, each behind its token; raises EngineError."""
    if not weights.can_infill:
        raise EngineError("This model was not trained to fill holes in code.")
    before, behind, middle = weights.infill_tokens
    prefix_tokens = weights.tokenize(prompt.prefix)
    middle_tokens = weights.tokenize(prompt.middle)
    tokens = [*weights.start_tokens(), *_repository(weights, prompt)]
    places = {len(tokens): Kind.PART + 2} if prompt.files else {}
    tokens += [before, *prefix_tokens]
    places[len(tokens)] = int(Kind.PART)
    prefix_end = len(tokens)
    tokens += [behind, *weights.tokenize(prompt.suffix), middle]
    places[len(tokens)] = Kind.PART + 1
    tokens += middle_tokens
    for number, distance in enumerate(prompt.marks):
        if not 0 < distance <= len(prompt.prefix) + len(prompt.middle):
            continue
        if distance <= len(prompt.middle):
            text, end, part = prompt.middle, len(tokens), middle_tokens
        else:
            text, end, part = prompt.prefix, prefix_end, prefix_tokens
            distance -= len(prompt.middle)  # noqa: PLW2901 - from the end of this part
        rest = text[max(0, len(text) - distance) :].encode("utf-8", "replace")
        places.setdefault(end - _tokens_at_end(weights, part, len(rest)), Kind.MARK + number)
    return TokenPrompt(tokens, places)


def chat_prompt(
    weights: Weights, template: str, prompt: Chat, options: Iterable[tuple[str, bool]]
) -> TokenPrompt:
    """Return a conversation in the model's own format; raises EngineError."""
    tokens = weights.start_tokens()
    places: dict[int, int] = {}
    for number, part in enumerate(render_chat(template, prompt, dict(options))):
        places[len(tokens)] = Kind.PART + number
        tokens += weights.tokenize(part.text, control=part.control)
    return TokenPrompt(tokens, places)


def _repository(weights: Weights, prompt: Infill) -> list[int]:
    """Return the parts of other files, as the model was trained to be shown them."""
    if not prompt.files:
        return []
    if not weights.repository_tokens:
        return weights.tokenize("\n".join((*prompt.files, prompt.here)))
    name, part = weights.repository_tokens
    tokens = [name, *weights.tokenize(f"{prompt.repository}\n")]
    for file in (*prompt.files, prompt.here):
        tokens += [part, *weights.tokenize(file)]
    return tokens


def _tokens_at_end(weights: Weights, tokens: list[int], size: int) -> int:
    """Return how many of the last tokens hold the last `size` bytes; one may begin before them."""
    count = 0
    for token in reversed(tokens):
        if size <= 0:
            break
        size -= len(weights.piece(token))
        count += 1
    return count
