"""The bare model: an infill prompt, the likeliest token each time, and nothing done about the end.

It is what the product is compared with. One generation is scored in three ways: as it is, cut
behind its first line, and cut where the first line of the suffix comes. The first line is what
somebody would take who knows that the hole has one line, which the product does not know.
"""

import time
from dataclasses import dataclass, replace
from typing import Literal

from qwen_lsp.engine.requests import (
    Engine,
    GenerateRequest,
    Generation,
    Infill,
    Priority,
    Sampling,
)
from qwen_lsp.evaluation.infill_cases import Hole

BareKind = Literal["psm", "same"]

_MOST_TOKENS = 96

CUTS = ("first line", "at suffix", "uncut")


@dataclass(frozen=True)
class Bare:
    """What the bare model wrote into `hole`, and what it cost."""

    hole: Hole
    text: str
    generation: Generation
    ms: float

    def completion(self, cut: str) -> str:
        """Return the text as it is after a cut of `CUTS`."""
        if cut == "first line":
            return first_line(self.text) + ("\n" if self.hole.middle.endswith("\n") else "")
        return cut_at_suffix(self.text, self.hole.suffix) if cut == "at suffix" else self.text

    def program(self, cut: str) -> str:
        """Return the whole program after a cut."""
        return self.hole.prefix + self.completion(cut) + self.hole.suffix


async def ask_bare(engine: Engine, hole: Hole) -> Bare:
    """Fill the hole of the data, all of prefix and suffix in their usual order (PSM).

    Raises EngineError.
    """
    request = GenerateRequest(Infill(hole.prefix, hole.suffix), _MOST_TOKENS, Priority.TYPING)
    return await _ask(engine, hole, request)


async def ask_bare_again(engine: Engine, hole: Hole, request: GenerateRequest) -> Bare:
    """Fill a hole with the very prompt that the product has asked with; raises EngineError.

    The white space that is typed already was not in it, so it is taken off the reply.
    """
    bare = replace(
        request,
        max_tokens=_MOST_TOKENS,
        stops=(),
        sampling=Sampling(),
        reply_schema=None,
        reply_grammar="",
        deadline_ms=None,
    )
    asked = await _ask(engine, hole, bare)
    typed = hole.prefix[len(hole.prefix.rstrip(" \t")) :]
    return replace(asked, text=asked.text.removeprefix(typed))


async def _ask(engine: Engine, hole: Hole, request: GenerateRequest) -> Bare:
    began = time.monotonic()
    generation = await engine.generate(request)
    return Bare(hole, generation.text, generation, (time.monotonic() - began) * 1000)


def first_line(text: str) -> str:
    """Return the first line that is not blank, with what stands before it and without its end."""
    code = len(text) - len(text.lstrip())
    end = text.find("\n", code)
    return text if end < 0 else text[:end]


def cut_at_suffix(text: str, suffix: str) -> str:
    """Return `text` up to where the first line of the suffix comes, all of it where it does not.

    A suffix that begins with the rest of a line ends the text where a line ends with that rest; one
    that begins with a line end does so where its first line that is not blank stands.
    """
    rest = suffix.partition("\n")[0].rstrip()
    wanted = rest or next((line.rstrip() for line in suffix.split("\n") if line.strip()), "")
    place = 0
    for line in text.splitlines(keepends=True):
        code = line.rstrip()
        if rest and code.endswith(rest):
            return text[: place + len(code) - len(rest)]
        if wanted and not rest and code == wanted:
            return text[:place].removesuffix("\n")
        place += len(line)
    return text
