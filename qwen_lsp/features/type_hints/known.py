"""What functions of Python and its library return, as far as a small table goes."""

import re

_words = re.compile(r"[\w.]+").findall

BUILTINS = {
    "all": "bool",
    "any": "bool",
    "ascii": "str",
    "bin": "str",
    "bool": "bool",
    "bytearray": "bytearray",
    "bytes": "bytes",
    "callable": "bool",
    "chr": "str",
    "complex": "complex",
    "dict": "dict[?, ?]",
    "dir": "list[str]",
    "float": "float",
    "format": "str",
    "frozenset": "frozenset[?]",
    "hasattr": "bool",
    "hash": "int",
    "hex": "str",
    "id": "int",
    "input": "str",
    "int": "int",
    "isinstance": "bool",
    "issubclass": "bool",
    "len": "int",
    "list": "list[?]",
    "oct": "str",
    "ord": "int",
    "print": "None",
    "range": "range",
    "repr": "str",
    "set": "set[?]",
    "sorted": "list[?]",
    "str": "str",
    "tuple": "tuple[?, ...]",
    "vars": "dict[str, Any]",
}

STR_METHODS = {
    **dict.fromkeys(
        _words("""
    capitalize casefold center expandtabs format format_map join ljust lower lstrip removeprefix
    removesuffix replace rjust rstrip strip swapcase title translate upper zfill
    """),
        "str",
    ),
    **dict.fromkeys(
        _words("""
    endswith isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable
    isspace istitle isupper startswith
    """),
        "bool",
    ),
    **dict.fromkeys(["count", "find", "index", "rfind", "rindex"], "int"),
    **dict.fromkeys(["rsplit", "split", "splitlines"], "list[str]"),
    **dict.fromkeys(["partition", "rpartition"], "tuple[str, str, str]"),
    "encode": "bytes",
}
# Methods of other types and their results; `T`, `K` and `V` are the arguments of the type.
METHODS = {
    "bytes": {"decode": "str", "hex": "str", "startswith": "bool", "strip": "bytes"},
    "dict": {"copy": "dict[K, V]", "get": "V | None", "pop": "V"},
    "list": {"copy": "list[T]", "count": "int", "index": "int", "pop": "T"},
    "set": {"copy": "set[T]", "pop": "T", "union": "set[T]"},
    "str": STR_METHODS,
}
# Methods that only one common type has, whatever they are called on.
TELLING_METHODS = {
    "decode": "bytes",
    **dict.fromkeys(
        _words("""
    capitalize casefold encode endswith isalpha isdecimal isdigit isnumeric isspace isupper lower
    lstrip partition removeprefix removesuffix rpartition rsplit rstrip split splitlines startswith
    strip title upper zfill
    """),
        "str",
    ),
}
# Methods whose result is the same on whatever they are called.
TELLING_RESULTS = {
    "as_posix": "str",
    "decode": "str",
    "encode": "bytes",
    "endswith": "bool",
    "format": "str",
    "hexdigest": "str",
    "isoformat": "str",
    "join": "str",
    "lower": "str",
    "rsplit": "list[str]",
    "split": "list[str]",
    "splitlines": "list[str]",
    "startswith": "bool",
    "upper": "str",
}
FUNCTIONS = {
    **dict.fromkeys(
        _words("""
    os.path.abspath os.path.basename os.path.dirname os.path.expanduser os.path.join
    os.path.normpath os.path.realpath os.path.relpath
    """),
        "str",
    ),
    **dict.fromkeys(_words("os.path.exists os.path.isdir os.path.isfile"), "bool"),
    **dict.fromkeys(_words("time.monotonic time.perf_counter time.time math.sqrt"), "float"),
    "asyncio.sleep": "None",
    "json.dumps": "str",
    "os.getcwd": "str",
    "os.listdir": "list[str]",
    "random.randint": "int",
    "random.random": "float",
    "re.compile": "re.Pattern[str]",
    "re.sub": "str",
    "textwrap.dedent": "str",
    "urllib.parse.quote": "str",
    "urllib.parse.unquote": "str",
    "urllib.parse.urlencode": "str",
    "urllib.parse.urljoin": "str",
}
# What the names of special methods promise.
SPECIAL_RESULTS = {
    **dict.fromkeys(
        _words("""
    __delattr__ __delitem__ __init__ __init_subclass__ __post_init__ __set__ __set_name__
    __setattr__ __setitem__
    """),
        "None",
    ),
    **dict.fromkeys(_words("__format__ __repr__ __str__ __fspath__"), "str"),
    **dict.fromkeys(_words("__hash__ __index__ __int__ __len__ __length_hint__"), "int"),
    **dict.fromkeys(
        _words("__bool__ __contains__ __eq__ __ge__ __gt__ __le__ __lt__ __ne__"), "bool"
    ),
    "__bytes__": "bytes",
    "__complex__": "complex",
    "__float__": "float",
}
SPECIAL_PARAMETERS = {
    "__contains__": ("object",),
    "__eq__": ("object",),
    "__format__": ("str",),
    "__getattr__": ("str",),
    "__ne__": ("object",),
    "__set_name__": ("type", "str"),
    "__setattr__": ("str", "Any"),
    "__delattr__": ("str",),
}
