"""Ghost text: what could stand at the cursor.

The way of a keystroke: suggestions (did we just say this?), gate (is it worth asking?), context,
prompt, engine, tidying.
"""

import asyncio
import logging
import re
import time
from dataclasses import dataclass

from qwen_lsp.engine.requests import EngineError, Priority
from qwen_lsp.features.accepting import Served
from qwen_lsp.features.asking import ask
from qwen_lsp.features.gate import is_switched_off, reason_to_stay_silent
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.project import Project
from qwen_lsp.features.suggestions import Known, Suggestion
from qwen_lsp.features.tidying import replaced_span, tidy
from qwen_lsp.features.tidying.block import has_block_ended
from qwen_lsp.features.tidying.place import Place, place_at
from qwen_lsp.features.under_way import Work
from qwen_lsp.languages import language_for_id
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document

_log = logging.getLogger(__name__)

# Who asks by a key waits for an answer; who types does not.
_EXPLICIT_DEADLINE_MS = 30_000
# Drawing by chance brings the same text again now and then; after so many rounds it stays so.
_ROUNDS_OF_ALTERNATIVES = 2
_BLANK_LINES = re.compile(r"\A(?:[ \t]*(?:\r\n|\n|\r))+")
_WORD = re.compile(r"\w")
_WORD_END = re.compile(r"\w\Z")


async def complete(
    document: Document,
    offset: int,
    model: LocalModel,
    settings: Settings,
    project: Project,
    *,
    explicit: bool = False,
) -> list[Suggestion]:
    """Return what to suggest at `offset`, the best first; empty where there is nothing good to say.

    There is more than one only for an explicit request. Raises EngineError. A newer call for
    another place of the same document ends this one early.
    """
    inline = settings.inline_completion
    if language_for_id(document.language_id) is None or is_switched_off(document, inline):
        return []
    wanted = inline.alternatives if explicit else 1
    known = project.suggestions.find(document, offset)
    if known is not None and known.asked_for >= wanted and not (explicit and known.is_cut):
        found = list(known.suggestions)
    else:
        deadline_ms = _EXPLICIT_DEADLINE_MS if explicit else inline.deadline_ms
        found = await project.under_way.share(
            Work(document, offset, wanted, is_ahead=False),
            lambda work: _Asker(model, settings, project, work, explicit, deadline_ms).answer(),
            deadline_ms,
        )
    found = found[:wanted]
    project.served[document.uri] = Served(document, tuple(found))
    return found


async def prefetch(
    document: Document, offset: int, model: LocalModel, settings: Settings, project: Project
) -> None:
    """Make the suggestion for `offset` before anybody asks; raises EngineError.

    A request there waits for this one, and a request or a newer call elsewhere ends it.
    """
    inline = settings.inline_completion
    if (
        language_for_id(document.language_id) is None
        or is_switched_off(document, inline)
        or project.suggestions.find(document, offset) is not None
    ):
        return
    await project.under_way.share(
        Work(document, offset, 1, is_ahead=True),
        lambda work: _Asker(model, settings, project, work).answer(),
        inline.deadline_ms,
    )


async def read_ahead(
    document: Document, offset: int, model: LocalModel, settings: Settings, project: Project
) -> None:
    """Let the model read what a request at `offset` would need, before anybody asks.

    Raises EngineError. A request or a newer call for the same document ends this one.
    """
    language = language_for_id(document.language_id)
    if language is None or project.suggestions.find(document, offset) is not None:
        return
    inline = settings.inline_completion
    place = place_at(document, language, offset, multiline=inline.multiline, explicit=False)
    if reason_to_stay_silent(document, place.tree, offset, inline, explicit=False) is None:
        await ask(place, model, settings, project, Priority.AHEAD, max_tokens=0)


@dataclass(frozen=True)
class _Written:
    """A tidied suggestion; it is cut where the time was up before the model had written all."""

    text: str
    is_cut: bool


