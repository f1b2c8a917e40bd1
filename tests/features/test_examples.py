"""The examples of docstrings: which are read, what may be run, and what came of it."""

import pytest

from qwen_lsp.features.examples import (
    Example,
    Outcome,
    documented_examples,
    is_permitted_function,
    permitted_surroundings,
    run_versions,
    small_changes,
)


@pytest.mark.parametrize(
    "text",
    [
        ">>> f(2)\n    4",
        "f(2) == 4",
        "f(2) -> 4, which is even",
        "f(2) ➞ 4",
        "f(2) => 4.",
        "f(2)  # returns 4",
        "f(2) should return 4",
        "f(2) = 4  # twice as much",
    ],
)
def test_an_example_is_a_call_and_a_literal(text: str) -> None:
    wanted = [] if "which" in text else [Example("f(2)", "4")]
    assert documented_examples(f"Double it.\n\n    {text}\n", "f") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "f(2) is the usual case",
        "f(x) == 4",
        "f(2) == four",
        "f(2)\n4",
        "self.f(2) == 4",
        "half(2) == 1",
        "f(2) == 4\nf(2) == 5",
        "f(2 == 4",
    ],
)
def test_what_is_not_certain_is_no_example(text: str) -> None:
    assert documented_examples(text, "f") == []


def test_a_call_may_take_several_lines() -> None:
    text = "f([\n  [1, 2],\n  [3]\n], key=')') == {'a': (1, 2)}"
    (found,) = documented_examples(text, "f")
    assert found.expected == "{'a': (1, 2)}"


@pytest.mark.parametrize(
    "body",
    [
        "return open('/etc/passwd').read().__class__",
        "return x.__class__",
        "return x.gi_frame",
        "return '{0.__class__}'.format(x)",
        "return __builtins__",
        "import os\n    return os.getcwd()",
        "from string import Formatter\n    return Formatter()",
        "import importlib as math\n    return math",
        "class A:\n        pass\n    return A",
        "global y\n    return y",
        "match x:\n        case str(upper=y):\n            return y",
        "with x:\n        return 1",
        "return (lambda __x: __x)(x)",
    ],
)
def test_code_that_could_reach_out_is_not_run(body: str) -> None:
    assert not is_permitted_function(f"def f(x):\n    {body}\n")


@pytest.mark.parametrize("name", ["open", "eval", "exec", "getattr", "input", "compile", "vars"])
async def test_a_builtin_that_is_not_named_is_not_there(name: str) -> None:
    ((outcome,),) = await run_versions([f"def f(x):\n    return {name}(x)\n"], "", [EXAMPLE])
    assert outcome == Outcome(None, failed="NameError")


EXAMPLE = Example("f(2)", "4")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("return x * 2", Outcome(True, returned="4")),
        ("return x * 3", Outcome(False, returned="6")),
        ("return 4.0001", Outcome(True, returned="4.0001")),
        ("return None", Outcome(False, returned="None")),
        ("return '4'", Outcome(None, returned="'4'")),
        ("return [][0]", Outcome(False, failed="IndexError")),
        ("return other", Outcome(None, failed="NameError")),
        ("while True:\n        pass", Outcome(None, failed="too long")),
        ("import math\n    return math.sqrt(16)", Outcome(True, returned="4.0")),
        ("return twice(x)", Outcome(True, returned="4")),
        ("return x ** LIMIT", Outcome(True, returned="4")),
    ],
)
async def test_an_example_holds_or_not(body: str, outcome: Outcome) -> None:
    text = (
        "import os\nLIMIT = 2\nNOW = os.times()\ndef twice(x):\n    return x + x\ndef f(x): ...\n"
    )
    code = f"def f(x):\n    {body}\n"
    assert is_permitted_function(code)
    found = await run_versions([code], permitted_surroundings(text, "f"), [EXAMPLE])
    assert found == [[outcome]]


async def test_a_version_that_takes_the_process_down_is_passed_over() -> None:
    bodies = ("[0] * 10 ** 12", "f(x + 1)", "sum(range(10 ** 12))", "x * 2")
    versions = [f"def f(x):\n    return {body}\n" for body in bodies]
    found = await run_versions(versions, "", [EXAMPLE], until_right=True)
    assert len(found) == len(versions)
    assert found[-1] == [Outcome(True, returned="4")]
    assert not any(outcome.is_right for one in found[:-1] for outcome in one)


async def test_it_ends_with_the_first_version_that_is_right() -> None:
    versions = [f"def f(x):\n    return x * {factor}\n" for factor in (1, 2, 3)]
    assert len(await run_versions(versions, "", [EXAMPLE], until_right=True)) == 2


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("if low < high:", "if low <= high:"),
        ("for i in range(len(names)):", "for i in range(len(names) - 1):"),
        ("return low and high", "return low or high"),
        ("return not low", "return low"),
        ("total += low", "total -= low"),
        ("return low - high", "return high - low"),
        ("return high", "return low"),
        ("if j % i == 0:", "if i % j == 0:"),
        ("return '-'.join(names)", "return ''.join(names)"),
        ("if low in names:", "if low not in names:"),
        ("call(low, high)", "call(high, low)"),
        ("call(low,", "call(high,"),
    ],
)
def test_small_changes_are_what_bugs_look_like(line: str, wanted: str) -> None:
    function = "def f(low, high, names, i, j):\n    total = 0\n    return total\n"
    found = small_changes(line, function)
    assert wanted in found
    assert line not in found
    assert len(set(found)) == len(found)
