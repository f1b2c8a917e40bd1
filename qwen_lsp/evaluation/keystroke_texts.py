"""What is typed where, for the cost of a keystroke: long files and the keys for their middle."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from qwen_lsp.evaluation.index_bench import made_module

LINES = 5000

# What is made by `index_bench.write_workspace`, and used in what is typed.
_PYTHON_IMPORTS = "from package_0.module_1 import Thing1\nfrom package_0.module_2 import make_2\n\n"
_PYTHON_TYPED = """\
    def first_named(self, names: list[str], default: str = "", thing: Thing1 = ONE) -> str:
        \"\"\"Return the first name that is known.\"\"\"
        for name in names:
            if name in {"one", "two"}:
                return f"{name}!"
        made = make_2(thing.account)
        return made.courier or default
"""
_TYPESCRIPT_CLASS = """\
interface Shop<NUMBER> {
  name: string;
  prices: Map<string, number>;
}

/** Keeps what was ordered. */
export class Orders<NUMBER> extends Keeper implements Shop<NUMBER> {
  private readonly open = new Map<string, Order>();
  name = "orders";

  constructor(private readonly shop: Shop<NUMBER>, readonly limit = 10) {
    super();
  }

  @logged
  async add(order: Order, { urgent = false }: Options = {}): Promise<boolean> {
    if (this.open.size >= this.limit && !urgent) {
      return false;
    }
    this.open.set(order.id, order);
    for (const [name, price] of this.shop.prices) {
      console.log(`${name}: ${price.toFixed(2)}`);
    }
    return true;
  }

  total = (): number => [...this.open.values()].reduce((sum, one) => sum + one.price, 0);
}

export const of<NUMBER> = <T>(items: T[], at?: number): T | undefined => {
  return at === undefined ? items[0] : items.find((_, index) => index === at);
};

"""
_TYPESCRIPT_TYPED = """\
  firstNamed(names: string[], otherwise = ""): string {
    // The first one that is known.
    for (const name of names) {
      if (this.open.has(name)) {
        return `${name}!`;
      }
    }
    return otherwise;
  }
"""
_BEYOND_ASCII = {
    '"""Return ': '"""Größe 日本 😀, return ',
    "# ": "# été ",
    "/** ": "/** Größe 日本 😀 ",
    "// ": "// été ",
}
_KEY = re.compile(r"\n *|.")


@dataclass(frozen=True)
class Typing:
    """A long file, and what is typed into it key by key. `name` is told to people.

    `keys` are the texts that one key puts in; a line end comes with the indentation behind it, as
    an editor types that.
    """

    name: str
    language_id: str
    before: str
    keys: tuple[str, ...]
    after: str


def typings() -> tuple[Typing, ...]:
    """Return what is typed for the bench."""
    python, typescript = _python(), _typescript()
    plain = _typing("Python", "python", python, _PYTHON_TYPED)
    beyond = (_beyond_ascii(python), _beyond_ascii(_PYTHON_TYPED))
    return (
        plain,
        _typing("Python beyond ASCII", "python", *beyond),
        _with_crlf(plain),
        _typing("TypeScript", "typescript", typescript, _TYPESCRIPT_TYPED),
    )


def _typing(name: str, language_id: str, text: str, typed: str) -> Typing:
    lines = text.splitlines(keepends=True)
    # A blank line and then a method: one more fits there.
    place = next(
        number
        for number in range(LINES // 2, len(lines))
        if not lines[number - 1].strip()
        and re.match(r" +(?:def |async |constructor)", lines[number])
    )
    keys = tuple(match[0] for match in _KEY.finditer(typed.rstrip()))
    before, after = "".join(lines[:place]), "".join(lines[place:])
    return Typing(name, language_id, before, keys, "\n\n" + after)


def _with_crlf(typing: Typing) -> Typing:
    def changed(text: str) -> str:
        return text.replace("\n", "\r\n")

    return Typing(
        f"{typing.name} with CRLF",
        typing.language_id,
        changed(typing.before),
        tuple(changed(key) for key in typing.keys),
        changed(typing.after),
    )


def _python() -> str:
    """Return made-up modules, joined."""
    choice = random.Random(1)  # noqa: S311 - the same code each time
    return _PYTHON_IMPORTS + _long(made_module(number, choice) + "\n\n" for number in count())


def _typescript() -> str:
    numbered = (_TYPESCRIPT_CLASS.replace("<NUMBER>", str(number)) for number in range(LINES))
    return _long(numbered)


def _long(pieces: Iterator[str]) -> str:
    """Return so many whole pieces that they have at least as many lines as wanted."""
    text: list[str] = []
    lines = 0
    while lines < LINES:
        text.append(next(pieces))
        lines += text[-1].count("\n")
    return "".join(text)


def _beyond_ascii(text: str) -> str:
    for sign, longer in _BEYOND_ASCII.items():
        text = text.replace(sign, longer)
    return text