@dataclass(frozen=True)
class _Asker:
    """Asks the model for the answer that `work` stands for, without haste if without deadline."""

    model: LocalModel
    settings: Settings
    project: Project
    work: Work
    explicit: bool = False
    deadline_ms: int | None = None

    async def answer(self) -> list[Suggestion]:
        """Return the suggestions and remember them."""
        began = time.monotonic()
        document, offset = self.work.document, self.work.offset
        language = language_for_id(document.language_id)
        if language is None:
            return []
        inline = self.settings.inline_completion
        place = place_at(
            document, language, offset, multiline=inline.multiline, explicit=self.explicit
        )
        if reason_to_stay_silent(document, place.tree, offset, inline, explicit=self.explicit):
            return []
        known = self.project.suggestions.find(document, offset)
        if known is None or known.is_cut:
            written = await self._write(place, self.deadline_ms)
            if written is None:
                return []
            known = Known(_suggestions([written.text], place), 1, written.is_cut)
        if self.work.asked_for > 1:
            first = list(known.suggestions)
            deadline_ms = inline.deadline_ms
            if self.deadline_ms is not None:
                spent_ms = round((time.monotonic() - began) * 1000)
                deadline_ms = max(1, min(deadline_ms, self.deadline_ms - spent_ms))
            others = await self._alternatives(place, first, deadline_ms)
            known = Known((*first, *others), self.work.asked_for, known.is_cut)
        if known.suggestions or not known.is_cut:
            self.project.suggestions.remember(document, offset, known)
        return list(known.suggestions)

    async def _alternatives(
        self, place: Place, first: list[Suggestion], deadline_ms: int
    ) -> list[Suggestion]:
        """Return suggestions that differ from the first ones, in more than white space.

        They share the model's calls, and the prompt was read for the first suggestion.
        """
        texts = {_without_space(suggestion.text) for suggestion in first}
        others: list[str] = []
        variation = 0
        for _ in range(_ROUNDS_OF_ALTERNATIVES):
            missing = self.work.asked_for - len(first) - len(others)
            numbers = range(variation + 1, variation + 1 + missing)
            variation += missing
            drawn = [self._draw(place, deadline_ms, number) for number in numbers]
            for text in await asyncio.gather(*drawn):
                if text and _without_space(text) not in texts:
                    texts.add(_without_space(text))
                    others.append(text)
        return list(_suggestions(others, place))

    async def _draw(self, place: Place, deadline_ms: int, variation: int) -> str:
        """Return a text drawn by chance, empty where there is none: the first one is there."""
        try:
            written = await self._write(place, deadline_ms, variation)
        except EngineError as error:
            _log.warning("no further suggestion: %s", error)
            return ""
        return written.text if written is not None else ""

    async def _write(
        self, place: Place, deadline_ms: int | None, variation: int = 0
    ) -> _Written | None:
        """Return what the model suggests, None where the request gave way to a newer one."""
        typed_space = place.before[len(place.before.rstrip(" \t")) :]

        def is_enough(text: str) -> bool:
            self.work.writes.set()
            return has_block_ended(_behind_space(text, typed_space, place), place)

        reply = await ask(
            place,
            self.model,
            self.settings,
            self.project,
            Priority.AHEAD if self.work.is_ahead else Priority.TYPING,
            max_tokens=self.settings.inline_completion.max_tokens,
            deadline_ms=deadline_ms,
            variation=variation,
            enough=is_enough,
        )
        finish = reply.generation.finish
        if finish in ("superseded", "cancelled"):
            return None
        text = reply.text
        if finish in ("deadline", "length"):
            text = _finished_lines(text, place)
        text = tidy(_behind_space(text, typed_space, place), place)
        return _Written(text, finish == "deadline")


def _suggestions(texts: list[str], place: Place) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(text, replaced_span(text, place)) for text in texts if text)


def _without_space(text: str) -> str:
    return "".join(text.split())


def _behind_space(text: str, typed_space: str, place: Place) -> str:
    """Return what the model wrote behind the white space that the user has typed already."""
    begun = place.before.rstrip(" \t")
    if not begun:
        # Code, not a blank line, belongs behind typed indentation; less of it ends the block.
        text = _BLANK_LINES.sub("", text) if typed_space else text
        return text.removeprefix(typed_space) if text.startswith(typed_space) else ""
    if text.startswith(typed_space):
        return text[len(typed_space) :]
    if _WORD_END.search(begun) and _WORD.match(text):
        return ""  # The model went on with the word before the space.
    return text.lstrip(" \t")


def _finished_lines(text: str, place: Place) -> str:
    """Drop a last line that was not finished, and headers whose body did not come.

    Where nothing else is left, the text stays.
    """
    *lines, _ = text.split("\n")
    if place.language.block_style == "indent":
        while lines and lines[-1].rstrip().endswith(":"):
            lines.pop()
    head = "\n".join(lines)
    return head if head.strip() else text
