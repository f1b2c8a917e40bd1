"""Plots as SVG that stands in a page: bars, differences, and how times are spread.

Colours come from the page's style sheet, by the classes `c0` to `c7`, so that it can be read in the
dark, too. Each mark has a title, which browsers show under the pointer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

_WIDTH = 880
_LABEL = 280
# Longer labels lose their middle: variants differ at their ends.
_MOST_LABEL = 36
_NUMBER = 110
_ROW = 24
_HEAD = 28
_COLOURS = 8
_TIMES_HEIGHT = 260


@dataclass(frozen=True)
class Bar:
    """One value with its interval. Bars of one `colour` are of one variant."""

    label: str
    value: float
    low: float
    high: float
    colour: int
    title: str


def bars(groups: Sequence[tuple[str, Sequence[Bar]]]) -> Markup:
    """Draw bars from 0 to 100 with their intervals, below the name of their group."""
    scale = _scale(0, 100)
    parts = [_grid(_height(groups), scale, range(0, 101, 20), " %")]
    for y, group, found in _placed(groups):
        parts.append(_text(0, y, group, "group"))
        for number, bar in enumerate(found, 1):
            top = y + number * _ROW
            left, right = scale(0), scale(bar.value)
            box = (
                f'<rect class="c{bar.colour % _COLOURS}" x="{left:.1f}" y="{top - 8}" '
                f'width="{max(0.5, right - left):.1f}" height="15" rx="2"/>'
            )
            parts.append(_row(bar, top, scale, box))
    return _svg(_height(groups), parts, "Bars with their 95 % intervals")


def differences(groups: Sequence[tuple[str, Sequence[Bar]]]) -> Markup:
    """Draw differences as points with their intervals around a line at zero."""
    found = [bar for _, inner in groups for bar in inner]
    furthest = max([5.0, *(abs(end) for bar in found for end in (bar.low, bar.high))])
    step = next(size for size in (2, 5, 10, 20, 50, 100) if furthest <= 5 * size or size == 100)
    most = step * -(-furthest // step)
    scale = _scale(-most, most)
    ticks = range(-int(most), int(most) + 1, step)
    parts = [_grid(_height(groups), scale, ticks, "")]
    parts.append(_line(scale(0), _HEAD - 8, scale(0), _height(groups) - 4, "zero"))
    for y, group, inner in _placed(groups):
        parts.append(_text(0, y, group, "group"))
        for number, bar in enumerate(inner, 1):
            top = y + number * _ROW
            dot = (
                f'<circle class="c{bar.colour % _COLOURS}" cx="{scale(bar.value):.1f}" '
                f'cy="{top - 0.5}" r="5"/>'
            )
            parts.append(_row(bar, top, scale, dot))
    return _svg(_height(groups), parts, "Differences with their 95 % intervals")


def times(series: Sequence[tuple[str, Sequence[float], int]]) -> Markup:
    """Draw for each variant which share of its cases was done after how many milliseconds.

    Each of the `series` is a name, the times and a colour.
    """
    longest = max([1.0, *(ms for _, values, _ in series for ms in values)])
    step = _nice_step(longest)
    scale = _scale(0, step * -(-longest // step), left=48, right=_WIDTH - 16)
    bottom, top = _TIMES_HEIGHT - 24, 8

    def height(share: float) -> float:
        return bottom - share * (bottom - top)

    parts: list[Markup] = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = height(share)
        parts.append(_line(48, y, _WIDTH - 16, y, "grid"))
        parts.append(_text(42, y + 4, f"{share:.0%}", "tick end"))
    ticks = range(int(-(-longest // step)) + 1)
    parts += [
        _text(scale(tick * step), _TIMES_HEIGHT - 6, f"{tick * step / 1000:g} s", "tick mid")
        for tick in ticks
    ]
    for name, values, colour in series:
        ordered = sorted(values)
        points = [f"M{scale(0):.1f} {height(0):.1f}"]
        for number, ms in enumerate(ordered, 1):
            points.append(f"H{scale(ms):.1f}V{height(number / len(ordered)):.1f}")
        parts.append(
            Markup('<path class="l{}" d="{}"><title>{}</title></path>').format(
                colour % _COLOURS, "".join(points), name
            )
        )
    return _svg(_TIMES_HEIGHT, parts, "Share of the cases that were done after a time")


_Scale = Callable[[float], float]


def _scale(
    least: float, most: float, left: float = _LABEL, right: float = _WIDTH - _NUMBER
) -> _Scale:
    return lambda value: left + (value - least) / (most - least) * (right - left)


def _nice_step(longest: float) -> int:
    """Return a round number of milliseconds that parts a time into at most eight."""
    step = 10
    while True:
        for factor in (1, 2, 5):
            if longest <= 8 * step * factor:
                return step * factor
        step *= 10


def _placed(
    groups: Sequence[tuple[str, Sequence[Bar]]],
) -> list[tuple[int, str, Sequence[Bar]]]:
    placed: list[tuple[int, str, Sequence[Bar]]] = []
    y = _HEAD + 14
    for group, found in groups:
        placed.append((y, group, found))
        y += (len(found) + 1) * _ROW + 6
    return placed


def _height(groups: Sequence[tuple[str, Sequence[Bar]]]) -> int:
    return _HEAD + sum((len(found) + 1) * _ROW + 6 for _, found in groups) + 8


def _row(bar: Bar, y: float, scale: _Scale, mark: str) -> Markup:
    interval = _line(scale(bar.low), y - 0.5, scale(bar.high), y - 0.5, "interval")
    ends = [_line(scale(end), y - 5, scale(end), y + 4, "interval") for end in (bar.low, bar.high)]
    label = bar.label
    if len(label) > _MOST_LABEL:
        label = f"{label[:12].rstrip()} … {label[-(_MOST_LABEL - 15) :]}"
    return Markup("<g><title>{}</title>{}{}{}{}</g>").format(
        bar.title,
        _text(12, y + 4, label, "label"),
        Markup(mark),  # noqa: S704 - made of numbers above
        interval + Markup("").join(ends),
        _text(_WIDTH, y + 4, bar.title.partition(":")[2].strip().partition(" (")[0], "label end"),
    )


def _grid(height: int, scale: _Scale, ticks: range, unit: str) -> Markup:
    parts: list[Markup] = []
    for tick in ticks:
        parts.append(_line(scale(tick), _HEAD - 8, scale(tick), height - 4, "grid"))
        parts.append(_text(scale(tick), 12, f"{tick}{unit}", "tick mid"))
    return Markup("").join(parts)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(
        kind, x1, y1, x2, y2
    )


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)


def _svg(height: float, parts: Sequence[Markup], title: str) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, title, Markup("").join(parts)
    )
