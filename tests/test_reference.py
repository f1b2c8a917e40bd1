import re
from pathlib import Path

import pytest

from qwen_lsp.reference import PAGES, printed

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_the_code_says(name: str) -> None:
    written = (DOCS / name).read_text(encoding="utf-8")
    assert written == printed(name), f"docs/{name} is out of date: run `make docs`."


def test_every_page_that_says_it_is_printed_is() -> None:
    pages = {path.name for path in DOCS.glob("*.md") if "make docs" in path.read_text("utf-8")}
    assert pages == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_rows_of_a_table_are_as_long_as_its_heading(name: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", printed(name), re.MULTILINE):
        rows = table.splitlines()
        assert len(rows) > 2
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
