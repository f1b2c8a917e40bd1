"""The grammars of types: what the real model's vocabulary can write under them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import llama_cpp
import pytest

from qwen_lsp.features.type_hints import grammars
from tests.engine.test_grammar import accepts

llama: Any = llama_cpp
NAMES = ["Any", "Callable", "Shop", "dict", "int", "list", "str", "t.Any", "tuple"]


@pytest.fixture(scope="module")
def vocab(model_path: Path) -> Iterator[Any]:
    """The vocabulary of the real model, without its weights."""
    params = llama.llama_model_default_params()
    params.vocab_only = True
    model = llama.llama_model_load_from_file(str(model_path).encode(), params)
    yield llama.llama_model_get_vocab(model)
    llama.llama_model_free(model)


@pytest.mark.model
@pytest.mark.parametrize(
    ("pattern", "end", "text", "is_right"),
    [
        ("?", grammars.PARAMETER_END, " str,", True),
        ("?", grammars.PARAMETER_END, " str | None):\n", True),
        ("?", grammars.PARAMETER_END, " dict[str, list[int]],\n    ", True),
        ("?", grammars.PARAMETER_END, " Callable[[int, str], Shop | None])", True),
        ("?", grammars.PARAMETER_END, " t.Any,", True),
        ("?", grammars.PARAMETER_END, " tuple[int, ...],", True),
        ("?", grammars.PARAMETER_END, " Store,", False),
        ("?", grammars.PARAMETER_END, " int[str],", False),
        ("?", grammars.PARAMETER_END, " str =", False),
        ("?", grammars.DEFAULT_END, " str =", True),
        ("?", grammars.RESULT_END, " str:\n    return", False),
        ("?", grammars.RESULT_END, " str:\n", True),
        ("? | None", grammars.DEFAULT_END, " Shop | None =", True),
        ("? | None", grammars.DEFAULT_END, " Shop =", False),
        ("dict[str, ?]", grammars.RESULT_END, " dict[str, Shop]:", True),
        ("dict[str, ?]", grammars.RESULT_END, " dict[int, Shop]:", False),
    ],
)  # fmt: skip
def test_types_of_python(vocab: Any, pattern: str, end: str, text: str, is_right: bool) -> None:
    grammar = grammars.python_grammar(pattern, NAMES, end, has_unions=True)
    assert accepts(vocab, grammar, text) == is_right


@pytest.mark.model
@pytest.mark.parametrize(
    ("end", "text", "is_right"),
    [
        (grammars.PARAMETER_END, " string[],", True),
        (grammars.PARAMETER_END, " Map<string, number>)", True),
        (grammars.PARAMETER_END, " (turn: number) => Promise<void>,", True),
        (grammars.PARAMETER_END, " { name: string; age?: number })", True),
        (grammars.PARAMETER_END, " Store,", False),
        (grammars.BRACE_END, " string | undefined {\n", True),
        (grammars.ARROW_END, " [string, number] =>", True),
    ],
)
def test_types_of_typescript(vocab: Any, end: str, text: str, is_right: bool) -> None:
    grammar = grammars.typescript_grammar(["Map", "Promise"], end)
    assert accepts(vocab, grammar, text) == is_right
