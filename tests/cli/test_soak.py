"""The soak run: a working day of some seconds, and the judgement of what it measured."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qwen_lsp.cli.editor import running_editor
from qwen_lsp.cli.soak import main
from qwen_lsp.evaluation import soak_samples
from qwen_lsp.evaluation.soak_samples import Sample, Usage, judge, table

STEADY = Usage(7, rss=100_000_000, private=60_000_000, descriptors=12, sockets=3, threads=7)
SOURCE = '''"""Shapes."""


def area(width: float, height: float) -> float:
    """Return the area of a rectangle."""
    return width * height


def around(width: float, height: float) -> float:
    """Return the way around a rectangle."""
    return 2 * width + 2 * height
'''.ljust(600, "\n")


def day(**grown: float) -> list[Sample]:
    """Return 45 minutes in which the named values of the server grow from minute 12 on."""
    samples: list[Sample] = []
    for minute in range(46):
        late = max(0, minute - 12) / 33
        more = {
            name: round(getattr(STEADY, name) * (1 + (factor - 1) * late))
            for name, factor in grown.items()
        }
        samples.append(Sample(minute, {"server": replace(STEADY, **more)}, {"keys": minute}))
    return samples


def grew(samples: list[Sample]) -> list[str]:
    return [row.name for row in judge(samples) if not row.passed]


def test_a_steady_server_passes() -> None:
    assert grew(day()) == []
    assert grew(day(rss=1.04, private=0.5)) == []
    assert "| server: rss | 100.0 MB | 100.0 MB | 1.000 |  |" in table(day(), judge(day()))


@pytest.mark.parametrize(
    ("name", "factor"),
    [("rss", 1.08), ("private", 1.08), ("descriptors", 2), ("sockets", 2), ("threads", 2)],
)
def test_a_planted_leak_is_found(name: str, factor: float) -> None:
    samples = day(**{name: factor})
    assert grew(samples) == [f"server: {name}"]
    assert "| grew |" in table(samples, judge(samples))


def test_a_process_that_stays_is_found() -> None:
    samples = day()
    last = [replace(it, processes=it.processes | {"other 9": STEADY}) for it in samples[30:]]
    assert grew(samples[:30] + last) == ["processes"]


def test_growth_before_it_settled_does_not_count() -> None:
    samples = day()
    small = replace(STEADY, rss=STEADY.rss // 2)
    first = [replace(it, processes={"server": small}) for it in samples[:7]]
    assert grew(first + samples[7:]) == []


def test_a_short_run_is_not_judged() -> None:
    with pytest.raises(ValueError, match="too short"):
        judge(day()[:5])


def test_the_table_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text("".join(map(soak_samples.to_line, day(rss=2.0))), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["soak_samples", str(path)])
    assert soak_samples.main() == 1
    assert capsys.readouterr().out == table(day(rss=2.0), judge(day(rss=2.0)))


def test_a_working_day_of_some_seconds(
    tmp_path: Path, hybrid_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "code").mkdir()
    for name in ("shapes.py", "forms.py"):
        (tmp_path / "code" / name).write_text(SOURCE, encoding="utf-8")
    times = ["--minutes", "0.08", "--settled", "0.05", "--every", "0.5", "--key", "0.005"]
    into = tmp_path / "day.jsonl"
    # So few seconds are never judged steady; what is left is.
    main([*times, "--model", str(hybrid_path), "--into", str(into), str(tmp_path / "code")])
    told = capsys.readouterr().out
    assert "Left after the shutdown: nothing." in told
    samples = soak_samples.from_lines(into.read_text(encoding="utf-8"))
    assert {"server", "engine"} <= samples[-1].processes.keys()
    assert samples[-1].counts["keys"] > 0
    assert samples[-1].processes["server"].descriptors > 0


async def test_a_cancelled_request_disturbs_none_after_it(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(30),
        running_editor(tmp_path, {"modelPull": "never"}, lambda _status: None) as editor,
    ):
        asked = asyncio.ensure_future(editor.request("workspace/executeCommand", {"command": "x"}))
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        # The answer to the cancelled request comes first, and disturbs nothing.
        counts = await editor.request(
            "workspace/executeCommand", {"command": "qwenLsp.accepted", "arguments": [{}]}
        )
        assert counts == {"all": 1}
