"""What type the value of a Python expression has, as far as the syntax of its file says it."""

import ast
import re
from typing import Protocol

from qwen_lsp.features.type_hints.bindings import in_scope
from qwen_lsp.features.type_hints.code import (
    FunctionNode,
    PythonCode,
    Scope,
    annotation_text,
)
from qwen_lsp.features.type_hints.known import BUILTINS, FUNCTIONS, METHODS, TELLING_RESULTS
from qwen_lsp.features.type_hints.narrowing import is_not_none
from qwen_lsp.features.type_hints.operations import (
    callable_type,
    of_bin_op,
    of_constant,
    result_of_calling,
)
from qwen_lsp.features.type_hints.patterns import HOLE, arguments, base, members, union

_DEEPEST = 12
# Looking through a file that calls itself in circles would take for ever.
_MOST_STEPS = 2000
_CONTAINERS = {"List": "list", "Dict": "dict", "Set": "set", "Tuple": "tuple"}
_ITERABLES = frozenset(
    {"list", "set", "frozenset", "Iterable", "Iterator", "Sequence", "Collection", "deque"}
    | {"dict", "Mapping"}
)
_OF_A_MAPPING = 2
_NAMES_OF_ARGUMENTS = re.compile(r"\b[TKV]\b")


class Knowledge(Protocol):
    """What is known of functions; it asks for values in turn."""

    def parameter(self, function: FunctionNode | ast.Lambda, name: str) -> str:
        """Return the type of a parameter, `?` where nothing is known."""
        ...

    def result(self, function: FunctionNode) -> str:
        """Return what a call gives; of an async function what its awaited call gives."""
        ...


