"""A function for a prompt: without the indentation it stands in, and back."""

from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.context.function import dedented, function_context, indented
from qwen_lsp.languages import language_for_id, parse
from qwen_lsp.text import Document, Span

TEXT = """import os
from sys import (
    argv,
)

class A:
    @property
    def f(
        self,
    ):
        text = '''
        a
    b'''
        return text
"""


def test_a_method_and_its_imports() -> None:
    for text in (TEXT, TEXT.replace("\n", "\r\n")):
        document = Document("file:///a.py", "a.py", "python", 1, text)
        language = language_for_id("python")
        assert language is not None
        tree = parse(language, text)
        (function,) = tree.functions()
        context = function_context(document, tree, function)
        assert context.signature == "def f(\n    self,\n):"
        assert context.code == f"{context.signature}\n    text = '''\n    a\nb'''\n    return text"
        assert context.imports.split() == TEXT.partition("class")[0].split()


@given(
    st.lists(st.sampled_from(["x", "  y", "", "\tz"]), min_size=1).map("\n".join),
    st.sampled_from(["", "    ", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_indenting_undoes_dedenting(code: str, indent: str, line_end: str) -> None:
    code = f"x\n{code}".rstrip()  # The first line begins behind its indentation.
    text = indented(code, indent, line_end)
    document = Document("file:///a.py", "a.py", "python", 1, text)
    assert dedented(document, Span(0, len(text)), indent) == code
