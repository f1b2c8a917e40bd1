"""Of a long file only the statements around a place are read, with the same result."""

import ast
import inspect
import warnings
from argparse import ArgumentParser
from collections import abc

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from qwen_lsp.features.soundness import count_syntax_errors
from qwen_lsp.languages import LONG_TEXT, Language, language_for_id, parse, region_at
from qwen_lsp.text import Span

ARGPARSE = inspect.getsource(inspect.getmodule(ArgumentParser) or abc)
assert len(ARGPARSE) > LONG_TEXT

CLASS = """export class C{0} {{
  items = [{1}];

  add(x: string) {{
    return x;
  }}
}}

const f{0} = (a) => a;

"""
SCRIPT = "".join(CLASS.format(number, number) for number in range(300))
# A text of several lines in which a statement seems to begin.
TRAPS = "".join(CLASS.format(number, f"`a\n\nb {number}`") for number in range(300))


def language(name: str) -> Language:
    found = language_for_id(name)
    assert found is not None
    return found


TEXTS = {
    "argparse": ("python", ARGPARSE),
    "script": ("typescript", SCRIPT),
    "traps": ("typescript", TRAPS),
}


@pytest.mark.parametrize("key", TEXTS)
@settings(max_examples=30, deadline=None)
@given(share=st.floats(0, 1))
def test_what_is_around_a_place_is_the_same(key: str, share: float) -> None:
    name, text = TEXTS[key]
    offset = int(share * len(text))
    one = language(name)
    whole, near = parse(one, text), parse(one, text, region_at(one, text, offset))
    assert near.containers_at(offset) == whole.containers_at(offset)
    assert near.function_at(offset) == whole.function_at(offset)
    assert near.in_string(offset) == whole.in_string(offset)
    assert near.in_comment(offset) == whole.in_comment(offset)
    assert near.bindings_at(offset) == whole.bindings_at(offset)
    assert not near.has_errors


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1), other=st.floats(0, 1), length=st.integers(1, 200))
def test_what_breaks_python_breaks_its_region(share: float, other: float, length: int) -> None:
    text, offset, start = ARGPARSE, int(share * len(ARGPARSE)), int(other * len(ARGPARSE))
    insertion = text[start : start + length]
    region = region_at(language("python"), text, offset)
    if region is None:
        return
    changed = text[:offset] + insertion + text[offset:]
    near = parse(language("python"), changed, Span(region.start, region.end + len(insertion)))
    if count_syntax_errors(near) == 0:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a raw string that has lost its letter
            ast.parse(changed)


def test_a_short_text_is_read_whole() -> None:
    assert region_at(language("python"), "x = 1\n", 3) is None


def test_a_region_is_a_small_part_of_a_long_text() -> None:
    offset = SCRIPT.index("add(x", len(SCRIPT) // 2)
    region = region_at(language("typescript"), SCRIPT, offset)
    assert region is not None
    assert region.start < offset < region.end
    assert region.end - region.start < len(SCRIPT) / 20


def test_text_that_looks_like_statements_near_the_place_does_not_cost_the_region() -> None:
    function = "def one():\n    return 1\n\n\n"
    trap = 'TEXT = """\nwords at the start\nof a line\n"""\n\n\n'
    text = function * 600 + "def here():\n    pass\n\n\n" + function + trap + function * 600
    region = region_at(language("python"), text, text.index("pass"))
    assert region is not None
    assert region.end - region.start < len(text) / 20
