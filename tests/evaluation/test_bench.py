"""The order of the measurements, and what becomes of them in words and on a page."""

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from qwen_lsp.engine.pace import fitting_context_tokens
from qwen_lsp.engine.requests import Generation, Speed
from qwen_lsp.evaluation import bench as bench_module
from qwen_lsp.evaluation import waiting
from qwen_lsp.evaluation.bench import Bench, measure
from qwen_lsp.evaluation.bench_page import page
from qwen_lsp.evaluation.bench_tables import as_text, tables
from qwen_lsp.evaluation.kills import KillFigures
from qwen_lsp.evaluation.peer import Peer, PeerError
from qwen_lsp.evaluation.speeds import Speculation
from qwen_lsp.evaluation.spread import Spread
from qwen_lsp.evaluation.trace import typing_trace
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.settings import ContextSettings, Settings
from tests.harness.measured import COST, LlamaServer, MeasuredEngine, llama_server
from tests.harness.scripted_backend import FACTS

KILLS = KillFigures(
    kills=3,
    requests=50,
    suggestions=40,
    empty=6,
    errors=4,
    unanswered=0,
    error_texts=("The engine <ended>.",),
    reload_ms=Spread.of([1000, 2000]),
    longest_answer_ms=3000,
    longest_beyond_reload_ms=800,
    orphans=0,
    left_locks=0,
    left_files=(),
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    short = replace(typing_trace(), stops=typing_trace().stops[:8])
    monkeypatch.setattr(bench_module, "typing_trace", lambda: short)
    monkeypatch.setattr(bench_module, "others", lambda: "5 % of the CPU busy")
    monkeypatch.setattr(waiting, "_PAUSE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(waiting, "_REVIEW_HEAD_START_SECONDS", 0.0)


@pytest.fixture
def server() -> Iterator[LlamaServer]:
    with llama_server() as serving:
        yield serving


async def measured(
    engine: MeasuredEngine, peer: Peer | None = None, settings: Settings | None = None
) -> Bench:
    model = LocalModel(engine, Templates())
    return await measure(model, engine, settings or Settings(), peer, lambda _step: None)


async def test_the_engine_is_started_anew_and_all_is_measured() -> None:
    engine = MeasuredEngine()
    bench = await measured(engine)
    assert engine.calls[:3] == ["start", "restart", "start"]
    assert (bench.load_ms, bench.model, bench.threads) == (250.0, "scripted", 2)
    assert bench.typing.tokens_read == Spread.of([2] * bench.typing.requests)
    assert bench.typing.tokens_per_key == pytest.approx(2 * bench.typing.requests / 166)
    assert bench.typing.late == 0
    assert set(bench.throughput) == {"1", "2", "4", "8"}
    assert bench.review.review_requests > 0
    assert bench.engine.memory_bytes == 700_000_000
    assert (bench.peer, bench.kills) == (None, None)


async def test_the_first_request_stands_apart() -> None:
    def costs() -> Iterator[Generation]:
        yield replace(COST, prompt_tokens=400, reused_tokens=0)
        while True:
            yield COST

    class Cold(MeasuredEngine):
        """Its first request of the trace reads everything."""

        async def generate(self, request: object, **callbacks: object) -> Generation:  # pyright: ignore[reportIncompatibleMethodOverride]
            generation = await super().generate(request, **callbacks)  # pyright: ignore[reportArgumentType]
            is_typing = bool(getattr(request, "supersedes", ""))
            cost = next(left) if is_typing else COST
            return replace(cost, text=generation.text)

    left = costs()
    bench = await measured(Cold())
    assert bench.typing.cold_tokens == 400
    assert bench.typing.tokens_read.longest == 2


async def test_what_the_engine_does_not_say_is_a_dash() -> None:
    bench = await measured(MeasuredEngine())
    assert bench.engine.checkpoints is None
    words = {row[0]: row[1] for table in tables(bench) for row in table.rows}
    assert words["checkpoints"] == "-"
    assert words["by the engine"] == "prompt -, generation -, measured once and kept"


async def test_what_the_engine_says_is_told() -> None:
    engine = MeasuredEngine()
    engine.said |= {"checkpoints": 3, "checkpoint_bytes": 5_000_000, "restore_ms": 0.06}
    bench = await measured(engine)
    bench = replace(bench, speculation=Speculation(30.0, 51.0, 1.7, 120, 80, True))
    words = {row[0]: row[1] for table in tables(bench) for row in table.rows}
    assert words["checkpoints"] == "3, 5 MB, restored in 0.06 ms"
    assert words["speculation"] == (
        "1.70 times as fast (30 to 51 tokens/s), 80 of 120 drafted tokens accepted, same text"
    )


async def test_the_size_of_prompts_is_the_engines_or_the_users() -> None:
    engine = MeasuredEngine(facts=replace(FACTS, speed=Speed(400.0, 10.0, 20.0, 8)))
    fitted = await measured(engine)
    assert fitted.is_fitted
    assert fitted.context_tokens == fitting_context_tokens(engine.facts.speed, 4000)
    assert "fitted to the engine's speed" in as_text(tables(fitted))
    chosen = await measured(engine, settings=Settings(context=ContextSettings(max_tokens=256)))
    assert (chosen.context_tokens, chosen.is_fitted) == (256, False)
    assert "256 tokens of context at most\n" in as_text(tables(chosen))


async def test_a_peer_stands_beside(server: LlamaServer) -> None:
    bench = await measured(MeasuredEngine(), Peer(server.url))
    assert bench.peer is not None
    assert bench.peer.requests == bench.typing.requests == len(server.bodies) - 1
    (beside,) = [table for table in tables(bench) if table.columns]
    rows = {row[0]: row[1:] for row in beside.rows}
    assert rows["tokens read, p50"] == ("2", "400", "0.01")
    assert rows["first token, ms, p50"] == ("10", "4000", "0.00")
    assert "peer.gguf" in beside.title


async def test_a_peer_that_is_not_there_is_noticed_first() -> None:
    with llama_server() as gone:
        url = gone.url
    engine = MeasuredEngine()
    with pytest.raises(PeerError):
        await measured(engine, Peer(url))
    assert not engine.calls


async def test_everything_stands_in_the_text_and_on_the_page(server: LlamaServer) -> None:
    bench = await measured(MeasuredEngine(), Peer(server.url))
    bench = replace(bench, model="<b>model</b>", kills=KILLS)
    found = tables(bench)
    cells = [cell for table in found for row in table.rows for cell in row]
    text, html = as_text(found), page(found, bench.model)
    assert all(cell in text for cell in cells)
    shown = Page()
    shown.feed(html)
    assert all(cell in shown.text for cell in cells)
    assert "<b>" not in html
    assert shown.addresses == []


class Page(HTMLParser):
    """The words of a page, and the addresses that it would load from."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.addresses: list[str | None] = []

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("link", "script", "img")
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
