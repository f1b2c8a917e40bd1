"""The style of documentation: how a file writes its sections, and which parameters a text names."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from textwrap import dedent

from qwen_lsp.context.function import dedented
from qwen_lsp.context.secrets import holds_secret
from qwen_lsp.features.actions.base import Target

# How a style is told to the model.
STYLES = {
    "google": 'Google style: sections "Args:", "Returns:" and "Raises:", and below them indented '
    'lines such as "name: What it is."',
    "numpy": 'NumPy style: sections "Parameters", "Returns" and "Raises", each underlined with '
    'dashes, and below them "name : type" with an indented line of text',
    "rest": 'reST style: lines such as ":param name: What it is.", ":returns: What comes back." '
    'and ":raises Error: When."',
}
_GOOGLE = re.compile(r"^ *(?:Args|Arguments|Returns|Raises|Yields): *$", re.MULTILINE)
_NUMPY = re.compile(r"^ *(?:Parameters|Returns|Raises|Yields) *\n *-{3,} *$", re.MULTILINE)
_REST = re.compile(r"^ *:(?:param|returns?|raises?|rtype|type)\b[^:]*:", re.MULTILINE)
# A section of parameters with its lines.
_GOOGLE_SECTION = re.compile(
    r"^( *)(?:Args|Arguments): *\n((?:\1 +\S.*(?:\n|$)|\s*\n)*)", re.MULTILINE
)
_NUMPY_SECTION = re.compile(
    r"^( *)(?:Other )?Parameters *\n\1-{3,} *\n((?:(?!.*\n *-{3}).*(?:\n|$))*)", re.MULTILINE
)
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(\w+)(?: \([^)]*\))?:", re.MULTILINE)
_NUMPY_ENTRY = re.compile(r"^\*{0,2}(\w+)(?:\s*:.*)?$", re.MULTILINE)
_REST_ENTRY = re.compile(r"^ *:param (?:[^:]* )?\*{0,2}(\w+):", re.MULTILINE)
# JSDoc, Javadoc and PHPDoc.
_TAG = re.compile(r"^ *@param +(?:\{[^}]*\} *)?(?:\S+ +(?=\$))?[\[$]?(\w+)", re.MULTILINE)
_MOST_EXAMPLE_LINES = 20


def docstring_style(target: Target) -> tuple[str, str]:
    """Return the style of a Python file's docstrings and one of them as an example.

    Where the file shows none, the convention that ruff is told for the folder counts. Both are
    empty where nothing says it.
    """
    if target.language.id != "python":
        return "", ""
    found: list[tuple[str, str]] = []
    for one in target.tree.functions():
        if one.docstring_span is not None:
            text = dedented(target.document, one.docstring_span, one.indent + "    ")
            found.append((style_of(text), text))
    styles = Counter(style for style, _ in found if style)
    if not styles:
        convention = _convention(target.site.folder)
        return (convention if convention in STYLES else ""), ""
    style = styles.most_common(1)[0][0]
    examples = (
        text
        for each, text in found
        if each == style and text.count("\n") < _MOST_EXAMPLE_LINES and not holds_secret(text)
    )
    return style, next(examples, "")


def style_of(text: str) -> str:
    """Return the style of a docstring's sections, empty where it has none."""
    forms = {"google": _GOOGLE, "numpy": _NUMPY, "rest": _REST}
    return next((style for style, form in forms.items() if form.search(text)), "")


def documented_parameters(text: str) -> list[str]:
    """Return the names of the parameters that a documentation text has entries for."""
    names = _REST_ENTRY.findall(text) + _TAG.findall(text)
    for section, entry in ((_GOOGLE_SECTION, _GOOGLE_ENTRY), (_NUMPY_SECTION, _NUMPY_ENTRY)):
        for match in section.finditer(text):
            names += entry.findall(dedent(match[2]))
    return names


def _convention(folder: Path | None) -> str:
    """Return `[tool.ruff.lint.pydocstyle] convention` of a folder, empty where it has none."""
    if folder is None:
        return ""
    try:
        table = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        convention = table["tool"]["ruff"]["lint"]["pydocstyle"]["convention"]
    except (OSError, ValueError, LookupError, TypeError):
        return ""
    return str(convention)
