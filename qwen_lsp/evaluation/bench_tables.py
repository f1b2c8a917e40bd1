"""The figures of `bench` in words: the same tables for a terminal and for a page."""

from collections.abc import Iterator
from dataclasses import dataclass

from qwen_lsp.evaluation.bench import Bench, EngineFigures
from qwen_lsp.evaluation.kills import KillFigures
from qwen_lsp.evaluation.peer import PeerFigures
from qwen_lsp.evaluation.speeds import Speculation
from qwen_lsp.evaluation.spread import Spread

_UNKNOWN = "-"


@dataclass(frozen=True)
class Table:
    """Rows below a title. `columns` is empty where each row explains itself: name and value."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()


def tables(bench: Bench) -> list[Table]:
    """Return everything that was measured."""
    found = [_model(bench), _typing(bench), _waiting(bench), _work(bench), _memory(bench)]
    if bench.peer is not None:
        found.append(_peer(bench, bench.peer))
    if bench.kills is not None:
        found.append(_kills(bench.kills))
    return found


def as_text(found: list[Table]) -> str:
    """Return the tables for a terminal."""
    return "\n\n".join("\n".join(_lines(table)) for table in found)


def _lines(table: Table) -> Iterator[str]:
    rows = [table.columns, *table.rows] if table.columns else list(table.rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield table.title
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield ("  " + "  ".join(cells)).rstrip()


def _model(bench: Bench) -> Table:
    return Table(
        "Model",
        (
            ("model", bench.model),
            ("machine", f"{bench.machine}, {bench.threads} threads"),
            ("before", bench.others),
            ("measured in", f"{bench.took_seconds:.0f} s"),
            ("load", _ms(bench.load_ms)),
            ("prompt", _speed(bench.prompt_speed)),
            ("generation", _speed(bench.generation_speed)),
            (
                "by the engine",
                _engine_speeds(bench.engine),
            ),
        ),
    )


def _engine_speeds(engine: EngineFigures) -> str:
    prompt, generation = _speed(engine.prompt_speed), _speed(engine.generation_speed)
    return f"prompt {prompt}, generation {generation}, measured once and kept"


def _typing(bench: Bench) -> Table:
    typing = bench.typing
    return Table(
        f"Typing {typing.keys} keys, {bench.context_tokens} tokens of context at most"
        + (", fitted to the engine's speed" if bench.is_fitted else ""),
        (
            ("first request", f"{_ms(typing.cold_ms)}, {typing.cold_tokens} tokens read"),
            ("requests after it", str(typing.requests)),
            ("prompt", f"{_spread(typing.prompt_tokens)} tokens"),
            ("read per request", f"{_spread(typing.tokens_read)} tokens"),
            ("read per key", f"{typing.tokens_per_key:.1f} tokens (mean)"),
            ("written", f"{_spread(typing.tokens_written)} tokens"),
            ("first token", f"{_spread(typing.first_token_ms)} ms"),
            (
                "suggestion",
                f"{_spread(typing.suggestion_ms)} ms; {typing.late} cut off by the deadline",
            ),
            ("longest stall", f"{_ms(typing.loop_stall_ms)} of the asking event loop"),
        ),
    )


def _waiting(bench: Bench) -> Table:
    cancel, review = bench.cancel, bench.review
    return Table(
        "Waiting",
        (
            ("cancel to idle", f"{_slowest(cancel.reading_ms)}, reading a prompt"),
            ("", f"{_slowest(cancel.writing_ms)}, writing"),
            (
                "typing in a review",
                f"first token after {_p50_and_p99(review.first_token_ms)}",
            ),
            (
                "",
                f"without one after {_p50_and_p99(review.quiet_ms)}",
            ),
            ("", f"{review.review_requests} requests of the review answered meanwhile"),
        ),
    )


def _work(bench: Bench) -> Table:
    together = ", ".join(f"{speed:.0f} ({count})" for count, speed in bench.throughput.items())
    return Table(
        "Work",
        (
            ("speculation", _speculation(bench.speculation)),
            ("together", f"{together} tokens/s (requests at once)"),
        ),
    )


def _speculation(figures: Speculation) -> str:
    accepted = f"{figures.accepted_tokens} of {figures.drafted_tokens} drafted"
    same = "same text" if figures.same_text else "ANOTHER TEXT"
    return (
        f"{figures.speed_up:.2f} times as fast ({figures.plain_speed:.0f} to "
        f"{figures.drafted_speed:.0f} tokens/s), {accepted} tokens accepted, {same}"
    )


def _memory(bench: Bench) -> Table:
    return Table(
        "Memory",
        (
            ("engine", _megabytes(bench.engine.memory_bytes)),
            ("this process", _megabytes(bench.asking_bytes)),
            ("checkpoints", _checkpoints(bench.engine)),
        ),
    )


def _checkpoints(engine: EngineFigures) -> str:
    if engine.checkpoints is None:
        return _UNKNOWN
    restored = _UNKNOWN if engine.restore_ms is None else f"{engine.restore_ms:.2f} ms"
    return f"{engine.checkpoints}, {_megabytes(engine.checkpoint_bytes)}, restored in {restored}"


def _peer(bench: Bench, peer: PeerFigures) -> Table:
    ours = bench.typing
    pairs = (
        ("first request, ms", ours.cold_ms, peer.cold_ms),
        ("tokens read by it", ours.cold_tokens, peer.cold_tokens),
        ("tokens in a prompt, p50", ours.prompt_tokens.p50, peer.prompt_tokens.p50),
        ("tokens read, p50", ours.tokens_read.p50, peer.tokens_read.p50),
        ("tokens read, p95", ours.tokens_read.p95, peer.tokens_read.p95),
        ("tokens written, p50", ours.tokens_written.p50, peer.tokens_written.p50),
        ("first token, ms, p50", ours.first_token_ms.p50, peer.first_token_ms.p50),
        ("first token, ms, p95", ours.first_token_ms.p95, peer.first_token_ms.p95),
        ("suggestion, ms, p50", ours.suggestion_ms.p50, peer.suggestion_ms.p50),
        ("suggestion, ms, p95", ours.suggestion_ms.p95, peer.suggestion_ms.p95),
        ("prompt, tokens/s", bench.prompt_speed, peer.prompt_speed),
        ("generation, tokens/s", bench.generation_speed, peer.generation_speed),
    )
    return Table(
        f"Beside {peer.model} at {peer.url}, {peer.requests} requests in turns",
        tuple((name, _plain(our), _plain(its), _ratio(our, its)) for name, our, its in pairs),
        ("", "qwen-lsp", "peer", "qwen-lsp / peer"),
    )


def _kills(kills: KillFigures) -> Table:
    left = ", ".join(kills.left_files) or "none"
    rows = [
        ("requests", f"{kills.requests}, of which {kills.unanswered} were never answered"),
        (
            "answers",
            f"{kills.suggestions} suggestions, {kills.empty} empty, {kills.errors} errors",
        ),
        ("reload", f"{_spread(kills.reload_ms)} ms"),
        ("longest answer", _ms(kills.longest_answer_ms)),
        ("beyond the reload", _ms(kills.longest_beyond_reload_ms)),
        ("orphan processes", str(kills.orphans)),
        ("left by engine stop", f"locks: {kills.left_locks}, files: {left}"),
        *(("an error", text) for text in kills.error_texts),
    ]
    return Table(f"The engine killed {kills.kills} times", tuple(rows))


def _spread(spread: Spread) -> str:
    return f"{_plain(spread.p50)} (p50), {_plain(spread.p95)} (p95)"


def _p50_and_p99(spread: Spread) -> str:
    return f"{spread.p50:.0f} ms (p50), {spread.p99:.0f} (p99)"


def _slowest(spread: Spread) -> str:
    return f"{spread.p50:.0f} ms (p50), {spread.longest:.0f} (longest of {spread.count})"


def _plain(number: float) -> str:
    return f"{number:.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def _ratio(ours: float, its: float) -> str:
    return f"{ours / its:.2f}" if its else _UNKNOWN


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms"


def _speed(speed: float | None) -> str:
    return f"{speed:.0f} tokens/s" if speed else _UNKNOWN


def _megabytes(size_bytes: int | None) -> str:
    return _UNKNOWN if size_bytes is None else f"{size_bytes / 1e6:.0f} MB"
