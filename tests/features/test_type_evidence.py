"""What the syntax of a Python file says of one slot, by each of the places where it says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_lsp.features.type_hints.code import read
from qwen_lsp.features.type_hints.inference import Inference, best
from qwen_lsp.features.type_hints.patterns import HOLE, members, optional, union


def found(code: str, function: str, name: str = "") -> str:
    """Return the type of a parameter, or of the result."""
    parsed = read(code)
    assert parsed is not None
    inference = Inference(parsed)
    node = next(one for one in parsed.functions if one.name == function)
    if name:
        return best(inference.parameter_evidence(node, name))
    return best(inference.result_evidence(node))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def f(a=1): ...", "int"),
        ("def f(a=-1.5): ...", "float"),
        ("def f(a='x'): ...", "str"),
        ("def f(a=True): ...", "bool"),
        ("def f(a=None): ...", HOLE),
        ("def f(a=LIMIT): ...\nLIMIT = 5", "int"),
        ("def f(a=[1, 2]): ...", "list[int]"),
        ("def f(a=Colour.RED): ...\nclass Colour(Enum):\n  RED = 1", "Colour"),
        ("def f(*a): ...\ndef g(a: str): ...", HOLE),
        ("def f(*a): ...\ndef g(*a: str): ...", "str"),
        ("def f(a): ...\nf(1)\nf(2)", "int"),
        ("def f(a): ...\nf(1)\nf('x')", "int | str"),
        ("def f(b, a): ...\nf(0, a='x')", "str"),
        ("def f(a=None): ...\nf(1)", "int | None"),
        ("def f(a): ...\nclass A: ...\nf(A())", "A"),
        ("def f(a): ...\ndef g() -> bytes: ...\nf(g())", "bytes"),
        ("def f(a): ...\ndef g(): return 1\nf(g)", "Callable[..., int]"),
        ("def f(a): ...\n@f\ndef g(): return 1", "Callable[..., int]"),
        ("class A:\n  def f(self, a): ...\nA().f(1)", "int"),
        ("def f(a): ...\ng = f\ng(1)", "int"),
        ("class A:\n  def f(self, a): ...\n  def g(self): self.f('x')", "str"),
        ("def f(a):\n  if isinstance(a, str): ...", HOLE),
        ("def f(a): return a.upper()", "str"),
        ("def f(a): return a.read()", HOLE),
        ("def f(a): return a == 'x'", "str"),
        ("def f(a): return a in ('x', 'y')", "str"),
        ("def f(a): return 'x' + a", "str"),
        ("def f(a):\n  for i in range(a): ...", "int"),
        ("def f(a): return a()", "Callable[..., Any]"),
        ("def f(a): return g(a)\ndef g(b: bytes): ...", "bytes"),
        ("def f(a): return g(b=a)\ndef g(b: bytes): ...", "bytes"),
        ("def f(a): ...\ndef g(a: bytes): ...", "bytes"),
        ("def f(a): ...\ndef g(a: bytes): ...\ndef h(a: str): ...", HOLE),
        ("class A:\n  x: list[int]\n  def f(self, a): self.x = a", "list[int]"),
        ("class A:\n  def __eq__(self, a): ...", "object"),
        ('def f(a):\n  """F.\n\n  Args:\n    a (int, optional): It.\n  """', "int"),
        ('def f(a):\n  """F.\n\n  :param a: It.\n  :type a: str or None\n  """', "str | None"),
        ('def f(a):\n  """F.\n\n  Parameters\n  ----\n  a : list of str\n  """', "list[str]"),
        ('def f(a):\n  """F.\n\n  Args:\n    a (Unknown): It.\n  """', HOLE),
    ],
)
def test_parameters(code: str, kind: str) -> None:
    parsed = read(code)
    assert parsed is not None
    name = parsed.functions[0].name
    assert found(code, name, "a") == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def f(): pass", "None"),
        ("def f():\n  return", "None"),
        ("def f(): ...", HOLE),
        ("def f(): raise NotImplementedError", HOLE),
        ("def f():\n  def g(): return 1\n", "None"),
        ("def f(): return 1", "int"),
        ("def f(): return 1 / 2", "float"),
        ("def f(a): return a > 1", "bool"),
        ("def f(a): return not a", "bool"),
        ("def f(a): return f'{a}'", "str"),
        ("def f(a): return '%s' % a", "str"),
        ("def f(a): return (1, 'x')", "tuple[int, str]"),
        ("def f(a): return [str(b) for b in a]", "list[str]"),
        ("def f(a): return {1: 'x'}", "dict[int, str]"),
        ("def f(a): return {'x': a}", "dict[str, ?]"),
        ("def f(a):\n  if a:\n    return 1", "int | None"),
        ("def f(a):\n  if a:\n    return 1\n  raise ValueError", "int"),
        ("def f(a):\n  if a:\n    return 1\n  else:\n    return 'x'", "int | str"),
        ("def f(a: str | None):\n  if a is None:\n    raise ValueError\n  return a", "str"),
        ("def f(a: str | None):\n  if not a:\n    return 'x'\n  return a", "str"),
        ("def f(a: str | None):\n  return a if a is not None else 'x'", "str"),
        ("def f(a: str | None):\n  return a or 'x'", "str"),
        ("def f(a: str | None, b):\n  if b:\n    return a\n  return 'x'", "str | None"),
        ("def f(a: str | None):\n  if a is None:\n    return a\n  return a", "str | None"),
        ("def f(a):\n  while True:\n    return 1", "int"),
        ("def f(a):\n  try:\n    return 1\n  except ValueError:\n    return None", "int | None"),
        ("def f(a):\n  if a:\n    return 1\n  return a.b", "int"),
        ("def f(a): yield 1", "Iterator[int]"),
        ("async def f(a): yield 1", "AsyncIterator[int]"),
        ("def f(a: list[str]):\n  for b in a:\n    yield b", "Iterator[str]"),
        ("def f():\n  a = 1\n  return a", "int"),
        ("def f(): return g()\ndef g() -> bytes: ...", "bytes"),
        ("def f(): return g()\ndef g(): return 1", "int"),
        ("async def f(): return await g()\nasync def g() -> bytes: ...", "bytes"),
        ("def f(): return f()", HOLE),
        ("def f(): return A()\nclass A: ...", "A"),
        ("def f(): return Path('x')\nfrom pathlib import Path", "Path"),
        ("def f(): return join('x')\nfrom os.path import join", "str"),
        ("class A:\n  def f(self): return self.x\n  x: int = 1", "int"),
        ("class A:\n  def f(self): return self.x\n  def __init__(self): self.x = 'x'", "str"),
        ("class A:\n  def f(self): return self", "A"),
        ("class A:\n  def f(self): ...\nclass B:\n  def f(self) -> int: ...", "int"),
        ('def f(a):\n  """F.\n\n  Returns:\n    int: It.\n  """\n  return a', "int"),
        ('def f(a):\n  """F.\n\n  :rtype: str\n  """\n  return a', "str"),
    ],
)
def test_results(code: str, kind: str) -> None:
    assert found(code, "f") == kind


def test_a_file_that_python_cannot_read_says_nothing() -> None:
    assert read("def f(:") is None
    assert read("x = '\0'") is None
    assert read("(" * 10_000) is None


def test_what_leads_in_circles_ends() -> None:
    code = "def f(a): return g(a)\ndef g(a): return f(a)\nx = f(y)\ny = g(x)"
    assert found(code, "f") == HOLE
    assert found(code, "g", "a") == HOLE


def test_functions_in_a_dictionary_and_under_a_decorator() -> None:
    code = (
        "def one(): return 1\n"
        "def two(): return 'x'\n"
        "def pick(key): return {'a': one, 'b': two}[key]()\n"
        "def double(f):\n"
        "  def inner(): return b'x'\n"
        "  return inner\n"
        "@double\n"
        "def three(): return 3\n"
        "def four(): return three()\n"
    )
    assert found(code, "pick") == "int | str"
    assert found(code, "four") == "bytes"


def test_what_special_methods_promise() -> None:
    code = "class A:\n  def __str__(self): return x\n  def __len__(self): return x"
    assert (found(code, "__str__"), found(code, "__len__")) == ("str", "int")


def test_docstrings_without_types_say_nothing() -> None:
    words = "F.\n\n  Args:\n    a: It.\n\n  Returns:\n    It, in short.\n  "
    code = f'def f(a):\n  """{words}"""\n  return a'
    assert (found(code, "f", "a"), found(code, "f")) == (HOLE, HOLE)


@pytest.mark.parametrize(
    ("kinds", "whole"),
    [
        (["int", "int"], "int"),
        (["None", "int"], "int | None"),
        (["list[?]", "list[int]"], "list[int]"),
        (["list[int]", "list[?]"], "list[int]"),
        (["?", "int"], "int | ?"),
        (["dict[str, int | None]"], "dict[str, int | None]"),
        (["int", "str", "bytes", "float"], HOLE),
        ([], HOLE),
    ],
)
def test_unions(kinds: list[str], whole: str) -> None:
    assert union(kinds) == whole


@given(st.lists(st.sampled_from(["int", "None", "?", "list[?]", "list[int]", "A | None"])))
def test_a_union_holds_each_member_once(kinds: list[str]) -> None:
    found = members(union(kinds))
    assert len(set(found)) == len(found)
    assert union([optional(union(kinds)), "None"]) == optional(union(kinds))
