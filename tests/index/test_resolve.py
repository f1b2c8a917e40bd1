"""Names are followed through imports, base classes, annotations and calls; no further."""

import pytest

from qwen_lsp.index.resolve import Resolver, Target
from qwen_lsp.languages import language_for_path, parse
from tests.harness.sources import Sources

SHOP = Sources(
    {
        "shop/__init__.py": "from .orders import Order as Order\n",
        "shop/orders.py": (
            "from __future__ import annotations\nfrom typing import Optional\n"
            "from .money import Money\nfrom . import people\n\n\n"
            "class Base:\n    note: str = ''\n\n    def close(self) -> None: ...\n\n\n"
            "class Order(Base):\n"
            "    def __init__(self, buyer: people.Person):\n"
            "        self.total = Money(0)\n"
            "        self.buyer = buyer\n\n"
            "    @property\n    def first(self) -> Optional['Line']: ...\n\n"
            "    def copy(self) -> Order: ...\n\n\n"
            "class Line:\n    price: Money\n\n\n"
            "def open_order(name: str) -> Order | None: ...\n"
        ),
        "shop/money.py": "class Money:\n    cents: int\n\n    def add(self, other): ...\n",
        "shop/people.py": "import threading\n\n\nclass Person(threading.Thread):\n    name: str\n",
        "shop/anything.py": "class Anything:\n    def __getattr__(self, name): ...\n",
        "app.py": (
            "import shop\nfrom shop import Order, orders\nfrom shop.orders import *\n"
            "from shop.orders import open_order as opened\n"
            "from shop.anything import Anything\nfrom elsewhere import Unknown\n"
        ),
        "web/cart.ts": "import { Item } from './item';\nexport class Cart { items: Item }\n",
        "web/item.ts": "export class Item { price: number; sell(): void {} }\n",
        "lib/Engine.java": "class Engine { int power; void start() {} }\n",
        "lib/Car.java": "class Car { Engine engine; }\n",
    }
)


def members(expression: str, names: dict[str, str] | None = None, path: str = "app.py") -> set[str]:
    resolver = Resolver(SHOP)
    target = resolver.expression(path, expression, names or {})
    return set(resolver.members(target).symbols) if target else set()


ORDER = {"__init__", "total", "buyer", "first", "copy", "note", "close"}


@pytest.mark.parametrize(
    ("expression", "names", "found"),
    [
        ("order", {"order": "Order"}, ORDER),
        ("order", {"order": "Order | None"}, ORDER),
        ("order", {"order": "'orders.Order'"}, ORDER),
        ("order", {"order": "shop.Order"}, ORDER),
        ("order", {"order": "Order(buyer)"}, ORDER),
        ("order", {"order": "opened('x')"}, ORDER),
        ("order", {"order": "await opened('x')"}, ORDER),
        ("copy", {"order": "Order", "copy": "order.copy()"}, ORDER),
        ("Order(buyer)", {}, ORDER),
        ("order.total", {"order": "Order"}, {"cents", "add"}),
        ("order.first.price", {"order": "Order"}, {"cents", "add"}),
        ("opened('x').copy().total", {}, {"cents", "add"}),
        ("orders", {}, {"Base", "Order", "Line", "open_order"}),
        ("Line", {}, {"price"}),
    ],
)
def test_what_is_behind_the_dot(expression: str, names: dict[str, str], found: set[str]) -> None:
    assert members(expression, names) == found


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("order", {}),
        ("order", {"order": "list[Order]"}),
        ("order", {"order": "Unknown"}),
        ("order", {"order": "make()"}),
        ("order", {"order": "order"}),
        ("orders[0]", {"orders": "Order"}),
        ("", {}),
    ],
)
def test_what_is_not_written_down_is_not_known(expression: str, names: dict[str, str]) -> None:
    assert members(expression, names) == set()


def test_a_class_of_its_own_is_behind_self() -> None:
    resolver = Resolver(SHOP)
    target = resolver.expression("shop/orders.py", "self.total", {}, this="Order")
    assert target is not None
    assert (target.path, target.is_instance) == ("shop/money.py", True)


@pytest.mark.parametrize(
    ("path", "name", "is_complete"),
    [
        ("shop/orders.py", "Order", True),
        ("shop/people.py", "Person", False),
        ("shop/anything.py", "Anything", False),
    ],
)
def test_members_are_complete_where_all_bases_are_known(
    path: str, name: str, *, is_complete: bool
) -> None:
    resolver = Resolver(SHOP)
    target = resolver.find(path, name)
    assert target is not None
    assert resolver.members(target).is_complete == is_complete


def test_imports_of_typescript_are_followed() -> None:
    assert members("cart.items", {"cart": "Cart"}, "web/cart.ts") == {"price", "sell"}


def test_a_class_that_is_the_only_one_of_its_name_is_found_without_an_import() -> None:
    assert members("engine", {"engine": "Engine"}, "lib/Car.java") == {"power", "start"}


def test_circles_come_to_an_end() -> None:
    circle = Sources(
        {
            "a.py": "from b import X\nclass A(X): ...\n",
            "b.py": "from a import A as X\ny = y.z\n",
        }
    )
    resolver = Resolver(circle)
    assert resolver.find("a.py", "X") is not None
    assert resolver.expression("a.py", "A().x", {}) is None
    assert resolver.members(Target("a.py", circle.symbols_of("a.py")[0])).symbols == {}


@pytest.mark.parametrize(
    ("path", "code", "found"),
    [
        (
            "a.py",
            "def f(a: A, b: int = 1, *c, d=2):\n    e = B(a)\n    with g() as h:\n        $0\n",
            {"a": "A", "b": "int", "d": "2", "e": "B(a)", "h": "g()"},
        ),
        ("a.py", "x = A()\n\n\ndef f():\n    y = B()\n    $0\n", {"y": "B()"}),
        (
            "a.ts",
            "function f(a: A, b?: B) {\n  const c = new C();\n  let d: D;\n  $0\n}\n",
            {"a": "A", "b": "B", "c": "new C()", "d": "D"},
        ),
        (
            "A.java",
            "class A {\n  void f(B b) {\n    C c = new C();\n    $0\n  }\n}\n",
            {"b": "B"},
        ),
        (
            "a.rs",
            "fn f(a: &A, b: &mut B) {\n    let c: C = d();\n    $0\n}\n",
            {"a": "A", "b": "B"},
        ),
    ],
)
def test_the_names_of_a_function_and_what_they_are(
    path: str, code: str, found: dict[str, str]
) -> None:
    language = language_for_path(path)
    assert language is not None
    offset = code.index("$0")
    bindings = parse(language, code.replace("$0", "")).bindings_at(offset)
    assert {name: bindings.get(name) for name in found} == found
    assert "x" not in bindings
