"""A name and a sentence for a new function, from the model where it is good, else made up.

The name has to be a word of the language that the file does not have yet; the sentence has to fit
on one line.
"""

import builtins
import keyword
import re
from collections.abc import Mapping

from qwen_lsp.engine.requests import Priority
from qwen_lsp.features.model import LocalModel
from qwen_lsp.languages import Language

_NAME_TOKENS = 16
_TRIES = 2
_LONGEST_NAME = 40
_LONGEST_SENTENCE = 72
_FALLBACK = "extracted"
_LIST_MARK = re.compile(r"^(?:\d+[.)]|[-*])\s*")
_WORD = re.compile(r"\s*([^\W\d][\w$]*)")
_JAVASCRIPT_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        abstract any arguments as async await boolean break case catch class const constructor
        continue debugger declare default delete do else enum eval export extends false finally for
        from function get if implements import in instanceof interface let module namespace never
        new null number object of package private protected public return set static string super
        switch symbol this throw true try type typeof undefined unknown var void while with yield
        """,
    )
)


async def ask_for_name(
    model: LocalModel,
    variables: Mapping[str, str],
    opening: str,
    language: Language,
    used: set[str],
) -> str:
    """Return a name that is not among the `used` ones; raises EngineError."""
    reason = ""
    for _ in range(_TRIES):
        reply = await model.ask(
            "actions/extract_function",
            {**variables, "opening": opening, "refused": reason},
            Priority.ACTION,
            max_tokens=_NAME_TOKENS,
            enough=lambda text: re.search(r"\w[^\w$]", text) is not None,
        )
        match = _WORD.match(reply.text)
        name = _in_style(match[1], language) if match is not None else ""
        reason = _objection(name, language, used)
        if not reason:
            return name
    number = 2
    name = _FALLBACK
    while name in used:
        name, number = f"{_FALLBACK}_{number}", number + 1
    return _in_style(name, language)


def _objection(name: str, language: Language, used: set[str]) -> str:
    if not name:
        return "there was no name"
    if name in used:
        return f"{name} is taken"
    reserved = _is_python_word(name) if language.id == "python" else name in _JAVASCRIPT_WORDS
    if reserved or len(name) > _LONGEST_NAME:
        return f"{name} is no name for a function"
    return ""


def _is_python_word(name: str) -> bool:
    return (
        keyword.iskeyword(name)
        or keyword.issoftkeyword(name)
        or hasattr(builtins, name)
        or not name.isidentifier()
    )


def _in_style(name: str, language: Language) -> str:
    """Return `name` with underscores in Python and with capitals elsewhere."""
    if language.id == "python":
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    start = len(name) - len(name.lstrip("_"))
    first, *rest = name[start:].split("_")
    return name[:start] + first[:1].lower() + first[1:] + "".join(one.capitalize() for one in rest)


async def ask_for_sentence(
    model: LocalModel, variables: Mapping[str, str], opening: str, name: str
) -> str:
    """Return one line that says what a function does; raises EngineError."""
    reply = await model.ask(
        "actions/extract_function",
        {**variables, "opening": opening, "refused": ""},
        Priority.ACTION,
        enough=lambda text: re.search(r"\S[^\n]*\n|\"\"\"", text) is not None,
    )
    first = reply.lines.strip().partition("\n")[0].partition('"""')[0]
    first = _LIST_MARK.sub("", first)
    sentence = re.match(r".*?[.!?](?=\s|$)|.*", first.replace("\\", "").replace("*/", "").strip())
    text = sentence[0].strip() if sentence is not None else ""
    if not re.search(r"\w.*\s\w", text) or len(text) > _LONGEST_SENTENCE:
        text = " ".join(re.findall(r"[A-Z]?[^\W_A-Z]+|[A-Z]+", name)).capitalize()
    return text if text.endswith((".", "!", "?")) else f"{text}."
