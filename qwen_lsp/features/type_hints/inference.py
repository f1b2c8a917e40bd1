"""What the syntax of a Python file says of its missing annotations."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from qwen_lsp.features.type_hints import docstrings, parameters, results
from qwen_lsp.features.type_hints.code import (
    FunctionNode,
    PythonCode,
    annotation_text,
    parameters_of,
)
from qwen_lsp.features.type_hints.patterns import HOLE, base, is_whole, members, optional, union
from qwen_lsp.features.type_hints.values import Values


@dataclass(frozen=True)
class Evidence:
    """One thing that the syntax says of a slot: what type, and where that was seen."""

    pattern: str
    source: str


class Inference:
    """Says what is known of parameters and results, and remembers it."""

    def __init__(self, code: PythonCode) -> None:
        self.code = code
        self.values = Values(code, self)
        self._known: dict[tuple[ast.AST, str], str] = {}
        self._at_work: set[tuple[ast.AST, str]] = set()

    def parameter(self, function: FunctionNode | ast.Lambda, name: str) -> str:
        """Return the type of a parameter, `?` where nothing is known."""
        for one in parameters_of(function):
            if one.arg == name and one.annotation is not None:
                return annotation_text(one.annotation)
        return self._once(function, name, lambda: self._parameter(function, name))

    def result(self, function: FunctionNode) -> str:
        """Return the type of the result, `?` where nothing is known."""
        if function.returns is not None:
            return annotation_text(function.returns)
        return self._once(function, "", lambda: self._result(function))

    def _once(self, function: ast.AST, name: str, find: Callable[[], str]) -> str:
        key = (function, name)
        if key in self._known:
            return self._known[key]
        if key in self._at_work:
            return HOLE
        if not self._at_work:
            self.values.begin()
        self._at_work.add(key)
        try:
            found = find()
        finally:
            self._at_work.discard(key)
        if not self._at_work:  # What was found on the way to something else may be half of it.
            self._known[key] = found
        return found

    def _parameter(self, function: FunctionNode | ast.Lambda, name: str) -> str:
        return best(self.parameter_evidence(function, name))

    def _result(self, function: FunctionNode) -> str:
        return best(self.result_evidence(function))

    def parameter_evidence(self, function: FunctionNode | ast.Lambda, name: str) -> list[Evidence]:
        """Return what is known of a parameter, the surest first."""
        code, values = self.code, self.values
        if name not in [one.arg for one in parameters_of(function)]:
            starred = parameters.from_starred(code, function, name)
            return [Evidence(starred, "same name")] if starred != HOLE else []
        doc = ast.get_docstring(function) if isinstance(function, FunctionNode) else None
        described = docstrings.parameter_type(doc or "", name)
        tried = {
            "special": parameters.from_special_name(code, function, name),
            "docstring": described if is_type(described, code) else HOLE,
            "stored": parameters.from_storing(code, function, name),
            "passed on": parameters.from_passing_on(code, values, function, name),
            "same name": parameters.from_same_name(code, function, name),
            "default": parameters.from_default(values, function, name),
            "calls": parameters.from_calls(code, values, function, name),
            "checks": parameters.from_checks(code, function, name),
            "use": parameters.from_use(code, values, function, name),
        }
        default = parameters.default_of(function, name)
        is_none = isinstance(default, ast.Constant) and default.value is None
        return [
            Evidence(optional(pattern) if is_none else pattern, source)
            for source, pattern in tried.items()
            if pattern != HOLE
        ]

    def result_evidence(self, function: FunctionNode) -> list[Evidence]:
        """Return what is known of a result, the surest first."""
        described = docstrings.result_type(ast.get_docstring(function) or "")
        returned = results.result_of(self.code, self.values, function)
        tried = {
            "nothing returned": returned if returned == "None" else HOLE,
            "same name": self._same_name(function),
            "returns": returned,
            "docstring": described if is_type(described, self.code) else HOLE,
        }
        return [Evidence(pattern, source) for source, pattern in tried.items() if pattern != HOLE]

    def _same_name(self, function: FunctionNode) -> str:
        found = {
            annotation_text(other.returns)
            for other in self.code.functions
            if other.name == function.name and other.returns is not None
        }
        return found.pop() if len(found) == 1 else HOLE


def best(evidence: list[Evidence]) -> str:
    """Return the surest type that is whole, else the surest one with holes, else `?`.

    What `isinstance` looks for is only a part of what may come, so it never decides. Where one
    value is known and another one is not, they are taken to be alike.
    """
    found = [
        Evidence(_without_unknown(one.pattern), one.source)
        for one in evidence
        if one.source != "checks"
    ]
    whole = [one for one in found if is_whole(one.pattern)]
    if not whole:
        return found[0].pattern if found else HOLE
    chosen = whole[0].pattern
    passed = next((one.pattern for one in whole if one.source == "calls"), chosen)
    return passed if passed == optional(chosen) else chosen


def _without_unknown(pattern: str) -> str:
    named = [one for one in members(pattern) if one != HOLE]
    return union(named) if any(one != "None" for one in named) else pattern


def is_type(text: str, code: PythonCode) -> bool:
    """Say whether a text of a docstring is a type whose names this file has."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = {"bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple"}
    known |= {"Any", "Callable", "Iterable", "Iterator", "Mapping", "None", "Optional", "Sequence"}
    return (
        bool(text) and names <= known | set(code.classes) | set(code.imported) and bool(base(text))
    )
