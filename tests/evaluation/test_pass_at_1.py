"""Running the tests of a completed program: what passes, what fails, and what is stopped."""

import sys
from dataclasses import replace

import pytest

from qwen_lsp.evaluation.infill_cases import InfillCase, InputOutput
from qwen_lsp.evaluation.pass_at_1 import passes, run_program, same_text

CHECKED = InfillCase(
    "double",
    "some",
    "python",
    "def double(x):\n    ",
    "return x * 2",
    "\n",
    "\ndef check(f):\n    assert f(2) == 4\n\ncheck(double)\n",
)
PRINTED = InfillCase(
    "twice",
    "some",
    "python",
    "x = int(input())\n",
    "print(x * 2)",
    "\n",
    examples=(InputOutput("1\n", ("2", "two")), InputOutput("4\n", ("8",))),
)
BARE = replace(CHECKED, check="")
CALL = InfillCase("call", "some", "python", "x = ", 'g(a=1, b="2")', "\n")
SCRIPT = InfillCase("script", "some", "javascript", "const x = {{", "g(1)", "\n")


@pytest.mark.parametrize(
    ("case", "completion", "expected"),
    [
        (CHECKED, "return x * 2", True),
        (CHECKED, "return x + x", True),
        (CHECKED, "return x", False),
        (CHECKED, "return (", False),
        (CHECKED, "", False),
        (CHECKED, "raise SystemExit(0)", True),  # a known hole: it ends before it is checked
        (PRINTED, "print( x + x )", True),
        (PRINTED, "print('two' if x == 1 else  8)", True),
        (PRINTED, "print(2)", False),
        (PRINTED, "print(x * 2); raise ValueError", False),
        (BARE, "return  x*2", True),
        (CALL, "g(b='2', a=1)", True),
        (CALL, "g(1, b='2')", False),
        (SCRIPT, "g(  1 )", True),
        (SCRIPT, "g( 2 )", False),
        (BARE, "return x + x", False),
    ],
)
def test_passes(case: InfillCase, completion: str, expected: bool) -> None:
    assert passes(case, case.filled(completion)) is expected


def test_the_text_that_was_there_always_passes() -> None:
    broken = replace(CHECKED, check="\nraise ValueError\n")
    assert passes(broken, broken.filled("return x * 2  \n"))
    assert not passes(broken, broken.filled("return x + x"))


def test_same_text_looks_past_white_space_at_line_ends_only() -> None:
    assert same_text("a \nb\n\n", "a\nb")
    assert not same_text("a\n b", "a\nb")
    assert not same_text(" a", "a")


def test_an_endless_loop_is_stopped() -> None:
    assert not run_program("while True: pass", cpu_seconds=1).is_done


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_memory_is_limited() -> None:
    assert not run_program("x = bytearray(2**31)").is_done


def test_the_program_is_alone() -> None:
    run = run_program("import os; print(sorted(os.listdir()), 'PATH' in os.environ)")
    assert run.printed.split() == ["['program.py']", "False"]


def test_input_and_output_are_utf_8() -> None:
    assert run_program("print(input()[::-1])", "é😀\n").printed.strip() == "😀é"
