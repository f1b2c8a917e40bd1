"""What files declare and import, in each language."""

import pytest

from qwen_lsp.languages import LANGUAGES, language_for_id, parse
from qwen_lsp.languages.declarations import Declarations, Symbol

PYTHON = '''\
"""A module."""
import os.path, json as j
from . import near
from ..far.away import (One, Two as Other)  # a comment
from typing import *
if TYPE_CHECKING:
    from later import Late

LIMIT = 10
client = Client(LIMIT)


class Base(Parent, metaclass=Meta):
    """The base.

    More of it.
    """

    count: int = 0

    class Inner(Base): ...

    def __init__(self, url: Url, size=1):
        from inside import Hidden
        self.url = url
        self.size: float = size
        self.made = Maker.of(url)
        local = 1

    @property
    def title(self) -> str:
        """The title."""
        self.size = 2

    @title.setter
    def title(self, value): ...

    async def load(
        self,
        path: str,  # where
        *,
        deep: bool = False,
    ) -> list[int]:
        def nested(): ...


def top(a, b=2): ...
'''


def declared(language_id: str, text: str) -> Declarations:
    language = language_for_id(language_id)
    assert language is not None
    return parse(language, text).declarations()


def words(symbol: Symbol) -> str:
    """Return a symbol on one line, its empty parts left out."""
    parts = [symbol.kind, symbol.qualified_name, symbol.signature, symbol.type, *symbol.bases]
    return " | ".join(part for part in (*parts, symbol.doc and f"'{symbol.doc}'") if part)


def test_python_symbols():
    assert [words(symbol) for symbol in declared("python", PYTHON).symbols] == [
        "variable | LIMIT | LIMIT = 10",
        "variable | client | client = Client(LIMIT) | Client",
        "class | Base | class Base(Parent, metaclass=Meta) | Parent | 'The base.'",
        "attribute | Base.count | count: int = 0 | int",
        "class | Base.Inner | class Inner(Base) | Base",
        "method | Base.__init__ | def __init__(self, url: Url, size=1)",
        "attribute | Base.url | self.url = url | Url",
        "attribute | Base.size | self.size: float = size | float",
        "attribute | Base.made | self.made = Maker.of(url) | Maker.of",
        "attribute | Base.title | def title(self) -> str | str | 'The title.'",
        (
            "method | Base.load | async def load(self, path: str, *, deep: bool = False)"
            " -> list[int] | list[int]"
        ),
        "function | top | def top(a, b=2)",
    ]


def test_python_imports():
    found = declared("python", PYTHON).imports
    assert [(entry.name, entry.module, entry.member) for entry in found] == [
        ("os.path", "os.path", ""),
        ("j", "json", ""),
        ("near", ".", "near"),
        ("One", "..far.away", "One"),
        ("Other", "..far.away", "Two"),
        ("*", "typing", "*"),
        ("Late", "later", "Late"),
        ("Hidden", "inside", "Hidden"),
    ]


