"""Which Python may be run: code that computes, and can reach nothing outside itself.

Everything is forbidden that is not named here: kinds of syntax, attributes, built-in functions,
modules and what is taken from them. There are no classes, no names with leading underscores, and
no `format`, which reads attributes by their names in a text.
"""

import ast
import math
import warnings
from collections import Counter, defaultdict, deque


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUILTINS = _words(
    """abs all any bin bool bytes chr complex dict divmod enumerate filter float frozenset hex int
    isinstance iter len list map max min next oct ord pow range repr reversed round set slice
    sorted str sum tuple zip ArithmeticError AssertionError AttributeError Exception IndexError
    KeyError LookupError OverflowError RecursionError RuntimeError StopIteration TypeError
    ValueError ZeroDivisionError"""
)
MODULES: dict[str, frozenset[str]] = {
    "math": frozenset(name for name in dir(math) if not name.startswith("_")),
    "bisect": _words("bisect bisect_left bisect_right insort"),
    "collections": _words("Counter OrderedDict defaultdict deque"),
    "copy": _words("copy deepcopy"),
    "fractions": _words("Fraction"),
    "functools": _words("cache cmp_to_key lru_cache reduce"),
    "hashlib": _words("md5 sha1 sha256"),
    "heapq": _words("heapify heappop heappush nlargest nsmallest"),
    "itertools": _words(
        """accumulate chain combinations count cycle groupby islice pairwise permutations product
        repeat takewhile zip_longest"""
    ),
    "re": _words("findall finditer fullmatch match search split sub"),
    "statistics": _words("mean median mode"),
    "string": _words("ascii_letters ascii_lowercase ascii_uppercase digits"),
    "typing": _words(
        "Any Callable Dict Iterable Iterator List Mapping Optional Sequence Set Tuple Union"
    ),
}
_TYPES = (str, bytes, list, tuple, dict, set, frozenset, int, float, Counter, defaultdict, deque)
_ATTRIBUTES = frozenset(
    name
    for names in (*map(dir, _TYPES), *MODULES.values(), ("hexdigest", "group", "start", "end"))
    for name in names
    if not name.startswith("_")
) - {"format", "format_map"}
_AT_TOP_LEVEL = (ast.FunctionDef, ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)
_SYNTAX = (
    *(ast.Module, ast.FunctionDef, ast.Lambda, ast.arguments, ast.arg, ast.keyword, ast.Return),
    *(ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Delete, ast.Expr, ast.Pass, ast.NamedExpr),
    *(ast.For, ast.While, ast.If, ast.Break, ast.Continue, ast.Assert, ast.Raise, ast.Try),
    *(ast.ExceptHandler, ast.Nonlocal, ast.IfExp, ast.Call, ast.Constant, ast.Name, ast.Starred),
    *(ast.BinOp, ast.BoolOp, ast.UnaryOp, ast.Compare, ast.operator, ast.boolop, ast.unaryop),
    *(ast.cmpop, ast.expr_context, ast.Attribute, ast.Subscript, ast.Slice, ast.Dict, ast.List),
    *(ast.Tuple, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
    *(ast.comprehension, ast.JoinedStr, ast.FormattedValue, ast.Yield, ast.YieldFrom, ast.alias),
)


def permitted_surroundings(text: str, function: str) -> str:
    """Return what may be run of a file besides `function`.

    That are its other functions, constants and imports at the top level, each if it is permitted.
    """
    kept = [
        statement
        for statement in _statements(text)
        if isinstance(statement, _AT_TOP_LEVEL)
        and getattr(statement, "name", "") != function
        and all(map(_is_permitted_node, ast.walk(statement)))
    ]
    return "\n".join(map(ast.unparse, kept))


def is_permitted_function(code: str) -> bool:
    """Say whether `code` is one function that may be run."""
    statements = _statements(code)
    is_one = len(statements) == 1 and isinstance(statements[0], ast.FunctionDef)
    return is_one and all(map(_is_permitted_node, ast.walk(statements[0])))


def _statements(text: str) -> list[ast.stmt]:
    """Return the statements of a text, none where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _is_permitted_node(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            return all(one.name in MODULES for one in names)
        case ast.ImportFrom(module=module, names=names, level=0):
            return all(one.name in MODULES.get(str(module), ()) for one in names)
        case ast.Attribute(attr=name):
            return name in _ATTRIBUTES
        case (
            ast.Name(id=name)
            | ast.arg(arg=name)
            | ast.FunctionDef(name=name)
            | ast.alias(asname=str(name))
        ):
            return not name.startswith("__")
        case _:
            return isinstance(node, _SYNTAX)
