"""Types as texts with holes: joining, splitting, and looking into them."""

from collections.abc import Iterable, Sequence

HOLE = "?"
_MOST_MEMBERS = 3
_OPENING, _CLOSING = "([{", ")]}"


def members(pattern: str) -> list[str]:
    """Return the members of a union, the type itself where it is none."""
    return _split(pattern, "|")


def arguments(pattern: str) -> list[str]:
    """Return what stands in the brackets of `list[int]`, empty where there are none, or a union."""
    if not pattern.endswith("]") or len(members(pattern)) > 1:
        return []
    return _split(pattern.partition("[")[2][:-1], ",")


def base(pattern: str) -> str:
    """Return a type without its brackets."""
    return pattern.partition("[")[0]


def union(patterns: Iterable[str]) -> str:
    """Return the type of a value that has one of these types; None stands last.

    `list[?]` and `list[int]` become `list[int]`. A union of many types says little: it is a hole.
    """
    found: list[str] = []
    for member in (member for pattern in patterns for member in members(pattern)):
        _add(found, member)
    found.sort(key=lambda member: (member == "None", member == HOLE))
    named = [member for member in found if member not in ("None", HOLE)]
    if not found or len(named) > _MOST_MEMBERS:
        return HOLE
    return " | ".join(found)


def optional(pattern: str) -> str:
    """Return the type of the same values and None."""
    return union((pattern, "None")) if base(pattern) not in ("Any", "object") else pattern


def is_whole(pattern: str) -> bool:
    """Say whether nothing of a type is left open."""
    return HOLE not in pattern


def _add(found: list[str], member: str) -> None:
    for index, other in enumerate(found):
        if other == member or _fills(other, member):
            return
        if _fills(member, other):
            found[index] = member
            return
    found.append(member)


def _fills(whole: str, holed: str) -> bool:
    """Say whether `whole` is `holed` with its arguments known."""
    if HOLE not in holed or holed == HOLE or base(whole) != base(holed):
        return False
    pairs: Sequence[tuple[str, str]] = list(zip(arguments(whole), arguments(holed), strict=False))
    same_count = len(arguments(whole)) == len(arguments(holed))
    return same_count and all(other in (one, HOLE) for one, other in pairs)


def _split(text: str, separator: str) -> list[str]:
    parts, depth, start = list[str](), 0, 0
    for index, letter in enumerate(text):
        if letter in _OPENING:
            depth += 1
        elif letter in _CLOSING:
            depth -= 1
        elif letter == separator and not depth:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]
