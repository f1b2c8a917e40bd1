"""Cases: Markdown files that are test, documentation and evaluation data at once.

A file has a title, a sentence, and fenced blocks: `toml` (the options below), `input` (the file,
with `$0` for the cursor or around the selection), any number of `model` (what the model replies,
one a request), and `expect`: the file after the edit, `nothing`, or `refused: sentence`. For a
review it is the input with a mark below each line that a finding is about:

    # ^^^^^^ warning: off-by-one

A block is a text with a line end behind its last line, a `model` block is one without.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qwen_lsp.engine.requests import Finish
from qwen_lsp.languages import Language, language_for_id
from qwen_lsp.text import Document, Span

FIXTURES = Path(__file__).parents[2] / "fixtures"
_PAGE = re.compile(r"# (?P<title>[^\n]+)\n\n(?P<prose>[^`].*?)\n\n(?P<blocks>```.*)", re.DOTALL)
_BLOCK = re.compile(r"^(`{3,})(\w+)\n(.*?)^\1\n", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"^(?:#|//|--) *(\^+) (\w+): (\S+)\r?\n", re.MULTILINE)
_CURSOR = "$0"


@dataclass(frozen=True)
class Options:
    """The `toml` block of a case.

    `filter` and `acts` say which filter of the tidying a case is about, and whether it should do
    anything. `told` is what the prompt of the last request must say, `reply_starts` how the reply
    to it was begun (its end is enough). `no_line_end` takes the last
    line end away from input and expect. `fixed` is the first finding's line after its quick fix,
    empty where there is none. `infills` says whether the model was trained to fill holes.
    """

    kind: Literal["complete", "tidy", "action", "review"]
    language: str
    action: str = ""
    instruction: str = ""
    explicit: bool = False
    multiline: bool = True
    finish: Finish = "end"
    filter: str = ""
    acts: bool = True
    crlf: bool = False
    no_line_end: bool = False
    offered: bool = True
    told: str = ""
    reply_starts: str = ""
    min_severity: Literal["hint", "information", "warning", "error"] = "hint"
    explains: bool = False
    infills: bool = True
    message: str = ""
    fixed: str = ""


@dataclass(frozen=True)
class Mark:
    """An expected finding."""

    span: Span
    severity: str
    code: str


@dataclass(frozen=True)
class Case:
    path: Path
    title: str
    options: Options
    document: Document
    selection: Span
    replies: tuple[str, ...]
    expected: str

    @property
    def language(self) -> Language:
        language = language_for_id(self.options.language)
        assert language is not None, f"{self.path}: no language {self.options.language}"
        return language

    def marks(self) -> list[Mark]:
        """Return the findings that a review must have; the rest of the text is the input."""
        marks: list[Mark] = []
        text = ""
        position = 0
        for match in _MARK.finditer(self.expected):
            text += self.expected[position : match.start()]
            position = match.end()
            line = text.rindex("\n", 0, len(text) - 1) + 1
            start, end = (line + column - match.start() for column in match.span(1))
            marks.append(Mark(Span(start, end), match[2], match[3]))
        text += self.expected[position:]
        assert text == self.document.text or not marks, f"{self.path}: expect is another file"
        return marks


def read_case(path: Path) -> Case:
    page = _PAGE.fullmatch(path.read_text(encoding="utf-8"))
    assert page is not None, f"{path} is no case"
    blocks = [(match[2], match[3]) for match in _BLOCK.finditer(page["blocks"])]
    assert _BLOCK.sub("", page["blocks"]).strip() == "", f"{path} has more than blocks"
    names = [name for name, _ in blocks if name != "model"]
    assert names == ["toml", "input", "expect"], f"{path} has the blocks {names}"
    options = Options(**tomllib.loads(_only(blocks, "toml")[0]))
    marked = _file(_only(blocks, "input")[0], options)
    before, *cursors = marked.split(_CURSOR)
    assert len(cursors) <= 2, f"{path} has too many cursors"
    selection = Span(len(before), len(before) + (len(cursors[0]) if len(cursors) == 2 else 0))
    name = f"{path.stem}.{options.language}"
    document = Document(f"file:///{name}", name, options.language, 1, before + "".join(cursors))
    replies = tuple(text.removesuffix("\n") for text in _only(blocks, "model"))
    expected = _only(blocks, "expect")[0]
    if not re.fullmatch(r"nothing\n|refused: .*\n", expected):
        expected = _file(expected, options)
    return Case(path, page["title"], options, document, selection, replies, expected)


def all_cases() -> list[Case]:
    return [read_case(path) for path in sorted(FIXTURES.glob("*/*.md"))]


def _only(blocks: list[tuple[str, str]], name: str) -> list[str]:
    return [text for block, text in blocks if block == name]


def _file(text: str, options: Options) -> str:
    text = text.removesuffix("\n") if options.no_line_end else text
    return text.replace("\n", "\r\n") if options.crlf else text
