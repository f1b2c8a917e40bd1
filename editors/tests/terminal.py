"""A picture of a terminal's screen, from the text with colours that tmux captures."""

import re
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

_BACKGROUND, _FOREGROUND = (20, 22, 27), (224, 226, 234)
_THEME = TerminalTheme(
    _BACKGROUND,
    _FOREGROUND,
    [(20, 22, 27), (255, 192, 185), (179, 246, 192), (252, 224, 148),
     (166, 219, 255), (255, 202, 255), (140, 248, 247), (224, 226, 234)],
    [(79, 82, 88), (255, 192, 185), (179, 246, 192), (252, 224, 148),
     (166, 219, 255), (255, 202, 255), (140, 248, 247), (238, 241, 248)],
)  # fmt: skip
_ATTRIBUTES = re.compile(r"\x1b\[([\d;:]*)m")
# The fonts of a picture must not be fetched from anywhere.
_FETCHED_FONT = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def draw(captured: str, title: str, path: Path) -> None:
    """Write the screen in `captured`, as of `tmux capture-pane -p -e`, to an SVG file."""
    captured = _ATTRIBUTES.sub(_known_attributes, captured)
    lines = [Text.from_ansi(line) for line in captured.rstrip("\n").split("\n")]
    width = max(line.cell_len for line in lines)
    console = Console(
        record=True, width=width, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop", crop=False)
    drawn = console.export_svg(title=title, theme=_THEME, font_aspect_ratio=0.61)
    drawn = _FETCHED_FONT.sub("", drawn).replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    path.write_text("\n".join(line.rstrip() for line in drawn.splitlines()) + "\n", "utf-8")


def _known_attributes(found: re.Match[str]) -> str:
    """Return the attributes that rich knows: no colour of an underline, and no wave."""
    left = found[1].split(";")
    kept: list[str] = []
    while left:
        code = left.pop(0)
        if code == "58":
            del left[: 4 if left[:1] == ["2"] else 2]
        elif code.startswith("4:"):
            kept.append("4")
        elif not code.startswith("58:"):
            kept.append(code)
    return f"\x1b[{';'.join(kept)}m" if kept else ""
