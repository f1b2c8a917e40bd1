"""What the model may write for a type, as a grammar in llama.cpp's form (GBNF).

A reply is a space, the type, and the sign that ends it: so the model also decides where it ends.
"""

import re
from collections.abc import Iterable

from qwen_lsp.features.type_hints.patterns import HOLE

_ONE_ARGUMENT = re.compile(
    r"(?:list|set|frozenset|type|List|Set|FrozenSet|Type|Optional|Iterable|Iterator|Sequence"
    r"|Collection|Awaitable|AsyncIterator|AsyncIterable|MutableSequence|Deque)"
)
_TWO_ARGUMENTS = re.compile(r"(?:dict|Dict|Mapping|MutableMapping|DefaultDict|OrderedDict)")
_MANY_ARGUMENTS = re.compile(r"(?:tuple|Tuple|Union)")
_TYPESCRIPT_PLAIN = re.findall(
    r"\w+", "any bigint boolean never null number object string symbol undefined unknown void"
)
PARAMETER_END = r'("," | ")") [ \n:>-]*'
DEFAULT_END = r'" =" [ \n]*'
RESULT_END = r'":" [ \n]*'
BRACE_END = r'" {" [ \n]*'
ARROW_END = r'" =>" [ \n]*'


def python_grammar(pattern: str, names: Iterable[str], end: str, *, has_unions: bool) -> str:
    """Return the grammar of a type like `pattern` with its holes filled from `names`.

    `names` are plain and dotted names, builtins too. Types nest three deep.
    """
    known = sorted(set(names))
    rules = [f'root ::= " " {_sequence(pattern)} end', f"end ::= {end}"]
    for depth in range(3):
        member, inner = f"m{depth}", f"t{depth + 1}"
        union = f'{member} (" | " {member}){{0,2}}' if has_unions else member
        rules.append(f"t{depth} ::= {union}")
        rules.append(f"{member} ::= name" + "".join(_generics(known, inner, nested=depth < 2)))
    rules += ["t3 ::= name", f"name ::= {_choice([*known, 'None'])}"]
    return "\n".join(rules)


def _generics(names: list[str], inner: str, *, nested: bool) -> Iterable[str]:
    if not nested:
        return
    ones, twos, many = (
        [name for name in names if kind.fullmatch(name.rpartition(".")[2])]
        for kind in (_ONE_ARGUMENT, _TWO_ARGUMENTS, _MANY_ARGUMENTS)
    )
    if ones:
        yield f' | ({_choice(ones)}) "[" {inner} "]"'
    if twos:
        yield f' | ({_choice(twos)}) "[" {inner} ", " {inner} "]"'
    if many:
        yield f' | ({_choice(many)}) "[" {inner} (", " {inner}){{0,3}} (", ...")? "]"'
    for name in names:
        if name.rpartition(".")[2] == "Callable":
            taken = f'"[" ({inner} (", " {inner}){{0,3}})? "]"'
            yield f' | "{name}[" ("..." | {taken}) ", " {inner} "]"'


def typescript_grammar(names: Iterable[str], end: str) -> str:
    """Return the grammar of TypeScript's types over these names and the primitive ones."""
    rules = ['root ::= " " t0 end', f"end ::= {end}"]
    for depth in range(3):
        member, inner = f"m{depth}", f"t{depth + 1}"
        rules.append(f't{depth} ::= {member} (" | " {member}){{0,2}}')
        rules.append(
            f'{member} ::= (name ("<" {inner} (", " {inner})? ">")?) "[]"{{0,2}}'
            f' | "(" (param (", " param){{0,2}})? ") => " {inner}'
            f' | "[" {inner} (", " {inner}){{0,2}} "]"'
            f' | "{{ " prop ("; " prop){{0,3}} ";"? " }}"'
        )
    rules += [
        "t3 ::= name",
        'param ::= word "?"? ": " t2',
        'prop ::= word "?"? ": " t2',
        "word ::= [a-z] [A-Za-z0-9]*",
        f"name ::= {_choice(sorted({*names, *_TYPESCRIPT_PLAIN}))}",
    ]
    return "\n".join(rules)


def _sequence(pattern: str) -> str:
    """Return a pattern as GBNF: its own text, and a type in the place of each hole."""
    parts = [f'"{part}"' if part else "" for part in pattern.split(HOLE)]
    return " t0 ".join(parts).strip() or "t0"


def _choice(words: Iterable[str]) -> str:
    return " | ".join(f'"{word}"' for word in words)
