"""The typing trace: the same everywhere, in the middle of a long file, every answer the model's."""

import asyncio
from itertools import pairwise

from qwen_lsp.evaluation.trace import Trace, longest_stall, type_along, typing_trace
from qwen_lsp.features.model import LocalModel
from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import Settings
from qwen_lsp.text import Document
from tests.harness.measured import MeasuredEngine


def small_trace() -> Trace:
    typed = "def add(a, b):\n    return"
    return Trace("import os\n\n\n", typed, "\n\n\nprint(os)\n", len(typed) - 4, (0, 5, 19, 25))


def test_the_cursor_stands_in_the_middle_of_a_long_file() -> None:
    trace = typing_trace()
    assert trace.before.count("\n") >= 256
    assert trace.after.count("\n") >= 64
    assert trace == typing_trace()


def test_the_file_is_sound_before_and_after() -> None:
    trace = typing_trace()
    python = language_for_id("python")
    assert python is not None
    for text in (trace.code, trace.document(len(trace.typed)).text):
        assert count_syntax_errors(parse(python, text)) == 0


def test_one_asks_after_every_one_to_three_keys() -> None:
    trace = typing_trace()
    assert trace.stops[0] == 0
    typed = [trace.typed[start:stop] for start, stop in pairwise(trace.stops)]
    keys = [len(text) - sum(map(len, indentations(text))) for text in typed]
    assert set(keys) == {1, 2, 3}
    assert trace.keys - 3 < sum(keys) <= trace.keys


def test_a_line_end_brings_its_indentation() -> None:
    trace = typing_trace()
    for stop in trace.stops:
        line = trace.typed[:stop].rpartition("\n")[2]
        rest = trace.typed[stop:]
        assert line.strip() or "\n" not in trace.typed[:stop] or not rest.startswith(" ")


def test_the_document_holds_what_was_typed_so_far() -> None:
    trace = small_trace()
    document = trace.document(5)
    assert document.text == "import os\n\n\ndef a\n\n\nprint(os)\n"
    assert document.text[: trace.offset(5)].endswith("def a")
    assert document.version != trace.document(19).version


async def test_the_model_is_asked_at_every_stop() -> None:
    engine = MeasuredEngine(reply=" + 1")
    model = LocalModel(engine, Templates())
    asked = await type_along(small_trace(), model, Settings())
    assert [each.stop for each in asked] == [0, 5, 19, 25]
    assert [each.request for each in asked] == engine.requests
    assert [each.tokens_read for each in asked] == [2, 2, 2, 2]
    assert model.engine is engine


async def test_another_is_asked_in_turns_at_the_same_places() -> None:
    engine = MeasuredEngine(reply=" + 1")
    seen: list[tuple[int, int]] = []

    async def beside(document: Document, offset: int) -> None:
        await asyncio.sleep(0)
        assert document.text[:offset].endswith(small_trace().typed[: document.version])
        seen.append((document.version, len(engine.requests)))

    await type_along(small_trace(), LocalModel(engine, Templates()), Settings(), beside)
    assert seen == [(0, 1), (5, 2), (19, 3), (25, 4)]


async def test_a_suggestion_is_not_remembered() -> None:
    # After "def" the model writes what is typed next; another editor would not ask again.
    engine = MeasuredEngine(reply=" add(a, b):")
    trace = Trace("x = 1\n\n\n", "def add(a", "\n", 9, (3, 5, 7, 9))
    asked = await type_along(trace, LocalModel(engine, Templates()), Settings())
    assert len(asked) == 4


async def test_a_stall_of_the_event_loop_is_seen() -> None:
    watch = asyncio.ensure_future(longest_stall(every_ms=1.0))
    await asyncio.sleep(0.05)
    watch.cancel()
    assert await watch >= 0.0


def indentations(text: str) -> list[str]:
    return [line[: len(line) - len(line.lstrip(" "))] for line in text.split("\n")[1:]]
