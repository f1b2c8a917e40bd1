"""Each language against one small file in `cases/`, a Markdown page with what must be found in it.

The page holds the path, the code and a TOML block. A function lists only what is worth checking:
`span` is how its span begins, `false` says that there is nothing. All functions must be named.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwen_lsp.languages import (
    LANGUAGES,
    Function,
    Language,
    SyntaxTree,
    language_for_id,
    language_for_path,
    parse,
)
from qwen_lsp.text import Span

_CASES = Path(__file__).parent / "cases"
_PAGE = re.compile(r"`(.+)`\n\n````input\n(.*)````\n\n````toml\n(.*)````\n", re.DOTALL)


@dataclass(frozen=True)
class Case:
    language: Language
    path: str
    tree: SyntaxTree
    expected: dict[str, Any]

    def text(self, span: Span | None) -> str | bool:
        return False if span is None else self.tree.text[span.start : span.end]

    def facts(self, function: Function) -> dict[str, Any]:
        return {
            "name": function.qualified_name,
            "signature": self.text(function.signature_span),
            "parameters": self.text(function.parameters_span),
            "names": list(function.parameter_names),
            "returns": self.text(function.return_type_span),
            "body": self.text(function.body_span),
            "doc": self.text(function.docstring_span),
            "bare": self.tree.signature_shape(function),
            "async": function.is_async,
            "indent": function.indent,
        }


@pytest.fixture(params=[language.id for language in LANGUAGES])
def case(request: pytest.FixtureRequest) -> Case:
    page = _PAGE.search((_CASES / f"{request.param}.md").read_text(encoding="utf-8"))
    language = language_for_id(request.param)
    assert page is not None
    assert language is not None
    return Case(language, page[1], parse(language, page[2]), tomllib.loads(page[3]))


def test_the_file_parses_and_its_path_names_the_language(case: Case) -> None:
    assert not case.tree.has_errors
    assert case.tree.error_spans() == []
    assert language_for_path(case.path) is case.language
    assert language_for_path("C:\\work\\" + case.path.replace("/", "\\")) is case.language


def test_functions(case: Case) -> None:
    functions = case.tree.functions()
    expected = case.expected["function"]
    assert [function.qualified_name for function in functions] == [one["name"] for one in expected]
    for function, one in zip(functions, expected, strict=True):
        facts = case.facts(function)
        wanted = {key: value for key, value in one.items() if key != "span"}
        assert {key: facts[key] for key in wanted} == wanted
        beginning = one.get("span", one.get("signature", ""))
        assert case.tree.text.startswith(beginning, function.span.start)
        assert function.span.contains(function.definition_span)
        assert function.definition_span.contains(function.signature_span)
        assert function.name == function.qualified_name.rpartition(".")[2]


def test_a_cursor_anywhere_in_a_function_finds_it(case: Case) -> None:
    for function in case.tree.functions():
        signature = function.signature_span
        for offset in (function.span.start, signature.start, signature.end - 1):
            assert case.tree.function_at(offset) == function
            assert case.tree.containers_at(offset)[-1].name == function.name


def test_imports(case: Case) -> None:
    wanted = [one.strip() for one in case.expected["imports"]]
    assert [case.text(span) for span in case.tree.imports()] == wanted


def test_containers(case: Case) -> None:
    found: dict[str, None] = {}
    for offset in range(len(case.tree.text)):
        for container in case.tree.containers_at(offset):
            if container.kind != "function":
                found[f"{container.kind} {container.name}: {container.header}"] = None
    assert list(found) == case.expected.get("containers", [])


def test_comments_and_strings(case: Case) -> None:
    tree = case.tree
    for key in ("comment", "string"):
        start = tree.text.index(case.expected[key])
        end = start + len(case.expected[key])
        for offset in range(start, end + 1):
            assert tree.in_comment(offset) == (key == "comment")
            assert tree.in_string(offset) == (key == "string")
    comment_end = tree.text.index(case.expected["comment"]) + len(case.expected["comment"])
    assert not tree.in_comment(comment_end + 1)


def test_the_innermost_block_holds_the_string(case: Case) -> None:
    offset = case.tree.text.index(case.expected["string"])
    block = case.tree.block_at(offset)
    assert block.start <= offset < block.end
    if case.language.block_style == "braces":
        around = case.tree.function_at(offset)
        assert around is not None
        assert around.body_span is not None
        assert around.body_span.contains(block) or "=>" in str(case.text(around.body_span))


def test_every_language_answers_to_its_ids_and_only_once() -> None:
    ids = [lsp_id for language in LANGUAGES for lsp_id in language.lsp_ids]
    extensions = [extension for language in LANGUAGES for extension in language.extensions]
    assert len(ids) == len(set(ids))
    assert len(extensions) == len(set(extensions))
    assert all(language_for_id(language.id) is language for language in LANGUAGES)
    assert language_for_id("javascriptreact") is language_for_id("javascript")
    assert language_for_id("klingon") is None
    assert language_for_path("Makefile") is None
