"""The languages the program knows, and reading their syntax.

A new language is one file with one value, and one line in `LANGUAGES`.
"""

from pathlib import PurePosixPath

from qwen_lsp.languages.base import Language
from qwen_lsp.languages.bash import BASH
from qwen_lsp.languages.c import C
from qwen_lsp.languages.cpp import CPP
from qwen_lsp.languages.csharp import CSHARP
from qwen_lsp.languages.extraction import Extraction
from qwen_lsp.languages.go import GO
from qwen_lsp.languages.inlining import Inlining
from qwen_lsp.languages.java import JAVA
from qwen_lsp.languages.javascript import JAVASCRIPT
from qwen_lsp.languages.lua import LUA
from qwen_lsp.languages.outline import Container, Function
from qwen_lsp.languages.php import PHP
from qwen_lsp.languages.python import PYTHON
from qwen_lsp.languages.region import LONG_TEXT, head, region_at
from qwen_lsp.languages.ruby import RUBY
from qwen_lsp.languages.rust import RUST
from qwen_lsp.languages.syntax import SyntaxTree, parse
from qwen_lsp.languages.typescript import TSX, TYPESCRIPT
from qwen_lsp.languages.variables import CannotMoveError

__all__ = [
    "LANGUAGES",
    "LONG_TEXT",
    "CannotMoveError",
    "Container",
    "Extraction",
    "Function",
    "Inlining",
    "Language",
    "SyntaxTree",
    "head",
    "language_for_id",
    "language_for_path",
    "parse",
    "region_at",
]

LANGUAGES: tuple[Language, ...] = (
    PYTHON,
    JAVASCRIPT,
    TYPESCRIPT,
    TSX,
    GO,
    RUST,
    JAVA,
    C,
    CPP,
    CSHARP,
    RUBY,
    PHP,
    BASH,
    LUA,
)

_BY_ID = {lsp_id: language for language in LANGUAGES for lsp_id in language.lsp_ids}
_BY_EXTENSION = {extension: language for language in LANGUAGES for extension in language.extensions}


def language_for_id(language_id: str) -> Language | None:
    """Return the language the editor calls `language_id`, None where we do not know it."""
    return _BY_ID.get(language_id)


def language_for_path(path: str) -> Language | None:
    """Return the language of a file by the extension of its path, None where we do not know it."""
    name = path.replace("\\", "/")
    return _BY_EXTENSION.get(PurePosixPath(name).suffix.lower())
