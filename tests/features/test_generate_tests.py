"""New files of tests: where they go, what is written by syntax, and what of a reply is taken."""

import json
from pathlib import Path

import pytest

from qwen_lsp.features.actions import RefusalError, Rewrite, find_offers, find_site, resolve
from qwen_lsp.text import Document, Span
from tests.harness.scripted import ScriptedEngine, scripted_model

PRICES = '''\
import math


def total(prices):
    """Add prices up."""
    return math.fsum(prices)


class Basket:
    def count(self):
        return 0


def outer():
    def inner():
        return 1
    return inner
'''
CART = """\
export function average(values) {
  return values.length ? sum(values) / values.length : 0;
}

function sum(values) {
  return values.reduce((a, b) => a + b, 0);
}
"""
IDS = {".py": "python", ".js": "javascript", ".ts": "typescript", ".go": "go"}


def document(path: Path, text: str) -> Document:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return Document(path.as_uri(), path.name, IDS[path.suffix], 1, text)


async def written_for(
    whole: Document, name: str, folder: Path, *replies: str
) -> tuple[Rewrite, ScriptedEngine]:
    offset = whole.text.index(name)
    site = find_site(whole, Span(offset, offset), folder)
    assert site is not None
    engine = ScriptedEngine(replies)
    return await resolve(site, "generate_tests", scripted_model(engine)), engine


async def test_pytest_as_the_tests_of_the_project_are(tmp_path: Path) -> None:
    (tmp_path / "shop" / "tools").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "tools" / "__init__.py").touch()
    document(tmp_path / "tests" / "test_stock.py", "def test_left():\n    assert left(2) == 1\n")
    whole = document(tmp_path / "shop" / "tools" / "prices.py", PRICES)
    reply = """_of_two():
    assert total([1, 2]) == 3


def test_total_of_words():
    with pytest.raises(TypeError):
        total(['a'])


def test_nothing():
    assert True


def total(prices):
    return 0


print(total([1]))
"""
    rewrite, engine = await written_for(whole, "total", tmp_path, reply)
    assert rewrite.edits == ()
    assert rewrite.new_file is not None
    assert rewrite.new_file.path == tmp_path / "tests" / "test_prices.py"
    assert (
        rewrite.new_file.text
        == """\
import pytest

from shop.tools.prices import total


def test_total_of_two():
    assert total([1, 2]) == 3


def test_total_of_words():
    with pytest.raises(TypeError):
        total(['a'])
"""
    )
    assert "def test_left():" in engine.prompt_text(0)
    assert not rewrite.new_file.path.exists()


async def test_unittest_where_nothing_speaks_of_pytest(tmp_path: Path) -> None:
    whole = document(tmp_path / "src" / "prices.py", PRICES.replace("\n", "\r\n"))
    reply = "_is_zero(self):\n        self.assertEqual(Basket().count(), 0)\n"
    rewrite, _ = await written_for(whole, "count", tmp_path, reply)
    assert rewrite.new_file is not None
    assert rewrite.new_file.path == tmp_path / "tests" / "test_prices.py"
    assert (
        rewrite.new_file.text.replace("\r\n", "\n")
        == """\
import unittest

from prices import Basket


class CountTest(unittest.TestCase):
    def test_count_is_zero(self):
        self.assertEqual(Basket().count(), 0)
"""
    )
    assert rewrite.new_file.text.count("\r\n") == rewrite.new_file.text.count("\n")


@pytest.mark.parametrize(
    ("there", "name"),
    [
        (["test_prices.py"], "test_prices_total.py"),
        (["test_prices.py", "test_prices_total.py"], "test_prices_total_2.py"),
        (["stock_test.py"], "prices_test.py"),
    ],
)
async def test_a_file_that_is_there_is_never_taken(
    tmp_path: Path, there: list[str], name: str
) -> None:
    for each in there:
        document(tmp_path / "tests" / each, "import pytest\n")
    whole = document(tmp_path / "prices.py", PRICES)
    reply = "():\n    assert total([]) == 0\n"
    rewrite, _ = await written_for(whole, "total", tmp_path, reply)
    assert rewrite.new_file is not None
    assert rewrite.new_file.path == tmp_path / "tests" / name


