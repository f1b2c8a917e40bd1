"""The features on files, with a model whose words the test gives."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from qwen_lsp.features.review import CATEGORIES

from .conftest import SHOP, Run, Script

SIMPLER = "    return sum(prices) * tax\n"
SIMPLE_SHOP = """\
def total(prices, tax):
    return sum(prices) * tax


def first(items):
    \"\"\"Return the first item.\"\"\"
    return items[1]
"""


def findings(*pairs: tuple[str, str]) -> str:
    return json.dumps({"findings": [{"line": line, "category": code} for line, code in pairs]})


# What a review asks for each function: the findings, and then each line once more.
WRONG_INDEX = [findings(), findings(("return items[1]", "crash")), "return items[0]\n"]
WRONG_INDEX_LINE = (
    "shop.py:10:5: error: Possible crash: the model would write `return items[0]` here. [crash]"
)


class TestComplete:
    def test_the_text_alone_is_printed(self, run: Run, shop: Path, script: Script) -> None:
        engine = script([" result * tax\n"])
        shop.write_text("def total(prices, tax):\n    result = sum(prices)\n    return \n")
        ran = run("complete", "shop.py:3:12")
        assert (ran.out, ran.err, ran.code) == ("result * tax\n", "", 0)
        assert engine.prompt_text(0).endswith("    return")

    def test_json_names_the_prompt(self, run: Run, shop: Path, script: Script) -> None:
        script([" result * tax\n"])
        shop.write_text("def total(prices, tax):\n    result = sum(prices)\n    return \n")
        data = json.loads(run("complete", "shop.py:3:12", "--json").out)
        assert data.pop("ms") >= 0
        assert re.fullmatch(r"complete@\d+", data.pop("prompt"))
        assert data == {"text": "result * tax"}

    def test_nothing_to_say_is_told_to_people_alone(
        self, run: Run, shop: Path, script: Script
    ) -> None:
        script([""])
        ran = run("complete", f"{shop}:2:15")
        assert (ran.out, ran.err, ran.code) == ("", "There is nothing to suggest here.\n", 0)
        script([""])
        ran = run("complete", f"{shop}:2:15", "--json")
        assert (json.loads(ran.out)["text"], ran.err, ran.code) == ("", "", 0)

    def test_inside_a_word_the_model_is_not_asked(
        self, run: Run, shop: Path, script: Script
    ) -> None:
        script([])
        ran = run("complete", f"{shop}:2:7", "--json")
        assert json.loads(ran.out) == {"text": "", "prompt": None, "ms": 0} | {
            "ms": json.loads(ran.out)["ms"]
        }


class TestAction:
    @pytest.mark.parametrize("place", ["shop.py:1", "shop.py:4:9", "{}:3"])
    def test_git_applies_the_diff(self, run: Run, shop: Path, script: Script, place: str) -> None:
        script([SIMPLER])
        ran = run("action", "simplify", place.format(shop.absolute()))
        assert (ran.err, ran.code) == ("", 0)
        assert shop.read_text() == SHOP
        subprocess.run(["git", "apply", "-"], input=ran.out.encode(), check=True)
        assert shop.read_text() == SIMPLE_SHOP

    @pytest.mark.parametrize("name", ["Simplify", "refactor.rewrite.simplify", "simplify"])
    def test_an_action_has_several_names(
        self, run: Run, shop: Path, script: Script, name: str
    ) -> None:
        script([SIMPLER])
        assert "+    return sum(prices) * tax\n" in run("action", name, f"{shop}:1").out

    def test_write_applies_it_and_shows_it(self, run: Run, shop: Path, script: Script) -> None:
        shop.write_bytes(SHOP.replace("\n", "\r\n").encode())
        shop.chmod(0o640)
        script([SIMPLER])
        ran = run("action", "simplify", f"{shop}:1", "--write")
        assert ran.code == 0
        assert "+    return sum(prices) * tax\r\n" in ran.out
        assert shop.read_bytes() == SIMPLE_SHOP.replace("\n", "\r\n").encode()
        assert shop.stat().st_mode & 0o777 == 0o640

    def test_json_tells_whether_it_was_written(self, run: Run, shop: Path, script: Script) -> None:
        for options, written in ((), False), (("--write",), True):
            script([SIMPLER])
            ran = run("action", "simplify", f"{shop}:1", "--json", *options)
            data = json.loads(ran.out)
            assert data["diff"].startswith("--- a/shop.py\n+++ b/shop.py\n")
            assert data["action"] == "simplify"
            assert data["written"] is written
            assert data["prompt"].startswith("actions/simplify@")
            assert (ran.err, ran.code) == ("", 0)
            assert (shop.read_text() == SIMPLE_SHOP) is written

    def test_a_refusal_is_a_failed_check(self, run: Run, shop: Path, script: Script) -> None:
        unchanged = SHOP.partition("\n")[2].partition("\n\n\n")[0]
        engine = script([unchanged, "    return (\n"])
        ran = run("action", "simplify", f"{shop}:1", "--write", "--json")
        assert ran.err.startswith("qwen-lsp: Simplify: no good edit for total, ")
        assert (ran.out, ran.err.count("\n"), ran.code) == ("", 1, 1)
        assert shop.read_text() == SHOP
        assert "there is nothing to change" in engine.prompt_text(1)

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("simplify", "shop.py:6"), "Simplify: there is nothing to do here."),
            (("add_docstring", "shop.py:8"), "Add docstring: there is nothing to do for first."),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_what_is_not_offered_is_refused_without_the_model(
        self, run: Run, script: Script, words: tuple[str, ...], sentence: str
    ) -> None:
        script([])
        ran = run("action", *words)
        assert (ran.out, ran.err, ran.code) == ("", f"qwen-lsp: {sentence}\n", 1)

    def test_a_file_that_changed_meanwhile_is_not_overwritten(
        self, run: Run, shop: Path, script: Script
    ) -> None:
        script([SIMPLER], before_reply=lambda: shop.write_text("# new\n" + SHOP))
        ran = run("action", "simplify", f"{shop}:1", "--write")
        assert ran.err == "qwen-lsp: shop.py was changed meanwhile; nothing is written.\n"
        assert (ran.out, ran.code) == ("", 1)
        assert shop.read_text() == "# new\n" + SHOP

    def test_a_syntax_error_is_noted(self, run: Run, shop: Path, script: Script) -> None:
        shop.write_text(SHOP + "\n\ndef broken(:\n")
        script([SIMPLER])
        ran = run("action", "simplify", f"{shop}:1")
        assert ran.err == (
            "shop.py has a syntax error in line 13; working with what can be read.\n"
        )
        assert "+    return sum(prices) * tax\n" in ran.out
        assert ran.code == 0


class TestInline:
    @pytest.mark.usefixtures("shop")
    def test_it_needs_no_model(self, run: Run, tmp_path: Path) -> None:
        path = tmp_path / "priced.py"
        path.write_text("def double(x):\n    return 2 * x\n\n\nprint(double(4))\n")
        ran = run("action", "inline-function", f"{path}:5:7", "--model", "nowhere.gguf", "--write")
        assert (ran.err, ran.code) == ("", 0)
        assert path.read_text().endswith("\nprint(2 * 4)\n")


class TestCustom:
    def test_does_what_the_instruction_says(self, run: Run, shop: Path, script: Script) -> None:
        engine = script(["def total(prices, tax):\n" + SIMPLER])
        ran = run("action", "custom", f"{shop}:1", "--instruction", "Use sum.", "--write")
        assert (ran.err, ran.code) == ("", 0)
        assert shop.read_text() == SIMPLE_SHOP
        assert "Use sum." in engine.prompt_text(0)


class TestGenerateTests:
    REPLY = "(self):\n        self.assertEqual(first([1, 2]), 1)\n"
    MADE = Path("tests/test_shop.py")

    def test_git_applies_the_diff_of_a_new_file(self, run: Run, shop: Path, script: Script) -> None:
        script([self.REPLY])
        ran = run("action", "generate-tests", f"{shop}:8")
        assert (ran.err, ran.code) == ("", 0)
        assert ran.out.startswith("--- /dev/null\n+++ b/tests/test_shop.py\n")
        assert not self.MADE.exists()
        subprocess.run(["git", "apply", "-"], input=ran.out.encode(), check=True)
        assert "self.assertEqual(first([1, 2]), 1)" in self.MADE.read_text()

    def test_write_makes_it_and_nothing_else(self, run: Run, shop: Path, script: Script) -> None:
        for name in ("test_shop.py", "test_shop_first.py"):
            script([self.REPLY])
            ran = run("action", "generate_tests", f"{shop}:8", "--write", "--json")
            assert json.loads(ran.out)["written"] is True
            assert "self.assertEqual" in (self.MADE.parent / name).read_text()
        assert shop.read_text() == SHOP
        assert len(list(self.MADE.parent.iterdir())) == 2


class TestExplain:
    WORDS = "It adds prices up.\n\nThen it adds the tax."

    def test_prints_what_the_model_says(self, run: Run, shop: Path, script: Script) -> None:
        engine = script([f"{self.WORDS}\n"])
        ran = run("explain", f"{shop}:2")
        assert (ran.out, ran.err, ran.code) == (f"{self.WORDS}\n", "", 0)
        assert "def total(prices, tax):" in engine.prompt_text(0)

    def test_json_has_the_whole_text(self, run: Run, shop: Path, script: Script) -> None:
        script([self.WORDS])
        data = json.loads(run("explain", f"{shop}:2", "--json").out)
        assert data["text"] == self.WORDS
        assert data["prompt"].startswith("explain@")

    @pytest.mark.usefixtures("shop")
    def test_between_functions_there_is_nothing_to_explain(self, run: Run) -> None:
        ran = run("explain", "shop.py:6")
        sentence = "There is no function here to explain, and nothing is selected."
        assert (ran.out, ran.err, ran.code) == ("", f"qwen-lsp: {sentence}\n", 1)


class TestSelection:
    @pytest.mark.parametrize("place", [("shop.py:2", "4"), ("shop.py:2:5", "4:32")])
    def test_it_reaches_from_the_place_to_the_end(
        self, run: Run, shop: Path, script: Script, place: tuple[str, str]
    ) -> None:
        script(["add_up(", "Add up the prices."])
        ran = run("action", "extract-function", place[0], "--to", place[1], "--write")
        assert (ran.err, ran.code) == ("", 0)
        assert "    result = add_up(prices)\n    return result * tax\n" in shop.read_text()

    @pytest.mark.usefixtures("shop")
    @pytest.mark.parametrize(
        ("end", "reason"),
        [
            ("1", "The selection ends before it begins."),
            ("x", "x is no end of a selection, as in LINE or LINE:COL."),
            ("99", "shop.py has lines 1 to 11; there is no line 99."),
        ],
    )
    def test_a_wrong_end_gets_one_sentence(self, run: Run, end: str, reason: str) -> None:
        ran = run("action", "extract-function", "shop.py:2", "--to", end)
        assert (ran.out, ran.err, ran.code) == ("", f"qwen-lsp: {reason}\n", 2)


class TestReview:
    @pytest.mark.parametrize("place", ["shop.py", "."])
    @pytest.mark.usefixtures("shop")
    def test_a_finding_is_a_line(self, run: Run, script: Script, place: str) -> None:
        script(WRONG_INDEX)
        ran = run("review", place)
        assert ran.out == WRONG_INDEX_LINE + "\n"
        assert ran.err == "[1/2] shop.py: total\n[2/2] shop.py: first\n"
        assert ran.code == 1

    @pytest.mark.usefixtures("shop")
    def test_a_line_asks_for_its_function(self, run: Run, script: Script) -> None:
        script(WRONG_INDEX[1:])
        ran = run("review", "shop.py:9")
        assert (ran.out, ran.code) == (WRONG_INDEX_LINE + "\n", 1)

    @pytest.mark.parametrize(
        ("category", "options", "code"),
        [
            ("crash", (), 1),
            ("crash", ("--fail-on", "error"), 1),
            ("off-by-one", (), 1),
            ("off-by-one", ("--fail-on", "error"), 0),
            ("other", (), 0),
            ("other", ("--fail-on", "information"), 1),
            ("other", ("--fail-on", "hint"), 1),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_the_code_tells_how_severe_it_is(
        self, run: Run, script: Script, category: str, options: tuple[str, ...], code: int
    ) -> None:
        for form in ((), ("--json",), ("--sarif",)):
            script([findings(("return items[1]", category)), "return items[0]\n"])
            ran = run("review", "shop.py:8", *options, *form)
            assert category in ran.out
            assert ran.code == code

    @pytest.mark.usefixtures("shop")
    def test_without_findings_all_is_well(self, run: Run, script: Script) -> None:
        script([findings(), findings()])
        ran = run("review", "shop.py")
        assert (ran.out, ran.code) == ("", 0)
        script([findings(), findings()])
        ran = run("review", "shop.py", "--json")
        assert (json.loads(ran.out), ran.err, ran.code) == ({"findings": []}, "", 0)

    @pytest.mark.usefixtures("shop")
    def test_json_has_all_of_a_finding(self, run: Run, script: Script) -> None:
        script(WRONG_INDEX)
        ran = run("review", "shop.py", "--json")
        assert json.loads(ran.out) == {
            "findings": [
                {
                    "path": "shop.py",
                    "line": 10,
                    "column": 5,
                    "severity": "error",
                    "code": "crash",
                    "message": "Possible crash: the model would write `return items[0]` here.",
                    "function": "first",
                    "quote": "return items[1]",
                    "instead": "return items[0]",
                }
            ]
        }
        assert (ran.out.count("\n"), ran.err) == (1, "")

    def test_sarif_has_what_code_hosts_read(self, run: Run, script: Script) -> None:
        path = Path("some folder/shöp.py")
        path.parent.mkdir()
        path.write_text(SHOP)
        script(WRONG_INDEX)
        ran = run("review", "some folder", "--sarif")
        log: dict[str, Any] = json.loads(ran.out)
        (sarif_run,) = log["runs"]
        (result,) = sarif_run["results"]
        driver = sarif_run["tool"]["driver"]
        assert (log["version"], ran.err) == ("2.1.0", "")
        assert driver["name"] == "qwen-lsp"
        assert [rule["id"] for rule in driver["rules"]] == list(CATEGORIES)
        assert (result["ruleId"], result["level"]) == ("crash", "error")
        assert result["message"]["text"].startswith("Possible crash")
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert place["region"] == {
            "startLine": 10,
            "startColumn": 5,
            "endLine": 10,
            "endColumn": 20,
        }
        uri = place["artifactLocation"]["uri"]
        assert uri == "some%20folder/sh%C3%B6p.py"
        assert unquote(uri) == path.as_posix()

    def test_sarif_names_a_file_elsewhere_by_its_uri(
        self, run: Run, shop: Path, script: Script, tmp_path: Path
    ) -> None:
        elsewhere = tmp_path / "shop.py"
        shop.rename(elsewhere)
        script(WRONG_INDEX)
        log = json.loads(run("review", str(elsewhere), "--sarif").out)
        place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == elsewhere.as_uri()

    def test_what_cannot_be_read_in_a_folder_is_left_out_with_a_word(
        self, run: Run, shop: Path, script: Script
    ) -> None:
        Path("a.py").write_bytes(b"\xff")
        script(WRONG_INDEX)
        ran = run("review", ".")
        assert ran.err.splitlines()[0] == "Left out: a.py is not UTF-8 text."
        assert ran.out == WRONG_INDEX_LINE + "\n"
        assert shop.exists()

    @pytest.mark.parametrize(("options", "out"), [((), ""), (("--json",), '{"findings": []}\n')])
    def test_where_there_is_no_function_no_model_is_needed(
        self, run: Run, options: tuple[str, ...], out: str
    ) -> None:
        Path("a.py").write_text("x = 1\n")
        ran = run("review", "a.py", *options)
        assert (ran.out, ran.code) == (out, 0)
        assert ran.err == "There is no function to review in a.py.\n"

    def test_a_syntax_error_is_noted(self, run: Run, shop: Path, script: Script) -> None:
        shop.write_text("x = (\n" + SHOP)
        script([findings(), findings()])
        assert run("review", "shop.py").err.startswith("shop.py has a syntax error in line ")