class Values:
    """Says what type an expression has; `?` where nothing is known."""

    def __init__(self, code: PythonCode, knowledge: Knowledge) -> None:
        self.code = code
        self.knowledge = knowledge
        self._depth = 0
        self._steps = 0
        self._at_work: set[tuple[ast.AST, str]] = set()

    def of(self, node: ast.expr | None) -> str:
        """Return the type of an expression."""
        if node is None:
            return "None"
        self._steps += 1
        if self._depth >= _DEEPEST or self._steps > _MOST_STEPS:
            return HOLE
        self._depth += 1
        try:
            return self._of(node)
        finally:
            self._depth -= 1

    def begin(self) -> None:
        """Begin anew with the steps that may be taken for one slot."""
        self._steps = 0

    def union_of(self, nodes: list[ast.expr]) -> str:
        """Return the type of a value that is one of these."""
        return union(map(self.of, nodes))

    def _of(self, node: ast.expr) -> str:
        match node:
            case ast.Constant():
                return of_constant(node)
            case ast.List() | ast.Set() | ast.Tuple() | ast.Dict():
                return self._of_display(node)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._of_comprehension(node)
            case ast.UnaryOp() | ast.BoolOp() | ast.BinOp() | ast.Compare() | ast.IfExp():
                return self._of_operation(node)
            case ast.Await() | ast.Call():
                return self._of_call(node)
            case ast.Subscript():
                return self._of_subscript(node)
            case ast.Name():
                return self._of_used_name(node)
            case ast.Attribute():
                return self._of_attribute(node)
            case _:
                return self._of_other(node)

    def _of_used_name(self, node: ast.Name) -> str:
        kind = self.of_name(node.id, node)
        parts = members(kind)
        if len(parts) > 1 and "None" in parts and is_not_none(self.code, node.id, node):
            return union(part for part in parts if part != "None")
        return kind

    def _of_other(self, node: ast.expr) -> str:
        match node:
            case ast.JoinedStr():
                return "str"
            case ast.NamedExpr() | ast.Starred():
                return self.of(node.value)
            case ast.Lambda():
                return callable_type(self.of(node.body))
            case _:
                return HOLE

    def _of_operation(self, node: ast.expr) -> str:
        match node:
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return "bool"
            case ast.UnaryOp():
                kind = self.of(node.operand)
                return "int" if kind == "bool" else kind
            case ast.BoolOp():
                return self._of_bool_op(node)
            case ast.BinOp():
                return of_bin_op(node.op, self.of(node.left), self.of(node.right))
            case ast.IfExp():
                return self.union_of([node.body, node.orelse])
            case _:
                return HOLE

    def _of_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> str:
        if isinstance(node, ast.DictComp):
            return f"dict[{self._element([node.key])}, {self._element([node.value])}]"
        names = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "Iterator"}
        return f"{names[type(node)]}[{self._element([node.elt])}]"

    def _of_bool_op(self, node: ast.BoolOp) -> str:
        found = [self.of(value) for value in node.values]
        if isinstance(node.op, ast.Or):  # None is false, so that it never comes out of the first.
            found[:-1] = [
                union(member for member in members(one) if member != "None") for one in found[:-1]
            ]
        return union(found)

    def _element(self, nodes: list[ast.expr]) -> str:
        if not nodes:
            return HOLE
        found = self.union_of(nodes)
        return HOLE if HOLE in members(found) else found

    def _of_display(self, node: ast.List | ast.Set | ast.Tuple | ast.Dict) -> str:
        if isinstance(node, ast.Dict):
            keys = [key for key in node.keys if key is not None]
            is_whole = len(keys) == len(node.values)  # `**other` has no key
            if not is_whole:
                return f"dict[{HOLE}, {HOLE}]"
            return f"dict[{self._element(keys)}, {self._element(node.values)}]"
        is_starred = any(isinstance(one, ast.Starred) for one in node.elts)
        if isinstance(node, ast.Tuple):
            if is_starred or not node.elts:
                return f"tuple[{HOLE}, ...]"
            return f"tuple[{', '.join(self.of(one) for one in node.elts)}]"
        element = HOLE if is_starred else self._element(node.elts)
        return f"{'list' if isinstance(node, ast.List) else 'set'}[{element}]"

    def _of_subscript(self, node: ast.Subscript) -> str:
        owner = self.of(node.value)
        kind, given = _CONTAINERS.get(base(owner), base(owner)), arguments(owner)
        if isinstance(node.slice, ast.Slice):
            return owner if kind in ("list", "str", "bytes") else HOLE
        if kind == "str":
            return "str"
        if kind == "bytes":
            return "int"
        if kind in ("list", "Sequence") and given:
            return given[0]
        if kind in ("dict", "Mapping", "defaultdict") and len(given) == _OF_A_MAPPING:
            return given[1]
        if kind == "tuple" and given and isinstance(node.slice, ast.Constant):
            place = node.slice.value
            if given[-1] == "...":
                return given[0]
            if isinstance(place, int) and -len(given) <= place < len(given):
                return given[place]
        return HOLE

    def _of_call(self, node: ast.Call | ast.Await) -> str:
        awaited = isinstance(node, ast.Await)
        call = node.value if isinstance(node, ast.Await) else node
        if not isinstance(call, ast.Call):
            return HOLE
        function = self.function_called(call)
        if function is not None:
            is_async = isinstance(function, ast.AsyncFunctionDef)
            return self._of_decorated(function) if is_async == awaited else HOLE
        return HOLE if awaited else self._of_other_call(call)

    def _of_decorated(self, function: FunctionNode) -> str:
        """Return what a call gives of a function under the decorators of this file, if any."""
        for one in function.decorator_list:
            name = one.id if isinstance(one, ast.Name) else ""
            decorator = self.function_named(name, function) if name else None
            if decorator is not None:
                found = result_of_calling(self.knowledge.result(decorator))
                return self.knowledge.result(function) if found == HOLE else found
        return self.knowledge.result(function)

    def _of_other_call(self, node: ast.Call) -> str:
        called = node.func
        full = self.code.dotted(called)
        if full:
            is_class = full.rpartition(".")[2][:1].isupper() and not full.isupper()
            return FUNCTIONS.get(full) or (ast.unparse(called) if is_class else HOLE)
        if isinstance(called, ast.Name):
            return self._of_named_call(called, node)
        if isinstance(called, ast.Attribute):
            return self._of_method(called)
        return result_of_calling(self.of(called))

    def _of_named_call(self, called: ast.Name, node: ast.Call) -> str:
        if called.id in self.code.classes:
            return called.id
        around = self.code.class_around(node)
        if called.id == "cls" and around is not None:
            return around.name
        kind = self.of_name(called.id, called)
        return result_of_calling(kind) if kind != HOLE else self._of_builtin(called.id, node)

    def _of_builtin(self, name: str, node: ast.Call) -> str:
        if name in ("list", "set", "tuple", "sorted", "frozenset") and node.args:
            element = self.element_of(node.args[0])
            return BUILTINS[name].replace(HOLE, element)
        if name in ("abs", "max", "min", "sum") and node.args:
            found = self.of(node.args[0]) if name == "abs" else self.union_of(node.args)
            if len(node.args) == 1 and name != "abs":
                found = self.element_of(node.args[0])
            return found if found in ("int", "float", "str") else HOLE
        return BUILTINS.get(name, HOLE)

    def _of_method(self, called: ast.Attribute) -> str:
        owner = self.of(called.value)
        methods = METHODS.get(base(owner), {})
        if called.attr in methods:
            given = arguments(owner) or [HOLE]
            names = {"T": given[0], "K": given[0], "V": given[-1]}
            return _NAMES_OF_ARGUMENTS.sub(lambda name: names[name[0]], methods[called.attr])
        attribute = self._of_attribute(called)
        if attribute != HOLE:
            return result_of_calling(attribute)
        return TELLING_RESULTS.get(called.attr, HOLE)

    def function_called(self, node: ast.Call) -> FunctionNode | None:
        """Return the function or method of this file that a call is of, None for all others."""
        called = node.func
        if isinstance(called, ast.Name):
            return self.function_named(called.id, called)
        if isinstance(called, ast.Attribute):
            owner = self._class_of_value(called.value)
            return self.code.method(owner, called.attr) if owner is not None else None
        return None

    def function_named(self, name: str, at: ast.AST) -> FunctionNode | None:
        """Return the function that a name means in a place."""
        scope: Scope = self.code.scope_of(at)
        while True:
            bound = self.code.binding_nodes(scope, name)
            found = [one for one in bound if isinstance(one, FunctionNode)]
            if found and not isinstance(scope, ast.ClassDef):
                return found[-1]
            if bound and not isinstance(scope, ast.ClassDef):
                return self._function_behind(bound, name)
            if isinstance(scope, ast.Module):
                return None
            scope = self.code.scope_of(scope)

    def _function_behind(self, bound: list[ast.AST], name: str) -> FunctionNode | None:
        """Return the function of `name = function`, where that is all the name is bound to."""
        value = bound[0].value if isinstance(bound[0], ast.Assign) else None
        if len(bound) > 1 or not isinstance(value, ast.Name) or value.id == name:
            return None
        key = (value, value.id)
        if key in self._at_work:
            return None
        self._at_work.add(key)
        try:
            return self.function_named(value.id, value)
        finally:
            self._at_work.discard(key)

    def _class_of_value(self, node: ast.expr) -> ast.ClassDef | None:
        if isinstance(node, ast.Name):
            if node.id in self.code.classes:
                return self.code.classes[node.id]
            if node.id in ("self", "cls"):
                return self.code.class_around(node)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "super":
            return self.code.class_around(node)
        return self.code.classes.get(self.of(node))

    def _of_attribute(self, node: ast.Attribute) -> str:
        if node.attr == "__name__":
            return "str"
        owner = self._class_of_value(node.value)
        if owner is None:
            return HOLE
        is_class = isinstance(node.value, ast.Name) and node.value.id == owner.name
        is_enum = any("Enum" in ast.unparse(one) for one in owner.bases)
        return owner.name if is_class and is_enum else self.of_member(owner, node.attr)

    def of_member(self, owner: ast.ClassDef, name: str) -> str:
        """Return the type of an attribute or property of a class, or of one of its methods."""
        key = (owner, name)
        if key in self._at_work:
            return HOLE
        self._at_work.add(key)
        try:
            return self._of_member(owner, name)
        finally:
            self._at_work.discard(key)

    def _of_member(self, owner: ast.ClassDef, name: str) -> str:
        values: list[ast.expr] = []
        for one in self.code.family(owner):
            for node in self.code.stored(one, name):
                if isinstance(node, ast.AnnAssign):
                    return annotation_text(node.annotation)
                values.append(node.value)
        method = self.code.method(owner, name)
        if method is not None:
            names = {ast.unparse(one) for one in method.decorator_list}
            is_property = names & {"property", "cached_property", "functools.cached_property"}
            return self.knowledge.result(method) if is_property else self.as_callable(method)
        return self.union_of(values) if values else HOLE

    def as_callable(self, function: FunctionNode) -> str:
        """Return the type of a function itself."""
        is_async = isinstance(function, ast.AsyncFunctionDef)
        return callable_type(HOLE if is_async else self.knowledge.result(function))

    def of_name(self, name: str, at: ast.AST) -> str:
        """Return the type of what a name means in a place."""
        scope = self.code.scope_of(at)
        while True:
            key = (scope, name)
            if key in self._at_work:
                return HOLE
            if not isinstance(scope, ast.ClassDef) or self.code.scope_of(at) is scope:
                self._at_work.add(key)
                try:
                    found = in_scope(self, name, scope)
                finally:
                    self._at_work.discard(key)
                if found:
                    return found
            if isinstance(scope, ast.Module):
                return HOLE
            scope = self.code.scope_of(scope)

    def element_of(self, node: ast.expr) -> str:
        """Return the type of what one gets by going through a value."""
        if isinstance(node, ast.Call):
            found = self._element_of_call(node)
            if found:
                return found
        kind = self.of(node)
        given = arguments(kind)
        name = _CONTAINERS.get(base(kind), base(kind)).rpartition(".")[2]
        if name == "str":
            return "str"
        if name in _ITERABLES and given:
            return given[0]
        found = union(one for one in given if one != "...") if name == "tuple" else HOLE
        return HOLE if HOLE in members(found) else found

    def _element_of_call(self, node: ast.Call) -> str:
        """Return what `zip(...)` or `mapping.items()` and their like yield, else nothing."""
        match node.func:
            case ast.Name(id="range"):
                return "int"
            case ast.Name(id="enumerate") if node.args:
                return f"tuple[int, {self.element_of(node.args[0])}]"
            case ast.Name(id="zip"):
                return f"tuple[{', '.join(self.element_of(one) for one in node.args)}]"
            case ast.Attribute(value=owner, attr=("items" | "keys" | "values") as method):
                given = arguments(self.of(owner))
                if len(given) == _OF_A_MAPPING:
                    return {"items": f"tuple[{given[0]}, {given[1]}]", "keys": given[0]}.get(
                        method, given[1]
                    )
                return ""
            case _:
                return ""
