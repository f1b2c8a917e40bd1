"""What a model or a file says makes no link, no picture and no element in an editor's Markdown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.server.plain_text import fenced, without_links


@pytest.mark.parametrize(
    "text",
    [
        "[click](command:workbench.action.terminal.new)",
        "![](https://example.org/?code=secret)",
        "![x](<https://example.org/a b>)",
        "![x](https&colon;//example.org)",
        "![x][y]\n\n[y]: https://example.org",
        "> - [y]: <//example.org/x>",
        '<img src="https://example.org">',
        "<IMG/src=//example.org>",
        "<a\nhref='command:x'>",
    ],
)
def test_nothing_is_a_link_or_loads_something(text: str) -> None:
    shown = without_links(text)
    left = re.search(r"\]\(|^[\s>-]*\[[^\]]*\]:|<\w[^<>]*=", shown, re.MULTILINE)
    assert left is None
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    "text",
    ["`a[0] + b < c`", "Use `list[int]` in place of `List`.", "1. first\n2. second", "vector<int>"],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_links(text) == text


@given(st.text(alphabet="`\na~ "))
def test_no_code_ends_its_own_fence(code: str) -> None:
    first, *lines, last = fenced(code, "python").split("\n")
    fence = first.removesuffix("python")
    assert last == fence
    assert "\n".join(lines) == code
    assert not any(re.fullmatch(rf" {{0,3}}{fence}`* *", line) for line in lines)
