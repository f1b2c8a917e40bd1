"""The sweep: replies made up to do harm break nothing, and the judge would see it if they did."""

import sys
from pathlib import Path

import pytest

from qwen_lsp.evaluation import sweep
from qwen_lsp.evaluation.hostile_replies import HostileEngine
from qwen_lsp.evaluation.sweep_judge import broken
from qwen_lsp.features.actions import Site, find_site
from qwen_lsp.features.model import LocalModel
from qwen_lsp.prompting.templates import Templates
from qwen_lsp.text import Document, Span

FILES = {
    "a.py": '''import os


class Shop:
    def total(self, prices, *, tax=0):
        total = 0
        for price in prices:
            total = total + price
        return total + self.rounded(tax)

    @staticmethod
    def rounded(value):
        """Return whole cents."""
        return round(value, 2)


def read(name):
    if not os.path.exists(name):
        return ""
    with open(name) as file:
        return file.read()
''',
    "b.ts": """export function total(prices: number[], tax) {
  let sum = 0;
  for (const price of prices) {
    sum = sum + price;
  }
  return sum + tax;
}
""",
    "c.go": """package shop

func Total(prices []int) int {
\tsum := 0
\tfor _, price := range prices {
\t\tsum += price
\t}
\treturn sum
}
""",
    "d.java": """class Shop {
    int total(int[] prices) {
        int sum = 0;
        for (int price : prices) {
            sum += price;
        }
        return sum;
    }
}
""",
    "e.rb": """class Shop
  def total(prices)
    sum = 0
    prices.each do |price|
      sum += price
    end
    sum
  end
end
""",
    "f.rs": """fn total(prices: &[i32]) -> i32 {
    let mut sum = 0;
    for price in prices {
        sum += price;
    }
    sum
}
""",
}
PYTHON = FILES["a.py"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def hostile(seed: int) -> LocalModel:
    return LocalModel(HostileEngine(seed), Templates())


@pytest.mark.parametrize("seed", range(8))
async def test_hostile_replies_break_nothing(folder: Path, seed: int) -> None:
    done: list[list[sweep.Tried]] = []
    await sweep.run(sweep.choose([folder], 20, seed), hostile(seed), done, None)
    found = sweep.summary([one for tried in done for one in tried], len(done))
    assert found["broken"] == []
    assert found["functions"] == 8
    assert set(found["languages"]) == {"python", "typescript", "go", "java", "ruby", "rust"}
    assert found["edits"] + sum(found["refused"].values()) == found["asked"]


async def test_the_languages_take_turns_and_a_run_goes_on(folder: Path, tmp_path: Path) -> None:
    chosen = sweep.choose([folder], 7, 1)
    names = [one.document.language_id for one in chosen]
    assert sorted(names[:6]) == ["go", "java", "python", "ruby", "rust", "typescript"]
    into = tmp_path / "tried.jsonl"
    done: list[list[sweep.Tried]] = []
    await sweep.run(chosen[:3], hostile(1), done, into)
    first = into.read_text(encoding="utf-8")
    await sweep.run(chosen, hostile(1), done, into)
    assert into.read_text(encoding="utf-8").startswith(first)
    assert len(into.read_text(encoding="utf-8").splitlines()) == len(done) == 7


def test_the_command_line(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    into = str(tmp_path / "tried.jsonl")
    words = ["sweep", "--scripted", "--count", "3", "--into", into, str(folder)]
    monkeypatch.setattr(sys, "argv", words)
    assert sweep.main() == 0
    told = capsys.readouterr().out
    assert "3 functions, " in told
    assert told.endswith(" 0 broken\n")
    assert sweep.main() == 0
    assert capsys.readouterr().out == told


def site(text: str, name: str, place: str) -> Site:
    languages = {"py": "python", "ts": "typescript", "go": "go"}
    language = languages[name.rpartition(".")[2]]
    at = text.index(place)
    found = find_site(Document(f"file:///{name}", name, language, 1, text), Span(at, at))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("action", "name", "old", "new", "harm"),
    [
        ("simplify", "a.py", "return total +", "return (total +", "3 syntax errors"),
        ("simplify", "a.py", "        return total", "       return total", "1 syntax errors"),
        ("simplify", "a.py", "return total +", "return total +", "nothing changed"),
        ("simplify", "a.py", "total = total + price", "total += price", ""),
        ("simplify", "a.py", "prices, *", "costs, *", "the signatures are not the same"),
        ("simplify", "a.py", "if not os", "if os", "something outside"),
        ("custom", "a.py", "prices, *", "prices, /, *", ""),
        ("custom", "a.py", "import os\n", "import os, re\n", "something outside"),
        ("extract_function", "a.py", "def read", "def sum():\n    pass\n\n\ndef read", ""),
        ("extract_function", "a.py", "import os\n", "", "a line outside of the function"),
        ("add_type_hints", "a.py", "tax=0", "tax: int = 0", ""),
        ("add_type_hints", "a.py", "import os\n", "import os\nfrom typing import Any\n", ""),
        ("add_type_hints", "a.py", "tax=0", "tax: int = 1", "more than annotations"),
        ("add_type_hints", "b.ts", "tax)", "tax: number): number", ""),
        ("add_type_hints", "b.ts", "tax)", "toll: number)", "more than annotations"),
        ("add_docstring", "a.py", "tax=0):", 'tax=0):\n        """Sum."""', ""),
        ("add_docstring", "a.py", "total = 0", "total = 1", "more than documentation"),
        ("add_docstring", "c.go", "func T", "// Total sums.\nfunc T", ""),
        ("add_docstring", "c.go", "func T", "// Total sums.\nvar x int\nfunc T", "more than doc"),
    ],
)
def test_the_judge(action: str, name: str, old: str, new: str, harm: str) -> None:
    text = FILES[name]
    assert old in text
    found = broken(site(text, name, "otal("), action, text.replace(old, new))
    assert found.startswith(harm)
    assert bool(found) == bool(harm)
