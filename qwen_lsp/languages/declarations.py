"""What a file declares and what it imports, as plain values."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["class", "function", "method", "attribute", "variable"]


@dataclass(frozen=True)
class Symbol:
    """A definition that code elsewhere can name.

    `scope` is the qualified name of the class it stands in, empty at the top level. `signature` is
    its code on one line and without a body: `def f(a: int = 1) -> str`, `class A(Base)`,
    `limit: int = 10`. `doc` is the first line of its documentation. `type` is what it gives, as
    written: the return annotation of a function, the annotation of an attribute or variable, or
    the name that is called where the value is a call (`Url` in `self.url = Url(text)`); empty where
    that is not known. `bases` are a class's, as written. `line` is 0-based.
    """

    name: str
    scope: str
    kind: Kind
    signature: str
    line: int
    doc: str = ""
    type: str = ""
    bases: tuple[str, ...] = ()

    @property
    def qualified_name(self) -> str:
        """Return the name with its scope: `Class.method`."""
        return f"{self.scope}.{self.name}" if self.scope else self.name


@dataclass(frozen=True)
class Import:
    """A name that a file has from elsewhere.

    `module` is as written: `a.b`, `..a`, `./a`. `member` is the name there, empty where `name` is
    the module itself, and `*` where all names of the module are taken (`name` is `*` as well).
    """

    name: str
    module: str
    member: str = ""


@dataclass(frozen=True)
class Declarations:
    """The symbols of a file in their order, and its imports."""

    symbols: tuple[Symbol, ...]
    imports: tuple[Import, ...]