CASES: dict[str, tuple[str, list[str], list[tuple[str, str, str]]]] = {
    "javascript": (
        """import def, { a as b } from './x';
import * as ns from 'y';
export { c } from './z';
const { d, e: f } = require('w');
/** Says so. */
export class A extends B {
  n = 1;
  go(x) { this.m = new C(); let local = 1; }
}
exports.foo = (p) => p;
""",
        [
            "class | A | class A extends B | B | 'Says so.'",
            "attribute | A.n | n = 1",
            "method | A.go | go(x)",
            "attribute | A.m | this.m = new C() | C",
            "function | foo | exports.foo = (p)",
        ],
        [
            ("def", "./x", "default"),
            ("b", "./x", "a"),
            ("ns", "y", ""),
            ("c", "./z", "c"),
            ("d", "w", "d"),
            ("f", "w", "e"),
        ],
    ),
    "typescript": (
        """import type { T } from './t';
export interface I<X> extends J, K { p: X; f(): void }
export abstract class A extends B<T> implements I {
  constructor(private readonly url: Url) { super() }
  get q(): string { return '' }
}
enum E { One, Two = 2 }
type L = A | B;
export const run = async (x: A): Promise<B> => x;
""",
        [
            "class | I | interface I<X> extends J, K | J | K",
            "attribute | I.p | p: X | X",
            "method | I.f | f(): void | void",
            "class | A | abstract class A extends B<T> implements I | B | I",
            "method | A.constructor | constructor(private readonly url: Url)",
            "attribute | A.url | private readonly url: Url | Url",
            "method | A.q | get q(): string | string",
            "class | E | enum E",
            "attribute | E.One | One",
            "attribute | E.Two | Two = 2",
            "class | L | type L = A | B",
            "function | run | run = async (x: A): Promise<B> | Promise<B>",
        ],
        [("T", "./t", "T")],
    ),
    "go": (
        """package p
import (
    f "fmt"
    "net/http"
    _ "skip"
)
// Server serves.
type Server struct {
    Name, Host string
    *Base
}
type R interface {
    Go(a int) error
}
const Max = 1
func (s *Server) Run() (int, error) { x := 1; return x, nil }
""",
        [
            "class | Server | type Server struct | Base | 'Server serves.'",
            "attribute | Server.Name | Name, Host string | string",
            "attribute | Server.Host | Name, Host string | string",
            "class | R | type R interface",
            "method | R.Go | Go(a int) error | error",
            "variable | Max | const Max = 1",
            "method | Server.Run | func (s *Server) Run() (int, error) | (int, error)",
        ],
        [("f", "fmt", ""), ("http", "net/http", "")],
    ),
    "rust": (
        """use a::{self, b::{C, D as E}, f::*};
/// A point.
#[derive(Debug)]
pub struct P { pub x: i32 }
impl<T> Tr for P<T> { fn go(&self) -> Self { let y = 1; } }
enum N { One, Two(i32) }
trait Tr { fn go(&self) -> Self; }
pub const MAX: u8 = 1;
""",
        [
            "class | P | pub struct P | 'A point.'",
            "attribute | P.x | pub x: i32 | i32",
            "method | P.go | fn go(&self) -> Self | Self",
            "class | N | enum N",
            "attribute | N.One | One",
            "attribute | N.Two | Two(i32)",
            "class | Tr | trait Tr",
            "method | Tr.go | fn go(&self) -> Self | Self",
            "variable | MAX | pub const MAX: u8 = 1 | u8",
        ],
        [("a", "a", ""), ("C", "a::b", "C"), ("E", "a::b", "D"), ("*", "a::f", "*")],
    ),
    "java": (
        """package p;
import a.b.C;
import static a.D.e;
/**
 * Holds it.
 * @since 1
 */
public class A<T> extends B implements C {
  private int x = 1, y;
  public A(int x) {}
  @Override
  public String f(int a) { int z; return null; }
  enum E { ONE, TWO(2) }
}
record R(int left) {}
""",
        [
            "class | A | public class A<T> extends B implements C | B | C | 'Holds it.'",
            "attribute | A.x | private int x = 1, y | int",
            "attribute | A.y | private int x = 1, y | int",
            "method | A.A | public A(int x)",
            "method | A.f | public String f(int a) | String",
            "class | A.E | enum E",
            "attribute | A.E.ONE | ONE",
            "attribute | A.E.TWO | TWO(2)",
            "class | R | record R(int left)",
            "attribute | R.left | int left | int",
        ],
        [("C", "a.b", "C"), ("e", "a.D", "e")],
    ),
    "c": (
        """#include "a.h"
#define MAX 10
typedef struct url { int a, *b; } Url;
int f(int a);
static int g(void) { int local; return 0; }
""",
        [
            "variable | MAX | #define MAX 10",
            "class | Url | typedef struct url",
            "attribute | Url.a | int a, *b | int",
            "attribute | Url.b | int a, *b | int",
            "function | f | int f(int a) | int",
            "function | g | static int g(void) | int",
        ],
        [("*", "a.h", "*")],
    ),
    "cpp": (
        """#include <map>
namespace n {
// Is one.
class A : public B {
 public:
  int x = 1;
  A();
  virtual int f(int a) const;
};
}
int A::f(int a) const { int z; return z; }
using Q = int;
""",
        [
            "class | A | class A : public B | B | 'Is one.'",
            "attribute | A.x | int x = 1 | int",
            "method | A.A | A()",
            "method | A.f | virtual int f(int a) const | int",
            "method | A.f | int A::f(int a) const | int",
            "class | Q | using Q = int",
        ],
        [("*", "map", "*")],
    ),
    "csharp": (
        """using A.B;
using X = A.B.C;
namespace N { public class D : E {
  private int x = 1, y;
  public string Name { get; set; }
  public int F(int a) { var z = 1; return z; }
} }
""",
        [
            "class | D | public class D : E | E",
            "attribute | D.x | private int x = 1, y | int",
            "attribute | D.y | private int x = 1, y | int",
            "attribute | D.Name | public string Name | string",
            "method | D.F | public int F(int a) | int",
        ],
        [("*", "A.B", "*"), ("X", "A.B", "C")],
    ),
    "ruby": (
        """require_relative 'a'
module M
  # Is one.
  class A < B
    attr_reader :x
    LIMIT = 1
    def go(a)
      @url = Url.new(a)
    end
  end
end
""",
        [
            "class | M | module M",
            "class | M.A | class A < B | B | 'Is one.'",
            "attribute | M.A.x | :x",
            "attribute | M.A.LIMIT | LIMIT = 1",
            "method | M.A.go | def go(a)",
            "attribute | M.A.url | @url = Url.new(a) | Url",
        ],
        [("*", "./a", "*")],
    ),
    "php": (
        r"""<?php
use A\B as C;
use A\{D, E};
class Q extends R {
  public int $x = 1;
  const K = 1;
  public function __construct(private Url $u) {}
}
""",
        [
            "class | Q | class Q extends R | R",
            "attribute | Q.x | public int $x = 1 | int",
            "attribute | Q.K | K = 1",
            "method | Q.__construct | public function __construct(private Url $u)",
            "attribute | Q.u | private Url $u | Url",
        ],
        [("C", "A", "B"), ("D", "A", "D"), ("E", "A", "E")],
    ),
    "lua": (
        """local x = require("a.b")
local M = {}
function M.f(a) end
M.y = 1
return M
""",
        [
            "variable | M | local M = {}",
            "method | M.f | function M.f(a)",
            "attribute | M.y | M.y = 1",
        ],
        [("x", "a.b", "")],
    ),
    "shellscript": (
        """source ./a.sh
X=1
# Does it.
go() {
  local y=1
}
""",
        [
            "variable | X | X=1",
            "function | go | go() | 'Does it.'",
        ],
        [("*", "./a.sh", "*")],
    ),
}


@pytest.mark.parametrize("language_id", CASES)
def test_other_languages(language_id: str):
    text, symbols, imports = CASES[language_id]
    found = declared(language_id, text)
    assert [words(symbol) for symbol in found.symbols] == symbols
    assert [(entry.name, entry.module, entry.member) for entry in found.imports] == imports


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.id)
def test_half_of_a_text_never_fails(language: object):
    language_id = getattr(language, "id")  # noqa: B009
    text = CASES.get(language_id, CASES["typescript"])[0] if language_id != "python" else PYTHON
    for end in range(0, len(text), 3):
        declared(language_id, text[:end])
        declared(language_id, text[end:])
    for other in CASES.values():
        declared(language_id, other[0])


def test_long_signatures_are_cut():
    (symbol,) = declared("python", "x = [" + "1234567890, " * 100 + "]\n").symbols
    assert len(symbol.signature) <= 200
