"""How a file writes its types, and where it takes their names from."""

from pathlib import Path

import pytest

from qwen_lsp.features.actions.typing_import import typing_imports
from qwen_lsp.features.type_hints.names import TYPING_NAMES, python_names
from qwen_lsp.features.type_hints.style import Style, style_of
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document, apply_edits

OLD = Style(has_unions=False, has_builtin_generics=False)


@pytest.mark.parametrize(
    ("text", "project", "written"),
    [
        ("", "", "Optional[list[int]]"),
        ("", '[project]\nrequires-python = ">=3.10"', "list[int] | None"),
        ("", '[project]\nrequires-python = ">=3.9,<4"', "Optional[list[int]]"),
        ("", "no toml", "Optional[list[int]]"),
        ("from __future__ import annotations\n", "", "list[int] | None"),
        ("def f(a: str | None): ...", "", "list[int] | None"),
        ("def f(a: Optional[str]): ...", '[project]\nrequires-python = ">=3.10"',
         "Optional[list[int]]"),
        ("def f(a: List[str]): ...", "", "Optional[List[int]]"),
        ("import typing as t\ndef f(a: str | None): ...", "", "list[int] | None"),
        ("import typing as t\ndef f(a: t.List[str]): ...", "", "t.Optional[t.List[int]]"),
    ],
)  # fmt: skip
def test_the_style_of_a_file(text: str, project: str, written: str, tmp_path: Path) -> None:
    if project:
        (tmp_path / "pyproject.toml").write_text(project)
    assert style_of(text, tmp_path).write("list[int] | None", TYPING_NAMES) == written


@pytest.mark.parametrize(
    ("style", "kind", "written"),
    [
        (OLD, "int | str", "Union[int, str]"),
        (OLD, "int | str | None", "Optional[Union[int, str]]"),
        (OLD, "Callable[[int | None], dict[str, ?]]", "Callable[[Optional[int]], Dict[str, ?]]"),
        (OLD, "Callable[..., int]", "Callable[..., int]"),
        (Style(typing="t."), "Iterator[t.Any | None]", "t.Iterator[t.Any | None]"),
    ],
)
def test_types_in_a_style(style: Style, kind: str, written: str) -> None:
    assert style.write(kind, TYPING_NAMES) == written


@pytest.mark.parametrize(
    ("text", "kind", "after"),
    [
        ("x: int\n", "int", "x: int\n"),
        ("import re\nx\n", "Any", "import re\nfrom typing import Any\nx\n"),
        ("from typing import Any\nx\n", "List[Any]", "from typing import Any, List\nx\n"),
        ("from collections.abc import Sized\nx\n", "Iterator[Any]",
         "from collections.abc import Iterator, Sized\nfrom typing import Any\nx\n"),
        ("from typing import Mapping\nx\n", "Iterator[int]",
         "from typing import Iterator, Mapping\nx\n"),
        ("import typing as t\nx\n", "t.Any", "import typing as t\nx\n"),
    ],
)  # fmt: skip
def test_imports(text: str, kind: str, after: str) -> None:
    language = language_for_id("python")
    assert language is not None
    document = Document("file:///a.py", "a.py", "python", 1, text)
    edits = typing_imports([kind], document, parse(language, text), Style(), len(text))
    assert apply_edits(text, edits) == after


def test_the_names_that_a_file_has_for_types() -> None:
    language = language_for_id("python")
    assert language is not None
    text = (
        "import io\nfrom a import Shop, open_shop, LIMIT_OF_SHOPS, URL\n\n\n"
        "class Till:\n    def f(self):\n        return io.BytesIO(Other.Name)\n\n\nPair = tuple\n"
    )
    names = set(python_names(parse(language, text), Style()))
    assert names >= {"Shop", "URL", "Till", "Pair", "io.BytesIO", "str", "Any"}
    assert not names & {"open_shop", "LIMIT_OF_SHOPS", "Other.Name", "io", "Optional", "List"}
