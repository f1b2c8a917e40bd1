"""A Python file as Python's own parser reads it: who stands where, and what names mean there."""

import ast
import warnings
from collections.abc import Iterator
from functools import cached_property

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Scope = FunctionNode | ast.Lambda | ast.ClassDef | ast.Module
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def read(text: str) -> "PythonCode | None":
    """Return the file, None where Python cannot parse it: then its syntax says nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return PythonCode(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class PythonCode:
    """One parsed file."""

    def __init__(self, module: ast.Module) -> None:
        self.module = module
        self._parents: dict[ast.AST, ast.AST] = {}
        for node in ast.walk(module):
            for child in ast.iter_child_nodes(node):
                self._parents[child] = node
        self._own: dict[Scope, list[ast.AST]] = {}
        self._bound: dict[Scope, dict[str, list[ast.AST]]] = {}
        self._stored: dict[ast.ClassDef, dict[str, list[ast.Assign | ast.AnnAssign]]] = {}

    @cached_property
    def functions(self) -> list[FunctionNode]:
        """Return all functions, nested ones too."""
        return [node for node in ast.walk(self.module) if isinstance(node, FunctionNode)]

    @cached_property
    def _calls(self) -> dict[str, list[ast.Call]]:
        found: dict[str, list[ast.Call]] = {}
        for node in ast.walk(self.module):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
                found.setdefault(name, []).append(node)
        return found

    @cached_property
    def _aliases(self) -> dict[str, set[str]]:
        """Return the other names of names: `b` of `a` for `b = a`."""
        found: dict[str, set[str]] = {}
        for node in ast.walk(self.module):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
                names = [one.id for one in node.targets if isinstance(one, ast.Name)]
                found.setdefault(node.value.id, set()).update(names)
        return found

    def calls_of(self, name: str) -> list[ast.Call]:
        """Return the calls of what is called by a name or an alias of it, behind a dot too."""
        names = {name, *self._aliases.get(name, ())}
        return [call for one in sorted(names) for call in self._calls.get(one, [])]

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        """Return the classes by name, nested ones too."""
        return {node.name: node for node in ast.walk(self.module) if isinstance(node, ast.ClassDef)}

    @cached_property
    def imported(self) -> dict[str, str]:
        """Return the names that are imported, and what they are called where they come from."""
        found: dict[str, str] = {}
        for node in ast.walk(self.module):
            if isinstance(node, ast.Import):
                for name in node.names:
                    short = name.asname or name.name.partition(".")[0]
                    found[short] = name.name if name.asname else short
            elif isinstance(node, ast.ImportFrom):
                for name in node.names:
                    found[name.asname or name.name] = f"{node.module or ''}.{name.name}"
        return found

    def function_at(self, line: int, name: str) -> FunctionNode | None:
        """Return the function whose `def` stands in a line, counted from 1."""
        return next((one for one in self.functions if (one.lineno, one.name) == (line, name)), None)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self._parents.get(node)

    def scope_of(self, node: ast.AST) -> Scope:
        """Return the function, class or module that a node stands in; not itself."""
        found = self._parents.get(node)
        while found is not None and not isinstance(found, _SCOPES):
            found = self._parents.get(found)
        return found or self.module

    def class_of(self, function: FunctionNode | ast.Lambda) -> ast.ClassDef | None:
        """Return the class that a method belongs to, None for other functions."""
        scope = self.scope_of(function)
        return scope if isinstance(scope, ast.ClassDef) else None

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the innermost class around a node."""
        found = self.scope_of(node)
        while not isinstance(found, ast.Module | ast.ClassDef):
            found = self.scope_of(found)
        return found if isinstance(found, ast.ClassDef) else None

    def own_nodes(self, scope: Scope) -> list[ast.AST]:
        """Return the nodes of a scope without the insides of the scopes in it."""
        if scope not in self._own:
            self._own[scope] = list(_own_nodes(scope))
        return self._own[scope]

    def binding_nodes(self, scope: Scope, name: str) -> list[ast.AST]:
        """Return the own nodes of a scope that bind a name, or say that it is another scope's."""
        if scope not in self._bound:
            found = self._bound[scope] = dict[str, list[ast.AST]]()
            for node in self.own_nodes(scope):
                for one in _bound_names(node):
                    found.setdefault(one, []).append(node)
        return self._bound[scope].get(name, [])

    def stored(self, owner: ast.ClassDef, name: str) -> list[ast.Assign | ast.AnnAssign]:
        """Return the statements that set an attribute, in the body of a class and its methods."""
        if owner not in self._stored:
            found = self._stored[owner] = dict[str, list[ast.Assign | ast.AnnAssign]]()
            for node in owner.body:
                inner = self.own_nodes(node) if isinstance(node, FunctionNode) else [node]
                is_method = isinstance(node, FunctionNode)
                for one in inner:
                    if isinstance(one, ast.Assign | ast.AnnAssign):
                        for attribute in _stored_names(one, is_method=is_method):
                            found.setdefault(attribute, []).append(one)
        return self._stored[owner].get(name, [])

    def family(self, owner: ast.ClassDef) -> list[ast.ClassDef]:
        """Return a class and the classes of this file that it inherits from."""
        found: list[ast.ClassDef] = []
        waiting = [owner]
        while waiting:
            one = waiting.pop(0)
            if one not in found:
                found.append(one)
                names = [ast.unparse(base).rpartition(".")[2] for base in one.bases]
                waiting += [self.classes[name] for name in names if name in self.classes]
        return found

    def method(self, owner: ast.ClassDef, name: str) -> FunctionNode | None:
        """Return a method of a class or of those that it inherits from."""
        for one in self.family(owner):
            for node in one.body:
                if isinstance(node, FunctionNode) and node.name == name:
                    return node
        return None

    def dotted(self, node: ast.AST) -> str:
        """Return the full name of what is imported: `os.path.join` for `path.join`."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, "")
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""


def parameters_of(function: FunctionNode | ast.Lambda) -> list[ast.arg]:
    """Return the parameters in their order, without those with stars."""
    given = function.args
    return [*given.posonlyargs, *given.args, *given.kwonlyargs]


def decorators_of(function: FunctionNode) -> set[str]:
    """Return the last names of the decorators."""
    found: set[str] = set()
    for node in function.decorator_list:
        called = node.func if isinstance(node, ast.Call) else node
        found.add(ast.unparse(called).rpartition(".")[2])
    return found


def is_method(code: PythonCode, function: FunctionNode | ast.Lambda) -> bool:
    """Say whether the first parameter of a function is `self` or `cls`."""
    if isinstance(function, ast.Lambda):
        return False
    return code.class_of(function) is not None and "staticmethod" not in decorators_of(function)


def annotation_text(node: ast.expr | None) -> str:
    """Return an annotation as text, without quotes around it; empty for none."""
    if node is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    text = ast.unparse(node)
    return text if '"' in text else text.replace("'", '"')


def _bound_names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign():
            for target in node.targets:
                yield from _names_in(target)
        case ast.AnnAssign() | ast.NamedExpr() | ast.For() | ast.comprehension():
            yield from _names_in(node.target)
        case ast.withitem(optional_vars=ast.Name(id=name)):
            yield name
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.ExceptHandler(name=str(name)):
            yield name
        case ast.Global() | ast.Nonlocal():
            yield from node.names
        case _:
            pass


def _names_in(target: ast.expr) -> list[str]:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [one.id for one in parts if isinstance(one, ast.Name)]


def _stored_names(node: ast.Assign | ast.AnnAssign, *, is_method: bool) -> Iterator[str]:
    """Yield `x` of `self.x = ...` in a method, and of `x = ...` in the body of a class."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if not is_method and isinstance(target, ast.Name):
            yield target.id
        owner = target.value if isinstance(target, ast.Attribute) else None
        if is_method and isinstance(owner, ast.Name) and owner.id in ("self", "cls"):
            yield target.attr if isinstance(target, ast.Attribute) else ""


def _own_nodes(scope: Scope) -> Iterator[ast.AST]:
    body = scope.body if isinstance(scope.body, list) else [scope.body]
    waiting: list[ast.AST] = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting += reversed(list(ast.iter_child_nodes(node)))