@pytest.mark.parametrize(
    ("framework", "test", "place", "imports"),
    [
        ("vitest", None, "src/cart.test.js", 'import { describe, expect, it } from "vitest";\n'),
        ("jest", None, "src/cart.test.js", ""),
        ("jest", "src/__tests__/tax.spec.js", "src/__tests__/cart.spec.js", ""),
        ("jest", "test/tax.test.js", "test/cart.test.js", ""),
    ],
)
async def test_javascript(
    tmp_path: Path, framework: str, test: str | None, place: str, imports: str
) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"devDependencies": {framework: "1"}}))
    document(tmp_path / "src" / "tax.js", "export const tax = 1;\n")
    if test is not None:
        document(tmp_path / test, 'it("is", () => {\n  expect(1).toBe(1);\n});\n')
    whole = document(tmp_path / "src" / "cart.js", CART)
    reply = """is the middle", () => {
    expect(average([1, 3])).toBe(2);
  });

  it("is zero of nothing", () => expect(average([])).toBe(0));

  it("goes on", () => {
    expect(average("""
    rewrite, _ = await written_for(whole, "average", tmp_path, reply)
    assert rewrite.new_file is not None
    assert rewrite.new_file.path == tmp_path / place
    back = {"src": "./cart", "src/__tests__": "../cart", "test": "../src/cart"}
    assert (
        rewrite.new_file.text
        == f"""\
{imports}import {{ average }} from "{back[Path(place).parent.as_posix()]}";

describe("average", () => {{
  it("is the middle", () => {{
    expect(average([1, 3])).toBe(2);
  }});

  it("is zero of nothing", () => expect(average([])).toBe(0));
}});
"""
    )


async def test_go_gets_the_imports_that_it_uses(tmp_path: Path) -> None:
    text = "package shop\n\nfunc half(number int) int {\n\treturn number / 2\n}\n"
    whole = document(tmp_path / "half.go", text)
    reply = """(t *testing.T) {
\tif !reflect.DeepEqual(half(4), 2) {
\t\tt.Error("wrong")
\t}
}
"""
    rewrite, _ = await written_for(whole, "half", tmp_path, reply)
    assert rewrite.new_file is not None
    assert rewrite.new_file.path == tmp_path / "half_test.go"
    assert (
        rewrite.new_file.text
        == """\
package shop

import (
\t"reflect"
\t"testing"
)

func TestHalf(t *testing.T) {
\tif !reflect.DeepEqual(half(4), 2) {
\t\tt.Error("wrong")
\t}
}
"""
    )


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("tests/test_prices.py", PRICES, "total"),
        ("prices.py", PRICES, "inner"),
        ("cart.js", CART, "sum(values) {"),
    ],
)
def test_it_is_not_offered_for_what_no_test_can_reach(
    tmp_path: Path, path: str, text: str, name: str
) -> None:
    offset = text.index(name)
    site = find_site(document(tmp_path / path, text), Span(offset, offset), tmp_path)
    assert [offer for offer in find_offers(site) if offer.action == "generate_tests"] == []


@pytest.mark.parametrize(
    "reply",
    [
        "():\n    assert True\n",
        "(:\n",
        "():\n    def total(prices):\n        return 0\n    total([])\n",
    ],
)
async def test_what_tests_nothing_is_refused(tmp_path: Path, reply: str) -> None:
    whole = document(tmp_path / "prices.py", PRICES)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    with pytest.raises(RefusalError, match="Write tests for this function: no good edit for total"):
        await written_for(whole, "total", tmp_path, reply, reply)


async def test_without_a_framework_the_model_is_not_asked(tmp_path: Path) -> None:
    whole = document(tmp_path / "cart.js", CART)
    with pytest.raises(RefusalError, match="names jest or vitest"):
        await written_for(whole, "average", tmp_path)


async def test_without_a_workspace_only_the_files_beside_it_are_looked_at(tmp_path: Path) -> None:
    whole = document(tmp_path / "prices.py", PRICES)
    document(tmp_path / "deep" / "test_stock.py", "import pytest\n")
    offset = whole.text.index("total")
    site = find_site(whole, Span(offset, offset))
    assert site is not None
    reply = "(self):\n        self.assertEqual(total([]), 0)\n"
    rewrite = await resolve(site, "generate_tests", scripted_model(ScriptedEngine([reply])))
    assert rewrite.new_file is not None
    assert "unittest" in rewrite.new_file.text
